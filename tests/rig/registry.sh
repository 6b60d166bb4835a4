#!/usr/bin/env bash
# A real registry on a free port of 127.0.0.1, its storage under DIR. It listens in the network namespace in which it
# is started: for an engine of engine.sh, start it by `in-engine.sh ENGINE registry.sh start DIR`.
#
#   registry.sh start DIR [USER PASSWORD]   start it, or start it again on what it stores (on the same port);
#                                           prints host:port, which is also in DIR/address (the port in DIR/port)
#   registry.sh stop DIR                    end it and remove its files
#   registry.sh kill DIR                    end it and keep its files: a registry that is down
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

usage() { die "usage: registry.sh start DIR [USER PASSWORD] | stop DIR | kill DIR"; }

[ $# -ge 2 ] || usage
verb=$1
dir=$(realpath -m -- "$2")

start() {
    mkdir -p "$dir/storage"
    is_alive "$dir/registry.started" || run "$@"
    echo "127.0.0.1:$(cat "$dir/port")" | tee "$dir/address"
}

run() {
    local port attempt
    for ((attempt = 0; attempt < 20; attempt++)); do
        # Below the range from which the kernel gives ports to clients.
        port=$(cat "$dir/port" 2>/dev/null || echo $((20000 + RANDOM % 10000)))
        settings "$port" "$@" >"$dir/registry.yml"
        env -i PATH="$PATH" setsid docker-registry serve "$dir/registry.yml" </dev/null >>"$dir/registry.log" 2>&1 &
        remember $! "$dir/registry.started"
        if answers "$port"; then
            echo "$port" >"$dir/port"
            return
        fi
        end KILL "$dir/registry.started"
    done
    tail -n 20 "$dir/registry.log" >&2
    die "the registry did not come up"
}

# A port that somebody else holds answers too, so the process itself must have lived to see the answer.
answers() {
    local i
    for ((i = 0; i < 100; i++)); do
        is_alive "$dir/registry.started" || return 1
        if curl -s -o /dev/null -m 1 "http://127.0.0.1:$1/v2/" && grep -q "listening on 127.0.0.1:$1" "$dir/registry.log"; then
            return 0
        fi
        sleep 0.05
    done
    return 1
}

# settings PORT [USER PASSWORD]
settings() {
    cat <<END
version: 0.1
log: { level: info, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: $dir/storage }
  delete: { enabled: true }
http:
  addr: 127.0.0.1:$1
  secret: $(sha256sum <<<"$dir" | cut -c1-32)
END
    if [ $# -eq 3 ]; then
        # The registry takes bcrypt alone; Perl's crypt is on every Debian and knows it.
        printf '%s:%s\n' "$2" "$(perl -e 'print crypt($ARGV[0], q($2y$05$) . substr($ARGV[1], 0, 21) . q(u))' "$3" "$(sha256sum <<<"$2$3")")" >"$dir/htpasswd"
        printf 'auth:\n  htpasswd: { realm: homeiq-test, path: %s/htpasswd }\n' "$dir"
    fi
}

case $verb in
    start)
        [ $# -eq 2 ] || [ $# -eq 4 ] || usage
        start "${@:3}"
        ;;
    stop)
        end KILL "$dir/registry.started"
        rm -rf -- "$dir/storage" "$dir"/{registry.yml,registry.log,registry.started,htpasswd,port,address}
        [ ! -d "$dir" ] || rmdir --ignore-fail-on-non-empty -- "$dir"
        ;;
    kill) end KILL "$dir/registry.started" ;;
    *) usage ;;
esac
