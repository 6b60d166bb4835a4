#!/usr/bin/env bash
# Makes, in an engine, stand-ins for the images that HomeIQ pulls and tests/rig/images.sh does not make already: Home
# Assistant's, in the version that desired-state/compose.versions.yaml names, or in those given.
#
#   pulled-images.sh SOCKET [TAG…]     SOCKET is a path or unix://path; homeiq-test/app:1.0.0 has to be there
set -euo pipefail

[ $# -ge 1 ] || { echo "usage: pulled-images.sh SOCKET [TAG…]" >&2; exit 2; }
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=../rig/lib.sh
. "$here/../rig/lib.sh"
export DOCKER_HOST="unix://${1#unix://}" DOCKER_BUILDKIT=0
shift

repository=ghcr.io/home-assistant/home-assistant
if [ $# -eq 0 ]; then
    set -- "$(sed -n "s|.*$repository:\([0-9.]*\).*|\1|p" "$here/../../desired-state/compose.versions.yaml")"
fi
for tag in "$@"; do
    [ -n "$tag" ] || die "compose.versions.yaml names no version of $repository"
    docker_client build -q -t "$repository:$tag" - >/dev/null <<END
FROM homeiq-test/app:1.0.0
ENV SERVICE=home-assistant VERSION=$tag PORT=8123 START_DELAY=2 STAMP=/config/versions
EXPOSE 8123
END
    say "made $repository:$tag"
done
