#!/usr/bin/env bash
# Takes the times. Runs next to the engine, in its network namespace; bench.sh starts it there and says what it is given:
#
#   measure.sh SCRATCH BINARY ROUNDS INSTALLS IDLE-SECONDS PART…
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
scratch=$1 homeiq=$2 rounds=$3 installs=$4 idle=$5 parts=" ${*:6} "
samples=$scratch/samples
# shellcheck source=../rig/lib.sh
. "$here/../rig/lib.sh"
# shellcheck source=lib.sh
. "$here/lib.sh"

socket=${DOCKER_HOST#unix://}
repository=$scratch/repository
project=bench
export HOMEIQ_REPO=$repository HOMEIQ_STATE=$scratch/state HOMEIQ_DOCKER=$DOCKER_HOST HOMEIQ_INSTANCE=$project HOMEIQ_PROJECT_DIR=$scratch/project
export GIT_AUTHOR_NAME=Bench GIT_AUTHOR_EMAIL=bench@example.invalid GIT_COMMITTER_NAME=Bench GIT_COMMITTER_EMAIL=bench@example.invalid
plain=s12 checked=s05 removed=s29
version=0

main() {
    mkdir -p "$samples"
    : >"$scratch/table"
    make_repository
    install_in_turn
    if wants pass drift idle; then
        start_daemon
        if wants pass; then passes; fi
        if wants drift; then drift; fi
        if wants idle; then idle; fi
        end TERM "$scratch/daemon.started"
    fi
    if wants upgrade; then upgrades; fi
    if wants undo; then undos; fi
}

wants() {
    local part
    for part in "$@"; do
        [[ $parts != *" $part "* ]] || return 0
    done
    return 1
}

make_repository() {
    "$here/stack.sh" "$repository/desired-state"
    git -C "$repository" init -q -b main
    commit
    "$here/stack.sh" --tags | while read -r tag; do docker_client tag homeiq-test/app:1.0.0 "$tag"; done
}

commit() { git -C "$repository" add -A && git -C "$repository" commit -qm "Bench"; }

compose() { docker-compose -p "$project" -f "$repository/desired-state/compose.yaml" -f "$repository/desired-state/compose.versions.yaml" "$@"; }

# --- the whole stack -------------------------------------------------------------------------------------------------

# Compose, homeiq, Compose, homeiq …, on an engine that is empty each time. The first stack that Compose made is adopted,
# so that all three no-op commands look at the very same containers. The last one of homeiq stays.
install_in_turn() {
    local i
    if wants install noop; then
        for ((i = 0; i < installs; i++)); do
            step "docker-compose up -d, 29 services"
            timed compose-install compose up -d
            if [ $i -eq 0 ] && wants noop; then no_ops; fi
            clear_engine
            step "homeiq apply, 29 services"
            timed install "$homeiq" apply
            if [ $i -lt $((installs - 1)) ]; then clear_engine; fi
        done
    else
        step "homeiq apply, 29 services"
        timed install "$homeiq" apply
    fi
    if wants install; then
        row "first install of 29 services" "$(told install)" "\`docker-compose up -d\`: $(told compose-install)" "none" "$(calculate "$(median install) / $(median compose-install)") × it"
    fi
}

no_ops() {
    local i
    "$homeiq" adopt --yes >"$scratch/said" 2>&1 || { cat "$scratch/said" >&2; die "nothing was adopted"; }
    "$homeiq" plan --detailed-exitcode >"$scratch/said" 2>&1 || { cat "$scratch/said" >&2; die "there is something to do"; }
    step "nothing to do: homeiq plan, docker ps, docker-compose up -d"
    for ((i = 0; i < 2 * rounds; i++)); do
        timed plan "$homeiq" plan
        timed ps docker_client ps
        timed compose-noop compose up -d
    done
    compare "\`plan\`, nothing to do, 29 running services, cold CLI" plan compose-noop "\`docker-compose up -d\`" 0.05 0
    compare "the same" plan ps "\`docker ps\`" 2 0
}

clear_engine() {
    rm -rf "$HOMEIQ_STATE"
    docker_client ps -aq | xargs -r /usr/bin/env docker rm -f >"$scratch/said" 2>&1 || { cat "$scratch/said" >&2; die "containers stay"; }
    docker_client network prune -f >/dev/null
    docker_client volume ls -q | xargs -r docker volume rm >/dev/null
}

# --- the daemon ------------------------------------------------------------------------------------------------------

start_daemon() {
    step "homeiq run"
    setsid "$homeiq" run --log debug </dev/null >/dev/null 2>"$scratch/daemon.log" &
    daemon=$!
    remember $daemon "$scratch/daemon.started"
    until_passed 0
}

# Times of all passes so far, in milliseconds.
passed() { jq -r 'select(."@mt" | startswith("Pass:")) | .Milliseconds' <"$scratch/daemon.log"; }

# until_passed COUNT: waits for one pass more than so many.
until_passed() {
    local i
    for ((i = 0; i < 600; i++)); do
        [ "$(grep -c '"Pass:' "$scratch/daemon.log")" -le "$1" ] || return 0
        is_alive "$scratch/daemon.started" || { tail -n 20 "$scratch/daemon.log" >&2; die "the daemon ended"; }
        sleep 0.05
    done
    die "the daemon makes no pass"
}

# A pass on demand, then the calls to the engine that it makes (as strace shows them), one after another on one connection.
passes() {
    local i before calls=$scratch/pass.curl
    step "passes with nothing to do"
    calls_of_a_pass >"$calls"
    for ((i = 0; i < 4 * rounds; i++)); do
        before=$(grep -c '"Pass:' "$scratch/daemon.log")
        curl -sS -o /dev/null --unix-socket "$HOMEIQ_STATE/homeiq.sock" -X POST http://daemon/api/v1/ask/reconcile
        until_passed "$before"
        [ $i -eq 0 ] || sample pass "$(passed | tail -n 1 | awk '{ printf "%d", $1 * 1000 }')"
        curl -sS --unix-socket "$socket" -K "$calls" -w '%{stderr}%{time_total}\n' 2>"$scratch/took"
        [ $i -eq 0 ] || sample pass-bare "$(awk '{ sum += $1 } END { printf "%d", sum * 1000000 }' "$scratch/took")"
    done
    compare "a pass with nothing to do, in the daemon" pass pass-bare "its $(grep -c '^url' "$calls") calls to the engine" 2 0
}

calls_of_a_pass() {
    local id image
    get _ping
    get info
    get "containers/json?all=1"
    for id in $(docker_client ps -q --no-trunc); do get "containers/$id/json"; done
    get networks
    get volumes
    for image in $("$here/stack.sh" --tags) "$(docker_client image inspect -f '{{.Id}}' homeiq-test/app:1.0.0)"; do get "images/$image/json"; done
}

get() { printf 'url = "http://engine/v1.41/%s"\noutput = "/dev/null"\n' "$1"; }

drift() {
    local i from before
    step "docker rm -f, and running again"
    for ((i = 0; i < rounds; i++)); do
        before=$(grep -c '"Pass:' "$scratch/daemon.log")
        from=$EPOCHREALTIME
        docker_client rm -f "$project-$removed" >/dev/null
        event "$from" "$project-$removed" destroy
        sample removal $((happened - ${from/./}))
        event "$from" "$project-$removed" start
        sample again $((happened - ${from/./}))
        # One that repairs, and one that looks once more.
        until_passed $((before + 1))

        from=$EPOCHREALTIME
        docker_client run -d --name "$project-twin" --network "${project}_default" --restart unless-stopped -m 128m -e TZ=Europe/Berlin \
            -p 127.0.0.1:18099:8080 "$project/$removed:1.0.0" >/dev/null
        event "$from" "$project-twin" start
        sample run $((happened - ${from/./}))
        docker_client rm -f "$project-twin" >/dev/null
    done
    compare "drift: from \`docker rm -f\` to running again (the removal itself takes $(in_words "$(median removal)"))" again run "\`docker run\`" 1.5 200
}

# event SINCE CONTAINER ACTION: waits for it; $happened is its microsecond, by the engine.
event() {
    local stream pid line
    exec {stream}< <(exec curl -sSN --unix-socket "$socket" -G http://engine/events --data-urlencode "since=$1" \
        --data-urlencode "filters={\"container\":[\"$2\"],\"event\":[\"$3\"]}")
    pid=$!
    IFS= read -r -t 60 line <&$stream || die "$2: there was no $3 within a minute"
    kill "$pid" 2>/dev/null || true
    exec {stream}<&-
    happened=$(jq -r '.timeNano / 1000 | floor' <<<"$line")
}

idle() {
    local from ticks before rss pss spent
    step "idle for $idle s"
    before=$(ticks_of "$daemon") from=$EPOCHREALTIME
    # Ends early only with the daemon.
    timeout "$idle" tail --pid="$daemon" -f /dev/null || true
    is_alive "$scratch/daemon.started" || die "the daemon ended"
    spent=$(calculate "$EPOCHREALTIME - $from")
    ticks=$(ticks_of "$daemon")
    rss=$(awk '/^Rss:/ { print $2 / 1024 }' "/proc/$daemon/smaps_rollup")
    pss=$(awk '/^Pss:/ { print $2 / 1024 }' "/proc/$daemon/smaps_rollup")
    row "memory of the idle daemon, after all of the above" "$(awk -v r="$rss" -v p="$pss" 'BEGIN { printf "%.1f MiB resident, %.1f proportional", r, p }')" "" "50 MiB" "$(verdict "$rss" 50)"
    row "processor time of the idle daemon over ${spent%.*} s, a pass a minute" "$(awk -v t=$((ticks - before)) -v hz="$(getconf CLK_TCK)" -v s="$spent" 'BEGIN { printf "%.2f s, %.2f %% of one core", t / hz, 100 * t / hz / s }')" "" "none" ""
}

ticks_of() { sed 's/^.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

# --- one service -----------------------------------------------------------------------------------------------------

# A commit that moves a service to another version; each round a new tag, of one image and the other.
upgrade_to() {
    local service=$1 source=$2
    version=$((version + 1))
    docker_client tag "homeiq-test/app:$source" "$project/$service:1.1.$version"
    sed -i "s|$project/$service:[0-9.]*|$project/$service:1.1.$version|" "$repository/desired-state/compose.versions.yaml"
    commit
}

# A container like the service's, beside it and not ours to keep: what the bare calls move.
make_twin() {
    docker_client inspect "$project-$1" | jq --arg network "${project}_default" '.[0] | .Config
        + {HostConfig: (.HostConfig | .PortBindings = {"8080/tcp": [{HostIp: "127.0.0.1", HostPort: "18099"}]})}
        + {NetworkingConfig: {EndpointsConfig: {($network): {}}}}
        | del(.Hostname) | .Labels = {}' >"$scratch/twin.json"
    calls "POST containers/create?name=twin" "POST containers/twin/start"
    engine
}

# calls "METHOD PATH"…: writes them down for `engine`, which makes them one after another on one connection.
calls() {
    local call next=''
    for call in "$@"; do
        printf '%sunix-socket = "%s"\nfail-with-body\noutput = "%s"\nrequest = %s\nurl = "http://engine/v1.41/%s"\n' "$next" "$socket" "$scratch/answer" "${call%% *}" "${call#* }"
        [[ $call != *"/create?"* ]] || printf 'header = "Content-Type: application/json"\ndata = "@%s"\n' "$scratch/twin.json"
        next=$'next\n'
    done >"$scratch/calls.curl"
}

engine() { curl -sS -K "$scratch/calls.curl" || { cat "$scratch/answer" >&2; return 1; }; }

swap_bare() {
    local from=$EPOCHREALTIME
    calls "POST containers/create?name=twin.new" "POST containers/twin/stop" "POST containers/twin/rename?name=twin.kept" \
        "POST containers/twin.new/rename?name=twin" "POST containers/twin/start"
    engine
    if [ "$1" = "$plain" ]; then
        # What homeiq waits for on purpose (HealthVerdict.Settle) is no overhead.
        sleep 3
    else
        event "$from" twin health_status
    fi
    calls "DELETE containers/twin.kept"
    engine
}

upgrades() {
    local i service source
    for service in "$plain" "$checked"; do
        step "upgrade of $service"
        make_twin "$service"
        for ((i = 0; i < rounds; i++)); do
            source=1.$((1 + i % 2)).0
            upgrade_to "$service" "$source"
            timed "upgrade-$service" "$homeiq" apply
            timed "upgrade-$service-bare" swap_bare "$service"
        done
        docker_client rm -f twin >/dev/null
    done
    compare "\`apply\` of an upgrade of one service, cold CLI" "upgrade-$plain" "upgrade-$plain-bare" "create, stop, rename, rename, start, remove; and 3 s that a service without a health check has to run" 1.05 100
    compare "the same of a service with a health check, until it is healthy" "upgrade-$checked" "upgrade-$checked-bare" "the same calls, and the wait" 1.05 100
}

undo_bare() {
    calls "POST containers/twin/stop" "POST containers/twin/rename?name=twin.failed" "POST containers/twin.kept/rename?name=twin" "POST containers/twin/start"
    engine
}

# moment JQ: the microsecond that the run tells there.
moment() { date -d "$(jq -r "$1" "$scratch/run.json")" +%s%6N; }

of_undo() { echo "[.rollbackBegun[] | select(.planned.step.step == \"$1\")][0]"; }

undos() {
    local i failed limit
    step "undo of a swap"
    make_twin "$checked"
    calls "POST containers/create?name=twin.kept"
    engine
    for ((i = 0; i < rounds; i++)); do
        upgrade_to "$checked" bad-never-healthy
        expected=1 timed bad "$homeiq" apply
        "$homeiq" show -o json >"$scratch/run.json"
        failed=$(moment '[.begun[] | select(.failure)][0].endedAt')
        sample undo $(($(moment "$(of_undo start-container).endedAt") - failed))
        sample undo-stop $(($(moment "$(of_undo stop-container).endedAt") - $(moment "$(of_undo stop-container).begunAt")))
        timed undo-bare undo_bare
        calls "POST containers/twin.failed/rename?name=twin.kept"
        engine
    done
    docker_client rm -f twin twin.kept >/dev/null
    limit=$(calculate "500 + $(median undo-stop)")
    row "undo of a swap: from the failed verification to the old container running (stop of the failed one: $(in_words "$(median undo-stop)"))" \
        "$(told undo)" "stop, rename, rename, start: $(told undo-bare)" "stop + 0.5 s = $(in_words "$limit")" "$(verdict "$(median undo)" "$limit")"
}

step() { say "$* (load $(cut -d' ' -f1 /proc/loadavg))"; }

main
