#!/usr/bin/env bash
# Runs COMMAND in the network namespace of the engine in DIR, where its published ports are on 127.0.0.1.
#
#   in-engine.sh DIR COMMAND [ARGUMENT…]
#
# COMMAND finds the engine in DOCKER_HOST and HOMEIQ_TEST_ENGINE. A server that it starts is reachable by the engine.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

[ $# -ge 2 ] || die "usage: in-engine.sh DIR COMMAND [ARGUMENT...]"
dir=$(realpath -m -- "$1")
shift
namespace=/run/netns/$(name_of "$dir")
[ -e "$namespace" ] || die "no engine runs in $dir"
export DOCKER_HOST="unix://$dir/docker.sock" HOMEIQ_TEST_ENGINE="unix://$dir/docker.sock"
exec nsenter "--net=$namespace" "$@"
