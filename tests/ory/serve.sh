#!/usr/bin/env bash
# Serves a Kratos to try with, on 127.0.0.1 only. It returns when Kratos answers; `kill $(cat DIR/pid)` ends it:
#
#   tests/ory/serve.sh PROGRAMS SCHEMA DIR    PROGRAMS as build.sh left it; the database is in DIR, and is gone on with
#
# Its admin address is http://127.0.0.1:4434 (ADMIN=…), its public one http://127.0.0.1:4433 (PUBLIC=…).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$(cd "${1:?usage: serve.sh PROGRAMS SCHEMA DIR}" && pwd)
schema=${2:?usage: serve.sh PROGRAMS SCHEMA DIR}
mkdir -p "${3:?usage: serve.sh PROGRAMS SCHEMA DIR}"
dir=$(cd "$3" && pwd)
export SQA_OPT_OUT=true # no telemetry
cp "$schema" "$dir/schema.json"
sed -e "s|@DSN@|sqlite://$dir/kratos.sqlite?_fk=true\&mode=rwc|" -e "s|@DIRECTORY@|$dir|g" \
    -e "s|@ADMIN@|${ADMIN:-4434}|g" -e "s|@PUBLIC@|${PUBLIC:-4433}|g" "$here/kratos.yml" >"$dir/kratos.yml"
DSN="sqlite://$dir/kratos.sqlite?_fk=true&mode=rwc" "$programs/kratos" migrate sql -c "$dir/kratos.yml" -e --yes \
    >"$dir/migrate.log" 2>&1
"$programs/kratos" serve -c "$dir/kratos.yml" --sqa-opt-out >"$dir/kratos.log" 2>&1 &
echo $! >"$dir/pid"
until curl -sf --noproxy '*' -o /dev/null "http://127.0.0.1:${ADMIN:-4434}/admin/health/ready"; do
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || { echo "serve.sh: Kratos ended; see $dir/kratos.log" >&2; exit 1; }
    sleep 0.2
done
echo "Kratos answers at http://127.0.0.1:${ADMIN:-4434}. To end it: kill $(cat "$dir/pid")"
