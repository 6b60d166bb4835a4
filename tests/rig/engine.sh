#!/usr/bin/env bash
# A private container engine: everything it has lies under DIR, its network is a namespace of its own with nothing
# but a loopback, so any number of them live side by side and none can reach, or be reached from, the outside.
# Published ports are on that namespace's 127.0.0.1: run what must reach them by `in-engine.sh DIR COMMAND`.
#
#   engine.sh start DIR     start it, or start it again on what is there; prints the endpoint
#   engine.sh stop DIR      end it and remove its containers, mounts, namespace, cgroup and files
#   engine.sh kill DIR      end the daemon as a power cut would; containers live on until the next start
#   engine.sh restart DIR   end the daemon in order and start it again
#
# DIR/docker.sock is the socket, DIR/dockerd.log the daemon's log.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

usage() { die "usage: engine.sh start|stop|kill|restart DIR"; }

[ $# -eq 2 ] || usage
verb=$1
dir=$(realpath -m -- "$2")
name=$(name_of "$dir")
socket=$dir/docker.sock
[ "$dir" != / ] || usage
# A unix socket's path holds 107 bytes, and the daemon makes some of its own deeper in the directory.
[ "${#dir}" -le 60 ] || die "$dir is too long for the sockets inside it; 60 characters are possible"

start() {
    [ "$(id -u)" -eq 0 ] || die "needs root"
    mkdir -p "$dir/exec"
    if ! is_alive "$dir/dockerd.started"; then
        add_namespace
        run_containerd
        run_dockerd
    fi
    wait_until_ready
    echo "unix://$socket"
}

add_namespace() {
    [ -e "/run/netns/$name" ] || ip netns add "$name"
    ip -n "$name" link set lo up
}

# A containerd of its own: dockerd would otherwise join one that runs for the whole machine.
run_containerd() {
    is_alive "$dir/containerd.started" && return
    cat >"$dir/containerd.toml" <<END
version = 2
root = "$dir/containerd"
state = "$dir/exec/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$dir/exec/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/containerd-opt"
END
    run_inside containerd --config "$dir/containerd.toml" --log-level warn
    for ((i = 0; i < 300; i++)); do
        [ -S "$dir/exec/containerd.sock" ] && return
        is_alive "$dir/containerd.started" || fail containerd
        sleep 0.05
    done
    fail containerd
}

run_dockerd() {
    daemon_settings >"$dir/daemon.json"
    local options=(
        --config-file "$dir/daemon.json" --host "unix://$socket" --pidfile "$dir/docker.pid"
        --data-root "$dir/data" --exec-root "$dir/exec" --containerd "$dir/exec/containerd.sock"
        --cgroup-parent "/$name" --log-level warn --raw-logs --shutdown-timeout 2
    )
    # A killed daemon leaves its own, and refuses to start while that pid is anything at all.
    rm -f "$dir/docker.pid"
    run_inside dockerd "${options[@]}"
}

# Never the machine's own settings. Engines before 24 take their identity from /etc/docker/key.json, so that two
# engines of one machine would be one; later ones refuse this key and need none.
daemon_settings() {
    local major
    major=$(dockerd --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
    if [ "${major:-0}" -lt 24 ]; then
        jq -n --arg key "$dir/key.json" '{"deprecated-key-path": $key}'
    else
        echo '{}'
    fi
}

# nsenter and not `ip netns exec`, which hides the cgroup mounts. No environment: no proxies, no foreign settings.
run_inside() {
    setsid env -i PATH="$PATH" HOME="${HOME:-/root}" TMPDIR=/tmp nsenter "--net=/run/netns/$name" "$@" \
        </dev/null >>"$dir/$1.log" 2>&1 &
    remember $! "$dir/$1.started"
}

wait_until_ready() {
    for ((i = 0; i < 600; i++)); do
        [ "$(curl -s -m 2 --unix-socket "$socket" http://engine/_ping 2>/dev/null)" = OK ] && return
        is_alive "$dir/dockerd.started" || fail dockerd
        sleep 0.1
    done
    fail dockerd
}

fail() {
    say "$1 did not come up; the end of $dir/$1.log:"
    tail -n 20 "$dir/$1.log" >&2
    exit 1
}

# Nothing in here is worth an orderly end: kill what is ours, then take away what it leaves.
stop() {
    end KILL "$dir/dockerd.started"
    end KILL "$dir/containerd.started"
    local i left=
    for ((i = 0; i < 100; i++)); do
        left=$(pids_of_containers; pids_of_helpers)
        [ -n "$left" ] || break
        # shellcheck disable=SC2086
        kill -KILL $left 2>/dev/null || true
        sleep 0.05
    done
    [ -z "$left" ] || die "these processes do not end: ${left//$'\n'/ }"
    remove_mounts
    [ ! -e "/run/netns/$name" ] || ip netns delete "$name"
    remove_cgroups
    remove_shim_sockets
    # A volume can be a mount of somebody else's directory: never delete across one.
    rm -rf --one-file-system -- "$dir"/{exec,data,containerd,containerd-opt} \
        "$dir"/{containerd.toml,daemon.json,key.json,docker.pid,docker.sock} "$dir"/{dockerd,containerd}.{log,started}
    [ ! -d "$dir" ] || rmdir --ignore-fail-on-non-empty -- "$dir"
}

# Every container of this engine is in the cgroup that only this engine uses.
pids_of_containers() {
    find /sys/fs/cgroup -path "*/$name/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u || true
}

# The daemon's own children: in its namespace and of a known name. A test that was started in there is not ours to end.
pids_of_helpers() {
    local pid
    [ -e "/run/netns/$name" ] || return 0
    for pid in $(ip netns pids "$name"); do
        case $(cat "/proc/$pid/comm" 2>/dev/null) in
            dockerd | containerd | containerd-shim* | docker-proxy | runc*) echo "$pid" ;;
        esac
    done
}

remove_mounts() {
    local i point
    for ((i = 0; i < 20; i++)); do
        mapfile -t points < <(mounts)
        [ "${#points[@]}" -gt 0 ] || return 0
        for point in "${points[@]}"; do
            umount -- "$point" 2>/dev/null || true
        done
        [ $i -eq 0 ] || sleep 0.1
    done
    die "still mounted: $(mounts | tr '\n' ' ')"
}

# Innermost first. The kernel writes blanks as octal escapes, which %b undoes.
mounts() {
    local point
    while read -r _ _ _ _ point _; do
        point=$(printf '%b' "$point")
        [[ $point != "$dir"/* ]] || echo "$point"
    done </proc/self/mountinfo | sort -r
}

remove_cgroups() {
    find /sys/fs/cgroup -depth -type d \( -path "*/$name" -o -path "*/$name/*" \) -exec rmdir {} + 2>/dev/null || true
}

# The one thing that containerd keeps elsewhere; each task says where.
remove_shim_sockets() {
    local file
    while read -r file; do
        rm -f -- "$(sed 's#^unix://##' "$file")"
    done < <(find "$dir/exec/containerd" -name address -type f 2>/dev/null)
}

case $verb in
    start) start ;;
    stop) stop ;;
    kill) end KILL "$dir/dockerd.started" ;;
    restart)
        end TERM "$dir/dockerd.started"
        start
        ;;
    *) usage ;;
esac
