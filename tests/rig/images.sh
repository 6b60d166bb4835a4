#!/usr/bin/env bash
# Makes the test images in an engine, out of nothing but the machine's static busybox: no registry, no download.
#
#   images.sh SOCKET        SOCKET is a path or unix://path
#
#   homeiq-test/app:1.0.0 1.1.0 1.2.0    good ones that differ in what they say of themselves
#   homeiq-test/app:bad-never-healthy    answers 503
#   homeiq-test/app:bad-crash            exits 1 a second after it listens
#   homeiq-test/app:bad-body             healthy for Docker; its body says "degraded"
#   homeiq-test/app:slow-3 slow-60       listens after so many seconds
#   homeiq-test/job:1.0.0                exits 0 at once
#   influxdb:2.7.12 2.8.0                answers as InfluxDB does on 8086 and writes into /var/lib/influxdb2
#
# How the application behaves is in its environment (app/run says what there is), so a container can differ from its
# image. Images that are there and made by this very recipe are left as they are.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

[ $# -eq 1 ] || die "usage: images.sh SOCKET"
export DOCKER_HOST="unix://${1#unix://}"
here=$(dirname "$(readlink -f "$0")")
busybox=$(command -v busybox) || die "busybox is missing; run install.sh"
recipe=$(cat "$busybox" "$here/images.sh" "$here"/app/* | sha256sum | cut -c1-16)
known=$(docker_client image ls --filter "label=homeiq-test.recipe=$recipe" --format '{{.Repository}}:{{.Tag}}')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

make_root() {
    mkdir -p "$root"/{app,bin,data,dev,etc,proc,root,run,sys,usr/bin,usr/local/bin,var/lib/influxdb2,etc/influxdb2}
    mkdir -m 1777 "$root/tmp"
    cp "$busybox" "$root/bin/busybox"
    busybox --list | grep -vx busybox | while read -r applet; do ln -s busybox "$root/bin/$applet"; done
    # The machine's own busybox has no setuid bit; whoever the container runs as, it can run all of these.
    install -m 755 "$here"/app/{run,answer,get} "$root/app/"
    install -m 755 "$here/app/bash" "$root/bin/bash"
    install -m 755 "$here/app/curl" "$root/usr/bin/curl"
    install -m 755 "$here/app/python" "$root/usr/local/bin/python"
    ln -s /usr/local/bin/python "$root/usr/local/bin/python3"
    ln -s /usr/local/bin/python "$root/usr/bin/python"
    ln -s /usr/local/bin/python "$root/usr/bin/python3"
    ln -s /bin/busybox "$root/usr/bin/env"
    printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/data:/bin/sh\nappuser:x:1001:1001:appuser:/data:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\ndocker:x:999:\napp:x:1000:\nappuser:x:1001:\n' >"$root/etc/group"
    mkdir -m 777 "$root/app/data"
    chmod 777 "$root/data" "$root/var/lib/influxdb2"
    tar -C "$root" --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -cf "$work/root.tar" .
}

# image TAG INSTRUCTION…
image() {
    local tag=$1 changes=() instruction
    shift
    if grep -qxF -- "$tag" <<<"$known"; then
        return
    fi
    [ -e "$work/root.tar" ] || make_root
    for instruction in 'ENTRYPOINT ["/app/run"]' 'ENV PATH=/usr/local/bin:/usr/bin:/bin' "LABEL homeiq-test.recipe=$recipe" "$@"; do
        changes+=(--change "$instruction")
    done
    docker_client import "${changes[@]}" "$work/root.tar" "$tag" >/dev/null
    say "made $tag"
}

app() { image "homeiq-test/app:$1" "ENV VERSION=$1" 'ENV PORT=8080' 'EXPOSE 8080' 'WORKDIR /app' "${@:2}"; }

influxdb() {
    image "influxdb:$1" "ENV VERSION=$1" 'ENV PORT=8086' 'ENV SERVICE=influxdb' 'ENV STAMP=/var/lib/influxdb2/versions' \
        "ENV HEALTH_BODY='{\"name\":\"influxdb\",\"message\":\"ready for queries and writes\",\"status\":\"pass\",\"checks\":[],\"version\":\"v$1\",\"commit\":\"0000000000\"}'" \
        'EXPOSE 8086' 'VOLUME /var/lib/influxdb2' 'VOLUME /etc/influxdb2'
}

app 1.0.0
app 1.1.0
app 1.2.0
app bad-never-healthy 'ENV NEVER_HEALTHY=1'
app bad-crash 'ENV CRASH_AFTER=1'
app bad-body "ENV HEALTH_BODY='{\"status\":\"degraded\",\"dependencies\":{\"sqlite\":{\"status\":\"error\"}}}'"
app slow-3 'ENV START_DELAY=3'
app slow-60 'ENV START_DELAY=60'
image homeiq-test/job:1.0.0 'ENV VERSION=1.0.0' 'ENV SERVICE=job' 'ENV EXIT=0'
influxdb 2.7.12
influxdb 2.8.0
