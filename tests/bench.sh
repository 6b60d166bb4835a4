#!/usr/bin/env bash
# The benchmark: what the product costs, beside what it is made of (bare calls to the engine) and beside docker-compose 1.29,
# in turn on one machine, with the budgets that the design sets. Sets up what is missing, starts an engine of its own,
# prints a table in Markdown, cleans up.
#
#   tests/bench.sh [OPTION…] [PART…]
#
#   PART            install noop pass drift idle upgrade undo planning; all of them when none is named
#   --quick         fewer rounds, and idle for 20 s: to see that it works, not for figures to keep
#   --idle S        how long the daemon is watched while it has nothing to do (default 300)
#   --binary FILE   a native binary that is published already
#
# Takes about twenty minutes on two cores; a machine that does something else meanwhile gives other figures, so the load is printed.
# The exit code is 1 when a budget is missed.
set -euo pipefail

tests=$(dirname "$(readlink -f "$0")")
root=$(dirname "$tests")
rig=$tests/rig
# shellcheck source=rig/lib.sh
. "$rig/lib.sh"
# shellcheck source=bench/lib.sh
. "$tests/bench/lib.sh"

all=(install noop pass drift idle upgrade undo planning)
rounds=10 installs=3 idle=300 binary='' parts=()
scratch='' child=''

main() {
    read_options "$@"
    trap clean_up EXIT
    trap 'clean_up; exit 130' INT TERM HUP
    scratch=$(mktemp -d /tmp/homeiq-bench.XXXXXX)
    samples=$scratch/samples
    export HOME=${HOME:-/root} DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
    "$rig/install.sh"
    if [ -z "$binary" ]; then publish; fi
    if wants planning; then build_planning; fi
    local before
    before=$(load)

    "$rig/engine.sh" start "$scratch/engine" >/dev/null
    "$rig/images.sh" "$scratch/engine/docker.sock" 2>/dev/null
    say "machine: $(machine); load $before"
    beside "$rig/in-engine.sh" "$scratch/engine" "$tests/bench/measure.sh" "$scratch" "$binary" "$rounds" "$installs" "$idle" "${parts[@]}"
    if wants planning; then planning; fi

    echo "$(machine). Load $before before, $(load) after. Median (least…most, rounds); in turn with what it is compared with."
    echo
    echo "| what | homeiq | beside | budget | |"
    echo "|---|---|---|---|---|"
    cat "$scratch/table"
    ! grep -q '\*\*miss\*\*' "$scratch/table"
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --quick) rounds=3 installs=1 idle=20 ;;
            --idle) idle=${2:?--idle needs seconds}; shift ;;
            --binary) binary=$(realpath -e -- "${2:?--binary needs a file}"); shift ;;
            -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
            *)
                [[ " ${all[*]} " == *" $1 "* ]] || die "unknown part or option $1; --help lists them"
                parts+=("$1")
                ;;
        esac
        shift
    done
    [ ${#parts[@]} -gt 0 ] || parts=("${all[@]}")
}

wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

# What was started ends with it, whatever ends it.
clean_up() {
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        kill "$child" 2>/dev/null || true
        wait "$child" || true
        child=''
    fi
    if [ -n "$scratch" ]; then
        end KILL "$scratch/daemon.started" || true
        [ ! -d "$scratch/engine" ] || "$rig/engine.sh" stop "$scratch/engine"
        rm -rf --one-file-system -- "$scratch"
        scratch=''
    fi
}

# In the background, so that a signal to this script is answered at once.
beside() {
    "$@" </dev/null &
    child=$!
    wait "$child"
    child=''
}

publish() {
    say "publishing the native binary"
    beside dotnet publish "$root/src/HomeIQ.Reconciler" -c Release -v quiet -o "$scratch/binary"
    binary=$scratch/binary/homeiq
}

build_planning() { beside dotnet build "$tests/HomeIQ.Reconciler.Core.Tests" -c Release -v quiet -p:RunAnalyzers=false; }

# Pure planning has no engine, no disk and no start-up in it: an explicit test takes the time, on the JIT runtime, warm.
planning() {
    local what
    say "planning"
    beside "$tests/HomeIQ.Reconciler.Core.Tests/bin/Release/net10.0/HomeIQ.Reconciler.Core.Tests" -noLogo -noColor -noAutoReporters \
        -explicit only -showLiveOutput -method "*LargeStackTests.Pace" >"$scratch/planning" || { cat "$scratch/planning" >&2; die "planning failed"; }
    for what in "nothing to do" "one upgrade" "first install"; do
        row "planning, pure (JIT): $what, of 10 / 100 / 1,000 / 10,000 services" \
            "$(pace 10 "$what") / $(pace 100 "$what") / $(pace 1000 "$what") / $(in_words "$(pace 10000 "$what")")" "" "10,000 in 1 s" "$(verdict "$(pace 10000 "$what")" 1000)"
    done
}

pace() { sed -n "s/^.*pace $1 \([0-9.]*\) $2\$/\1/p" "$scratch/planning"; }

load() { cut -d' ' -f1-3 /proc/loadavg; }

machine() {
    echo "$(nproc) cores ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
        "Linux $(uname -r), engine $(docker_client -H "unix://$scratch/engine/docker.sock" version -f '{{.Server.Version}}'), docker-compose $(docker-compose version --short)," \
        "homeiq $("$binary" version | head -n 1) (native)"
}

main "$@"
