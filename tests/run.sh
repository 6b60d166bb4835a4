#!/usr/bin/env bash
# The one test command: installs what is missing, builds once, checks the format, runs every suite and the quickstart, cleans up.
#
#   tests/run.sh [OPTION…] [-- FILTER…]
#
#   --only SUITE   run this suite alone; again for more. Core, Agent, CLI and Scenarios are short for the projects
#   --all          run the tests that are marked explicit too, and the kill matrices at every point: the long ones
#   --aot          publish the native binary as well; suites find it in HOMEIQ_TEST_BINARY
#   --no-build     run what was built before
#   --no-format    leave the format check out; --only and a FILTER do so too, and leave the quickstart out
#   FILTER         goes to the test executables: -class "*Swap*", -method "*Dependents_stop*", -trait "a=b"
#
# All suites but Core's run next to an engine of their own, in its network namespace (rig/engine.sh), and find it by
#   HOMEIQ_TEST_ENGINE   unix:///…/docker.sock
#   HOMEIQ_TEST_RIG      the folder of this rig's scripts
# The last line is "N passed, N failed, N skipped" over all suites. The exit code is 0 when something ran and nothing failed.
set -euo pipefail

tests=$(dirname "$(readlink -f "$0")")
root=$(dirname "$tests")
rig=$tests/rig
# shellcheck source=rig/lib.sh
. "$rig/lib.sh"

# No suite may take longer; together they stay well under an hour. A soak of a whole night has its night on top.
soak_minutes=${HOMEIQ_SOAK_MINUTES:-0}
suite_seconds=${HOMEIQ_SUITE_SECONDS:-$((2000 + 60 * ${soak_minutes%%.*}))}

suites=() only=() filters=() explicit=off aot='' build=1 format=1
passed=0 failed=0 skipped=0 began=$EPOCHREALTIME
scratch='' child='' summary=() failures=()

main() {
    read_options "$@"
    choose_suites
    trap clean_up EXIT
    trap 'clean_up; exit 130' INT TERM HUP
    sweep
    scratch=$(mktemp -d /tmp/homeiq-tests.XXXXXX)
    remember $$ "$scratch/owner"
    prepare_dotnet

    if steps; then
        for suite in "${suites[@]}"; do run_suite "$suite"; done
        if [ ${#only[@]} -eq 0 ] && [ ${#filters[@]} -eq 0 ]; then step "run the quickstart" quickstart || true; fi
    fi

    clean_up
    report
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --only) [ $# -ge 2 ] || die "--only needs a suite"; only+=("$2"); format=''; shift ;;
            --all) explicit=on; export HOMEIQ_TEST_ALL=1 ;;
            --aot) aot=1 ;;
            --no-build) build='' ;;
            --no-format) format='' ;;
            --) shift; filters=("$@"); [ $# -eq 0 ] || format=''; break ;;
            -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
            *) die "unknown option $1; --help lists them" ;;
        esac
        shift
    done
}

