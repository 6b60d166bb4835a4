#!/usr/bin/env bash
# Writes a desired state of 29 services that docker-compose 1.29 and homeiq both read: three with data, the others on
# top of them in chains up to four deep, ports and limits as HomeIQ has them. One has a health check (s05, every 3 s):
# a check costs the engine 60 ms of processor time, and 29 of them would be all that is measured.
#
#   stack.sh DIR        fills DIR/compose.yaml, compose.versions.yaml, reconciler.yaml
#   stack.sh --tags     prints the images that it needs: NAME:TAG, a line each
set -euo pipefail

mapfile -t services < <(printf 's%02d\n' {1..29})

if [ "${1:-}" = --tags ]; then
    printf 'bench/%s:1.0.0\n' "${services[@]}"
    exit 0
fi
dir=${1:?usage: stack.sh DIR | --tags}
mkdir -p "$dir"

needs() {
    local number=$((10#${1#s}))
    if [ $number -le 3 ]; then
        return
    elif [ $number -le 13 ]; then
        echo s01
    elif [ $number -le 21 ]; then
        echo "s02, s04"
    else
        printf 's%02d\n' $((number - 8))
    fi
}

{
    cat <<'END'
x-service: &service
  restart: unless-stopped
  mem_limit: 128m
  logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
x-environment: &environment
  TZ: Europe/Berlin
  LOG_LEVEL: info
  LOG_FORMAT: json
  INFLUXDB_URL: http://s01:8080
  INFLUXDB_ORG: homeiq
  INFLUXDB_BUCKET: home_assistant_events
  DATA_API_URL: http://s04:8080
services:
END
    for service in "${services[@]}"; do
        cat <<END
  $service:
    <<: *service
    container_name: bench-$service
    environment: {<<: *environment, SERVICE: $service}
    ports: ["127.0.0.1:180${service#s}:8080"]
END
        needed=$(needs "$service")
        [ -z "$needed" ] || echo "    depends_on: [$needed]"
        case $service in
            s01 | s02 | s03) echo "    volumes: [\"$service-data:/data\"]" ;;
            s05) echo '    healthcheck: {test: [CMD, curl, -fsS, "http://localhost:8080/health"], interval: 3s, timeout: 2s, retries: 1, start_period: 1s}' ;;
        esac
    done
    printf 'volumes:\n  s01-data:\n  s02-data:\n  s03-data:\n'
} >"$dir/compose.yaml"

{
    echo "services:"
    for service in "${services[@]}"; do echo "  $service: {image: \"bench/$service:1.0.0\"}"; done
} >"$dir/compose.versions.yaml"

cat >"$dir/reconciler.yaml" <<'END'
version: 1
project: bench
compose: [compose.yaml, compose.versions.yaml]
policy: { soak: none }
END
