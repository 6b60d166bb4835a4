#!/usr/bin/env bash
# Writes a stand-in for HomeIQ's own source into a repository tree: at each path that desired-state/ names, a build context
# whose image behaves like the service (its port, its health body, its slow start, what it waits for), the files that
# containers mount, and the env files of a host.
#
#   make.sh TARGET [HOST]     TARGET  the repository tree; desired-state/ is put beside what this writes
#                             HOST    where the host's own files go (the project directory); TARGET when left out
#
# The images are FROM homeiq-test/app:1.0.0 of tests/rig/images.sh. The Dockerfiles are plain enough for the legacy builder.
# The same input gives the same bytes, so two trees made by it have the same Git hash.
set -euo pipefail

[ $# -ge 1 ] && [ $# -le 2 ] || { echo "usage: make.sh TARGET [HOST]" >&2; exit 2; }
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$1" "${2:-$1}"
target=$(readlink -f "$1")
host=$(readlink -f "${2:-$1}")

# write PATH: standard input becomes that file of the tree.
write() {
    mkdir -p "$(dirname "$target/$1")"
    cat >"$target/$1"
}

# context DOCKERFILE PORT SERVICE SOURCE DELAY WAIT UPSTREAM STAMP BODY
context() {
    local dockerfile=$1 port=$2 service=$3 source=$4 file folder
    folder=$source
    # The one context that is not the root of the repository: its source is named from its own folder.
    [ "$service" != health-dashboard ] || folder=services/health-dashboard/$source
    file=$folder/main.py
    [ -e "$target/$file" ] || echo "# The source of $service would be here." | write "$file"
    {
        echo "FROM homeiq-test/app:1.0.0"
        case $service in
            health-dashboard) printf 'ARG %s\n' VITE_API_BASE_URL VITE_API_KEY VITE_DATA_API_URL VITE_WS_URL VITE_ENVIRONMENT ;;
            ai-automation-ui) printf 'ARG %s\n' VITE_API_URL VITE_API_KEY ;;
        esac
        echo "ENV SERVICE=$service"
        echo "ENV PORT=$port"
        [ "$5" = - ] || echo "ENV START_DELAY=$5"
        [ "$6" = - ] || echo "ENV WAIT_FOR=$6"
        [ "$7" = - ] || echo "ENV UPSTREAM=$7"
        [ "$8" = - ] || echo "ENV STAMP=$8"
        [ "$9" = - ] || echo "ENV HEALTH_BODY='$9'"
        echo "EXPOSE $port"
        # As in the real ones the source is part of the image: changed source is another image.
        echo "COPY $source/ /app/src/"
    } | write "$dockerfile"
}

while IFS=$'\t' read -r dockerfile port service source delay wait upstream stamp body; do
    case $dockerfile in '#'* | '') continue ;; esac
    context "$dockerfile" "$port" "$service" "$source" "$delay" "$wait" "$upstream" "$stamp" "$body"
done <"$here/services.tsv"

echo "# Shared by all services." | write shared/__init__.py

# Mounted read-only by ai-automation-service. tests/datasets is where a second mount lands inside the first one.
echo "import pytest" | write services/ai-automation-service/tests/conftest.py
: | write services/ai-automation-service/tests/datasets/.gitkeep
echo "print('models are there')" | write services/ai-automation-service/scripts/ensure_model_cache.py
echo "home-assistant-datasets" | write services/tests/datasets/README.md

# Mounted writable: Git gives the first content, then the folders are the host's.
printf '{ "broker": "mqtt://127.0.0.1:1883", "base_topic": "zigbee2mqtt" }\n' | write infrastructure/config/mqtt_zigbee_config.json
: | write logs/.gitkeep

# Without this every version line would change the context of every build, and the secrets would be sent to the builder.
write .dockerignore <<'END'
.git
.env
desired-state
docs
infrastructure
logs
END

# The env files are the host's and not Git's.
write .gitignore <<'END'
/.env
/infrastructure/env.*
/infrastructure/.env*
END

mkdir -p "$host/infrastructure"
cat >"$host/.env" <<'END'
# Read twice: for ${VAR} in the Compose files, and by the services whose env_file it is.
INFLUXDB_PASSWORD=stand-in-password
INFLUXDB_TOKEN=stand-in-token
API_KEY='stand-in key with # and $ inside'
JWT_SECRET_KEY="stand-in-jwt"
ADMIN_PASSWORD=stand-in-admin
export HOME_ASSISTANT_URL=http://127.0.0.1:8123
HOME_ASSISTANT_TOKEN=stand-in-home-assistant
HOME_ASSISTANT_ADDRESS=127.0.0.1
HEALTH_INTERVAL=1s
END
printf 'OPENAI_API_KEY=stand-in-openai\nANALYSIS_SCHEDULE=0 3 * * *\n' >"$host/infrastructure/env.ai-automation"
# The line ends of an editor on another system; they are no part of the values.
printf 'MIN_QUALITY_SCORE=0.4\r\nCRAWLER_BATCH_SIZE=50\r\n' >"$host/infrastructure/env.automation-miner"
