#!/usr/bin/env bash
# Shards under a real engine: a Slurm array on this machine, three tasks with `--shard auto` into one sandbox, merged and
# checked. It needs root and Debian's packages (slurmctld, slurmd, slurm-client, munge), which it installs if they are not
# there. It is run by hand:
#
#     cargo build && sudo tests/slurm_array.sh
#
# Everything it starts it ends, by process id; what it writes lies in one directory, which is removed.
set -euo pipefail

SHARDS=3
USERS=9500
HERE=$(cd "$(dirname "$0")/.." && pwd)
AVNOLOGY=${AVNOLOGY:-$HERE/target/debug/avnology}
# Not below a directory that only root may enter: the daemons have users of their own.
WORK=$(mktemp -d /tmp/avnology-slurm.XXXXXX)
chmod 755 "$WORK"
STARTED=()

finish() {
    status=$?
    for ((i = ${#STARTED[@]} - 1; i >= 0; i--)); do
        kill "${STARTED[i]}" 2>/dev/null || true
        wait "${STARTED[i]}" 2>/dev/null || true
    done
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$WORK"/*.log "$WORK"/task-*.out 2>/dev/null || true
    fi
    rm -rf "$WORK"
    exit "$status"
}
trap finish EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Waits until a command succeeds.
until_it_works() {
    for _ in $(seq 150); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.2
    done
    fail "waited in vain for: $*"
}

install_slurm() {
    if command -v slurmctld slurmd sbatch munged >/dev/null; then return; fi
    # The daemons are started here, and not by the packages.
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -q -y --no-install-recommends slurmctld slurmd slurm-client munge
}

start_munge() {
    install -d -o munge -g munge -m 755 "$WORK/munge"
    install -o munge -g munge -m 400 /dev/null "$WORK/munge/key"
    head -c 1024 /dev/urandom >"$WORK/munge/key"
    setpriv --reuid=munge --regid=munge --clear-groups munged --foreground --key-file="$WORK/munge/key" \
        --socket="$WORK/munge/socket" --pid-file="$WORK/munge/pid" --seed-file="$WORK/munge/seed" \
        >"$WORK/munged.log" 2>&1 &
    STARTED+=($!)
    until_it_works munge --no-input --socket="$WORK/munge/socket"
}

start_slurm() {
    mkdir -p "$WORK/state" "$WORK/spool"
    # One node, this machine, on ports of its own; no accounting, no control groups.
    cat >"$WORK/slurm.conf" <<CONF
ClusterName=avnology
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$WORK/munge/socket
CryptoType=crypto/munge
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
StateSaveLocation=$WORK/state
SlurmdSpoolDir=$WORK/spool
SlurmctldPidFile=$WORK/slurmctld.pid
SlurmdPidFile=$WORK/slurmd.pid
SlurmctldLogFile=$WORK/slurmctld.log
SlurmdLogFile=$WORK/slurmd.log
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
CONF
    # Without it slurmd looks for control groups.
    echo "IgnoreSystemd=yes" >"$WORK/cgroup.conf"
    export SLURM_CONF=$WORK/slurm.conf
    slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
    STARTED+=($!)
    until_it_works scontrol ping
    slurmd -D -f "$SLURM_CONF" >/dev/null 2>&1 &
    STARTED+=($!)
    until_it_works sh -c 'sinfo --noheader --format %T | grep -qx idle'
}

start_sandbox() {
    (cd "$WORK" && exec "$AVNOLOGY" sandbox --listen 127.0.0.1:0 --db "$WORK/sandbox.db" --rate off) \
        >"$WORK/sandbox.env" 2>/dev/null &
    STARTED+=($!)
    until_it_works grep -q AVNOLOGY_SECRET_KEY "$WORK/sandbox.env"
}

# Users of which every hundredth has no address, and two have the address of a user of another shard.
make_export() {
    seq "$USERS" | awk '{
        address = $1 == 4321 || $1 == 8765 ? 7 : $1
        if ($1 % 100 == 0) printf "{\"id\":\"user_%d\"}\n", $1
        else printf "{\"id\":\"user_%d\",\"email_addresses\":[{\"email_address\":\"user%d@example.com\",\"verified\":true}]}\n", $1, address
    }' >"$WORK/users.ndjson"
}

[ "$(id -u)" -eq 0 ] || fail "it needs root, for the daemons"
[ -x "$AVNOLOGY" ] || fail "there is no $AVNOLOGY: cargo build"
install_slurm
start_munge
start_slurm
start_sandbox
make_export

cat >"$WORK/import.sbatch" <<'BATCH'
#!/bin/sh
exec "$AVNOLOGY" migrate clerk --import users.ndjson --shard auto --progress none
BATCH
# Tasks end with code 3, for there are rejects, which Slurm calls a failure.
job=$(cd "$WORK" && env -u AVNOLOGY_RUNS_DIR HOME="$WORK" AVNOLOGY="$AVNOLOGY" AVNOLOGY_SHARDS=$SHARDS \
    $(cat sandbox.env) sbatch --parsable --array=0-$((SHARDS - 1)) --output="$WORK/task-%a.out" import.sbatch)
until_it_works sh -c "! squeue --noheader --job $job 2>/dev/null | grep -q ."

cd "$WORK"
status=0
"$AVNOLOGY" migrate clerk runs merge --output json >merged.json 2>merged.txt || status=$?
cat merged.txt
[ "$status" -eq 3 ] || fail "the merge ended with $status"
for expected in '"read":9500' '"created":9403' '"rejected":97' '"unfinished":0'; do
    grep -qF "$expected" merged.json || fail "no $expected in $(cat merged.json)"
done
[ "$(cat .avnology/runs/*-merged/rejects.ndjson | wc -l)" -eq 97 ] || fail "not 97 rejects"
echo "OK: $SHARDS tasks of job $job are one import"
