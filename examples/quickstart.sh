#!/usr/bin/env bash
# Shows what HomeIQ.Reconciler does, with the real program on a real engine: a first install, an upgrade by a one-line
# commit, and a bad commit that is put back. Sets up what is missing (Debian 12 as root), downloads no image, cleans up.
#
#   examples/quickstart.sh [--keep]     --keep leaves engine and files for you to look at, and says how to end them
set -euo pipefail

examples=$(dirname "$(readlink -f "$0")")
root=$(dirname "$examples")
rig=$root/tests/rig
keep=''
case ${1:-} in
    '') ;;
    --keep) keep=1 ;;
    -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) echo "quickstart: unknown option $1; --help lists them" >&2; exit 2 ;;
esac

began=$EPOCHREALTIME
bold='' dim='' cyan='' reset=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' cyan=$'\e[36m' reset=$'\e[0m'; fi

chapter() { printf '\n%s== %s%s\n' "$bold" "$1" "$reset"; }
tell() { printf '%s%s%s\n' "$dim" "$1" "$reset"; }
# Shows a command, runs it, and lets it end as it wants.
try() {
    printf '\n%s$ %s%s\n' "$cyan" "$*" "$reset"
    "$@" || ended=$?
}

house=''
clean_up() {
    trap '' INT TERM HUP
    if [ -z "$house" ]; then return; fi
    if [ -n "$keep" ]; then
        printf '\nKept: %s\nEnd it with: %s/engine.sh stop %s/engine && rm -r %s\n' "$house" "$rig" "$house" "$house"
        return
    fi
    "$rig/engine.sh" stop "$house/engine" && rm -rf --one-file-system -- "$house"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

chapter "Setting up"
tell "What is missing is installed (a Docker engine above all), the program is built, an engine of its own is started."
"$rig/install.sh"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
dotnet build "$root/src/HomeIQ.Reconciler" -c Release -v quiet --nologo -p:RunAnalyzers=false </dev/null
house=$(mktemp -d /tmp/homeiq-qs.XXXXXX)
"$rig/engine.sh" start "$house/engine" >/dev/null
"$rig/images.sh" "$house/engine/docker.sock" 2>/dev/null

# The small application of the test images stands in for HomeIQ's services; 1.2.0 of the API is a version that never gets healthy.
export DOCKER_HOST="unix://$house/engine/docker.sock"
docker=/usr/bin/docker
for service in data-api websocket-ingestion health-dashboard; do
    "$docker" tag homeiq-test/app:1.0.0 "homeiq/$service:1.0.0"
    "$docker" tag homeiq-test/app:1.1.0 "homeiq/$service:1.1.0"
    "$docker" tag homeiq-test/app:bad-never-healthy "homeiq/$service:1.2.0"
done

chapter "A Git repository holds the house"
mkdir -p "$house/repository/desired-state"
cp "$examples"/quickstart/*.yaml "$house/repository/desired-state/"
cd "$house/repository"
git init -q -b main
git config user.name "You"
git config user.email "you@example.invalid"
git add -A
git commit -qm "Describe the house"
export HOMEIQ_REPO=$house/repository HOMEIQ_STATE=$house/state HOMEIQ_DOCKER=$DOCKER_HOST HOMEIQ_INSTANCE=quickstart
tell "compose.yaml says what runs, reconciler.yaml how change is made, and this file which version of each:"
sed 's/^/    /' desired-state/compose.versions.yaml

program=$root/src/HomeIQ.Reconciler/bin/Release/net10.0/homeiq
homeiq() { "$rig/in-engine.sh" "$house/engine" "$program" "$@"; }

chapter "1. First install"
tell "The plan can be read before anything happens. Then the same plan is performed."
try homeiq plan
try homeiq apply
[ "${ended:-0}" -eq 0 ]
try homeiq status

chapter "2. An upgrade is a one-line commit"
sed -i 's|homeiq/data-api:1.0.0|homeiq/data-api:1.1.0|' desired-state/compose.versions.yaml
git commit -qam "data-api moves to 1.1.0"
git show --format='%h %s' --unified=0 | grep -E '^[0-9a-f]{7}|^[-+] ' | sed 's/^/    /'
tell "The dashboard caches the API's address, so it is restarted with it. Nothing else is touched."
try homeiq plan
try homeiq apply
[ "${ended:-0}" -eq 0 ]

chapter "3. A commit that is bad"
sed -i 's|homeiq/data-api:1.1.0|homeiq/data-api:1.2.0|' desired-state/compose.versions.yaml
git commit -qam "data-api moves to 1.2.0"
tell "data-api 1.2.0 answers 503 for ever. Watch it go back, container and all, and say why."
ended=0
try homeiq apply
[ "$ended" -eq 1 ] || { echo "quickstart: the bad commit should have been rolled back" >&2; exit 1; }
tell "The host is held to the last known-good commit, and says so. The same content is not tried again:"
try homeiq status
ended=0
try homeiq apply
[ "$ended" -eq 4 ] || { echo "quickstart: the bad commit should have been held" >&2; exit 1; }
try homeiq history

chapter "Done in $(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", b - a }') s"
tell "A fix or a revert of that line is taken at once. desired-state/ holds the whole HomeIQ: 31 services."