# The cheap ones first.
choose_suites() {
    local project name wanted all=()
    for name in Core.Tests Agent.Tests Tests; do all+=("HomeIQ.Reconciler.$name"); done
    for project in "$tests"/*/*.csproj; do
        name=$(basename "$project" .csproj)
        [[ " ${all[*]} " == *" $name "* ]] || all+=("$name")
    done
    for wanted in "${only[@]}"; do
        [ "$wanted" != CLI ] || wanted=Tests
        for name in "${all[@]}"; do
            case $name in
                "$wanted" | "HomeIQ.Reconciler.$wanted" | "HomeIQ.Reconciler.$wanted.Tests") suites+=("$name"); continue 2 ;;
            esac
        done
        die "there is no suite $wanted; there are: ${all[*]}"
    done
    [ "${#only[@]}" -gt 0 ] || suites=("${all[@]}")
}

# What a run that was killed left behind.
sweep() {
    local old
    for old in /tmp/homeiq-tests.*; do
        if [ ! -e "$old/owner" ] || is_alive "$old/owner"; then
            continue
        fi
        say "removing what an interrupted run left: $old"
        remove "$old"
    done
}

# remove SCRATCH
remove() {
    [ ! -d "$1/engine" ] || "$rig/engine.sh" stop "$1/engine" || return
    rm -rf --one-file-system -- "$1"
}

clean_up() {
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        kill "$child" 2>/dev/null || true
        wait "$child" || true
        child=''
    fi
    if [ -n "$scratch" ]; then
        remove "$scratch" || say "$scratch could not be removed"
        scratch=''
    fi
}

prepare_dotnet() {
    export HOME=${HOME:-/root} DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
    # Nothing is left running behind this script.
    export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
}

# What comes before the first suite. Each step that fails counts as a failure; without engine and build nothing can run,
# a wrong format or a publish that warns hides no test result.
steps() {
    if [ "${suites[*]}" != HomeIQ.Reconciler.Core.Tests ]; then
        step "install what is missing" "$rig/install.sh" || return
    fi
    if [ -n "$build" ]; then
        step "build" dotnet build "$root/HomeIQ.Reconciler.sln" -v quiet -p:RestoreLockedMode=true || return
    fi
    if [ -n "$format" ]; then
        # The style beyond white space is the build's: its rules are warnings there, and warnings are errors.
        step "check the format" dotnet format whitespace "$root/HomeIQ.Reconciler.sln" --verify-no-changes --no-restore || true
    fi
    if [ -n "$aot" ]; then
        step "publish the native binary" publish || true
    fi
    if [ "${suites[*]}" != HomeIQ.Reconciler.Core.Tests ]; then
        step "start an engine" start_engine || return
    fi
}

# step NAME COMMAND…
step() {
    local from=$EPOCHREALTIME name=$1
    shift
    echo "== $name"
    if ! "$@" </dev/null; then
        lost "$name, after $(seconds_since "$from") s"
        return 1
    fi
    summary+=("$(printf '%7s s  %s' "$(seconds_since "$from")" "$name")")
}

# The build has analysed these sources already; the linker's own warnings are errors here.
publish() {
    dotnet publish "$root/src/HomeIQ.Reconciler" -c Release -v quiet -p:RunAnalyzers=false -o "$scratch/binary" || return
    [ -x "$scratch/binary/homeiq" ] || { say "the publish made no homeiq"; return 1; }
    export HOMEIQ_TEST_BINARY="$scratch/binary/homeiq"
}

# The README's first command: an install, an upgrade, a bad commit that is put back, and nothing left behind.
quickstart() {
    local said=$scratch/quickstart.txt runs left
    "$root/examples/quickstart.sh" >"$said" 2>&1 || { cat "$said"; return 1; }
    runs=$(awk '$1 ~ /^[0-9]+-[0-9]+$/ && $2 == "apply" { for (i = 3; i <= NF; i++) if ($i ~ /^(Succeeded|RolledBack)$/) { printf "%s ", $i; next } }' "$said")
    [ "$runs" = "RolledBack Succeeded Succeeded " ] || { cat "$said"; say "the history of the quickstart is: $runs"; return 1; }
    left=$(find /tmp -maxdepth 1 -name 'homeiq-qs.*' -newer "$scratch/owner")
    [ -z "$left" ] || { say "the quickstart left $left"; return 1; }
}

start_engine() {
    "$rig/engine.sh" start "$scratch/engine" >/dev/null && "$rig/images.sh" "$scratch/engine/docker.sock" 2>/dev/null && "$rig/alembic.sh" "$scratch/engine/docker.sock" 2>/dev/null
}

run_suite() {
    local name=$1 from=$EPOCHREALTIME program result=$scratch/$1.json code=0 inside=()
    program=$tests/$name/bin/Debug/net10.0/$name
    echo "== $name"
    if [ ! -x "$program" ]; then
        lost "$name was not built"
        return
    fi
    [ "$name" = HomeIQ.Reconciler.Core.Tests ] || inside=("$rig/in-engine.sh" "$scratch/engine")
    # In the background, so that a signal to this script is answered at once.
    timeout --kill-after=10 "$suite_seconds" "${inside[@]}" env HOMEIQ_TEST_RIG="$rig" \
        "$program" -noLogo -noColor -noAutoReporters -reporter quiet -longRunning 60 -explicit "$explicit" \
        -result-ctrf "$result" "${filters[@]}" </dev/null &
    child=$!
    wait "$child" || code=$?
    child=''
    count "$name" "$code" "$result" "$(seconds_since "$from")"
    [ "${#inside[@]}" -eq 0 ] || remove_leftovers "$name"
}

# count SUITE EXIT-CODE RESULT-FILE SECONDS
count() {
    local p=0 f=0 s=0
    if [ "$2" -eq 124 ]; then
        lost "$1 did not end within $suite_seconds s"
        return
    fi
    if ! read -r p f s < <(jq -r '.results.summary | "\(.passed) \(.failed + .other) \(.skipped + .pending)"' "$3" 2>/dev/null); then
        lost "$1 left no result; exit code $2"
        return
    fi
    # A fixture that fails is no test, but it makes the exit code.
    [ "$2" -eq 0 ] || [ "$f" -gt 0 ] || f=1
    if [ $((p + f)) -eq 0 ] && [ "${#filters[@]}" -eq 0 ]; then
        lost "$1 ran no test"
        return
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    summary+=("$(printf '%7s s  %s: %d passed, %d failed, %d skipped' "$4" "$1" "$p" "$f" "$s")")
    mapfile -O "${#summary[@]}" -t summary < <(notable "$3")
    mapfile -O "${#failures[@]}" -t failures < <(failed_of "$3")
}

# failed_of RESULT-FILE: the tests that failed, each with the beginning of why.
failed_of() {
    jq -r '.results.tests[] | select(.status == "failed")
        | "failed: \(.name)", (.message // "" | split("\n")[:8][] | "    \(.[:300])")' "$1"
}

# notable RESULT-FILE: what the matrices tell of their size and result, and the slowest of the tests that take long.
notable() {
    jq -r '.results.tests
        | (.[] | .stdout // [] | .[] | select(startswith("matrix: ")) | "           \(.)"),
          (map(select(.duration >= 5000)) | sort_by(-.duration) | .[:5][] | "           \(.duration / 100 | floor / 10) s: \(.name)")' "$1"
}

# lost WHAT: something that failed as a whole counts as one failure.
lost() {
    say "FAILED: $1"
    failed=$((failed + 1))
    summary+=("$(printf '%9s  %s' FAILED "$1")")
}

# A test ends what it started. What it forgot must not disturb the next suite (an engine has about thirty networks to
# give), and not stay unseen.
remove_leftovers() {
    local left kind name
    export DOCKER_HOST="unix://$scratch/engine/docker.sock"
    left=$(docker_client ps -a --format 'container {{.Names}}' &&
        docker_client network ls --filter type=custom --format 'network {{.Name}}' &&
        docker_client volume ls --format 'volume {{.Name}}') || return 0
    if [ -n "$left" ]; then
        say "$1 left in the engine: ${left//$'\n'/, }"
        while read -r kind name; do
            case $kind in
                container) docker_client rm -f "$name" ;;
                *) docker_client "$kind" rm "$name" ;;
            esac
        done <<<"$left" >/dev/null || true
    fi
    unset DOCKER_HOST
}

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

report() {
    echo "== $(seconds_since "$began") s in all"
    printf '%s\n' "${summary[@]}"
    [ "${#failures[@]}" -eq 0 ] || printf '%s\n' "${failures[@]}"
    [ $((passed + failed)) -gt 0 ] || { say "no test ran"; failed=1; }
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}

main "$@"
