#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: a container engine, Compose, a registry, a static shell for the
# test images, Alembic, Git, ssh, the network tools, systemd's judge of units and a linker for Native AOT. Says what it does;
# silent when nothing is missing.
#
#   tests/rig/install.sh           install what is missing (Debian 12, root)
#   tests/rig/install.sh --check   only say what is missing; exit 1 when something is
set -euo pipefail

# Looked up by command or file, not by package: an engine that came from elsewhere is as good.
missing_packages() {
    have dockerd && have containerd && have runc || echo docker.io
    have docker || [ -x /usr/bin/docker ] || echo docker.io
    have docker-compose || echo docker-compose
    have docker-registry || echo docker-registry
    have busybox && busybox_is_static || echo busybox-static
    have git || echo git
    have ssh || echo openssh-client
    have sshd || echo openssh-server
    have iptables || echo iptables
    have ip || echo iproute2
    have nsenter || echo util-linux
    have script || echo bsdutils
    have curl || echo curl
    have jq || echo jq
    [ -d /usr/lib/python3/dist-packages/alembic ] || echo python3-alembic
    have systemd-analyze || echo systemd
    have gcc || have clang || echo gcc
    [ -e /usr/include/zlib.h ] || echo zlib1g-dev
}

have() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

# The images are made of this one file, so it must need no library.
busybox_is_static() { ! ldd "$(command -v busybox)" >/dev/null 2>&1; }

mapfile -t packages < <(missing_packages | sort -u)
wants_dotnet=
have dotnet || wants_dotnet=1

if [ "${#packages[@]}" -eq 0 ] && [ -z "$wants_dotnet" ]; then
    exit 0
fi

if [ -n "$wants_dotnet" ]; then
    echo "install: the .NET SDK 10 is missing; it is not in Debian: install it from https://dot.net and put 'dotnet' on the PATH" >&2
fi

if [ "${1:-}" = --check ]; then
    [ "${#packages[@]}" -eq 0 ] || echo "install: missing Debian packages: ${packages[*]}" >&2
    exit 1
fi

if [ "${#packages[@]}" -gt 0 ]; then
    by_hand="apt-get install --no-install-recommends ${packages[*]}"
    if [ ! -e /etc/debian_version ] || ! have apt-get; then
        echo "install: this is no Debian; the tests need what these Debian 12 packages hold: ${packages[*]}" >&2
        exit 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        echo "install: not root; run as root: $by_hand" >&2
        exit 1
    fi

    # A package must not start a service: every engine of the tests is private and is ended by its test.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f "$policy"' EXIT
    fi

    log=$(mktemp)
    run_apt() {
        DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null >>"$log" 2>&1
    }
    echo "install: apt-get install ${packages[*]}"
    # The lists of a fresh machine are absent or stale, hence the second try after an update.
    if ! run_apt install --no-install-recommends "${packages[@]}" &&
        ! { run_apt update && run_apt install --no-install-recommends "${packages[@]}"; }; then
        cat "$log" >&2
        echo "install: failed; by hand: $by_hand" >&2
        exit 1
    fi
    rm -f "$log"

    # Where systemd runs, keep the packages' own services from starting at the next boot.
    if [ -d /run/systemd/system ]; then
        for package in "${packages[@]}"; do
            case $package in
                docker.io) systemctl disable -q docker.service docker.socket containerd.service 2>/dev/null || true ;;
                openssh-server) systemctl disable -q ssh.service ssh.socket 2>/dev/null || true ;;
                docker-registry) systemctl disable -q docker-registry.service 2>/dev/null || true ;;
            esac
        done
    fi

    mapfile -t packages < <(missing_packages | sort -u)
    if [ "${#packages[@]}" -gt 0 ]; then
        echo "install: still missing after the installation: ${packages[*]}" >&2
        exit 1
    fi
fi

[ -z "$wants_dotnet" ]
