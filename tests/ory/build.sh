#!/usr/bin/env bash
# Builds Ory Kratos v1.3.1 and Ory Hydra v2.3.0, with SQLite, from the Go module proxy:
#
#   tests/ory/build.sh DIR [PROGRAM…]    leaves DIR/kratos and DIR/hydra, or those named; what is there already is kept
#
# Needs Go 1.23 or newer and a C compiler. `programs/*/go.sum` pins every module by its checksum. `go install` cannot build
# them, because their own modules replace others; a main module that repeats the replacements can.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: build.sh DIR [PROGRAM…]}
shift
wanted=" ${*:-kratos hydra} "
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

for needed in go cc; do
    command -v "$needed" >/dev/null || { echo "build.sh: there is no $needed here" >&2; exit 2; }
done

# Without -g the C of SQLite compiles faster; without symbols the programs are half as large.
export CGO_ENABLED=1 CGO_CFLAGS="-O1 -g0" GOFLAGS="-mod=readonly -trimpath -buildvcs=false"

build() { # program, version, the variable in which it keeps its version
    case $wanted in *" $1 "*) ;; *) return ;; esac
    if [ -x "$dir/$1" ] && [ "$(cat "$dir/$1.version" 2>/dev/null)" = "$2" ]; then return; fi
    (cd "$here/programs/$1" &&
        go build -tags sqlite,json1,sqlite_omit_load_extension -ldflags "-s -w -X $3=$2" -o "$dir/$1.new" .)
    mv "$dir/$1.new" "$dir/$1"
    echo "$2" >"$dir/$1.version"
}
build kratos v1.3.1 github.com/ory/kratos/driver/config.Version
build hydra v2.3.0 github.com/ory/hydra/v2/driver/config.Version
