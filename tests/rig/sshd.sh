#!/usr/bin/env bash
# A real ssh server on a free port of 127.0.0.1 with settings, host key and user key of its own, all under DIR. It lets
# in the user who starts it, with DIR/key alone.
#
#   sshd.sh start DIR   start it, or start it again on what is there (same port, same keys); prints USER@127.0.0.1:PORT
#   sshd.sh stop DIR    end it and remove its files
#   sshd.sh kill DIR    end it and keep its files: a server that is down
#
# DIR/key is the private key that it lets in, DIR/known_hosts what a client must know, DIR/port its port.
# While there is a file DIR/silent, whoever was let in gets no answer.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

usage() { die "usage: sshd.sh start|stop|kill DIR"; }

[ $# -eq 2 ] || usage
verb=$1
dir=$(realpath -m -- "$2")

start() {
    is_alive "$dir/sshd.started" || run
    echo "$(id -un)@127.0.0.1:$(cat "$dir/port")"
}

run() {
    local port attempt
    mkdir -p "$dir"
    # Where the server locks its unprivileged part in; the package's service would make it.
    [ "$(id -u)" -ne 0 ] || mkdir -p -m 755 /run/sshd
    [ -e "$dir/host_key" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/host_key"
    [ -e "$dir/key" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/key"
    cp "$dir/key.pub" "$dir/authorized_keys"
    printf '#!/bin/sh\n[ ! -e "%s/silent" ] || exec cat >/dev/null\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n' "$dir" >"$dir/serve"
    chmod 700 "$dir/serve"
    for ((attempt = 0; attempt < 20; attempt++)); do
        # Below the range from which the kernel gives ports to clients.
        port=$(cat "$dir/port" 2>/dev/null || echo $((20000 + RANDOM % 10000)))
        : >"$dir/sshd.log"
        settings "$port" >"$dir/sshd_config"
        # By its whole path, or it does not start; it starts itself again for every client.
        setsid env -i PATH="$PATH" "$(command -v sshd)" -D -f "$dir/sshd_config" -E "$dir/sshd.log" </dev/null >/dev/null 2>&1 &
        remember $! "$dir/sshd.started"
        if answers "$port"; then
            echo "$port" >"$dir/port"
            echo "[127.0.0.1]:$port $(cut -d ' ' -f 1,2 "$dir/host_key.pub")" >"$dir/known_hosts"
            return
        fi
        end KILL "$dir/sshd.started"
    done
    tail -n 20 "$dir/sshd.log" >&2
    die "the ssh server did not come up"
}

answers() {
    local i
    for ((i = 0; i < 100; i++)); do
        is_alive "$dir/sshd.started" || return 1
        ! grep -qs "Server listening on 127.0.0.1 port $1\." "$dir/sshd.log" || return 0
        sleep 0.05
    done
    return 1
}

# settings PORT
settings() {
    cat <<END
ListenAddress 127.0.0.1
Port $1
PidFile none
HostKey $dir/host_key
AuthorizedKeysFile $dir/authorized_keys
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
ForceCommand $dir/serve
END
}

case $verb in
    start) start ;;
    stop)
        end KILL "$dir/sshd.started"
        rm -f -- "$dir"/{host_key,key}{,.pub} "$dir"/{authorized_keys,known_hosts,serve,silent,port,sshd_config,sshd.log,sshd.started}
        [ ! -d "$dir" ] || rmdir --ignore-fail-on-non-empty -- "$dir"
        ;;
    kill) end KILL "$dir/sshd.started" ;;
    *) usage ;;
esac
