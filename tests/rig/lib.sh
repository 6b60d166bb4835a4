# shellcheck shell=bash
# What the rig's scripts share. Sourced, never run.

PATH="$PATH:/usr/sbin:/sbin"

say() { echo "${0##*/}: $*" >&2; }

die() {
    say "$*"
    exit 1
}

# A short name for a directory, the same every time: what lies outside it (namespace, cgroup) is named after it.
name_of() { echo "homeiq-$(printf %s "$1" | sha256sum | cut -c1-10)"; }

# Debian's client comes with Debian's engine; another one on the PATH may be too new to speak to it.
docker_client() {
    if [ -x /usr/bin/docker ]; then /usr/bin/docker "$@"; else docker "$@"; fi
}

# Processes are remembered as "pid start-time": a pid alone may belong to somebody else by now.
remember() { echo "$1 $(started_at "$1")" >"$2"; }

# Nothing for a zombie: it has ended, whenever its parent will look at it.
started_at() { sed -n -e 's/^.*) \([^ZX]\)/\1/p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

is_alive() {
    local pid at
    [ -e "$1" ] && read -r pid at <"$1" && [ -n "$at" ] && [ "$(started_at "$pid")" = "$at" ]
}

# end SIGNAL FILE: signals the remembered process, if it still is the same one, and waits up to ten seconds for its end.
end() {
    local pid i
    is_alive "$2" || return 0
    read -r pid _ <"$2"
    kill "-$1" "$pid" 2>/dev/null || true
    for ((i = 0; i < 200; i++)); do
        is_alive "$2" || return 0
        sleep 0.05
    done
    say "process $pid did not end on SIG$1"
    return 1
}
