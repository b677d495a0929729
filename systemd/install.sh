#!/usr/bin/env bash
# Puts tts-server on a box, takes it away again, for `make install`, `make uninstall` and the Containerfile:
#     install.sh program | units | start | uninstall
#   PREFIX     where the program goes (/opt/tts-server)
#   UNITS      where the units go (/etc/systemd/system)
#   DESTDIR    put in front of both, for a look or a package: nothing is started then
#   PYTHON     the Python of its environment (python3)
#   LAYERS     lock layers to install (base build)
#   ENGINES    requirements file with engines of others (/etc/tts-server/engines.txt), if it is there
#   KEEP       releases to keep besides the new one (1): the one before, for a way back
# Every install is a release in a folder of its own. PREFIX/bin leads to it only when it is whole, so an install that
# fails, or a power cut, leaves the old one at work. Settings, voices and cache are elsewhere and stay.
set -euo pipefail

sources=$(cd "$(dirname "$0")/.." && pwd)
prefix=${PREFIX:-/opt/tts-server}
units=${UNITS:-/etc/systemd/system}
root=${DESTDIR:-}$prefix
UNIT_FILES="tts-server.service tts-server.socket"

install_program() {
    release=$root/releases/$(date -u +%Y%m%dT%H%M%SZ)-$$
    trap 'rm -rf "$release"' EXIT
    mkdir -p "$release"
    echo "==> Making a Python environment in $release"
    "${PYTHON:-python3}" -m venv "$release"
    # shellcheck disable=SC2086
    bash "$sources/requirements/install.sh" "$release/bin/python" ${LAYERS-base build}
    echo "==> Installing tts-server itself"
    "$release/bin/python" -m pip --disable-pip-version-check --no-input install --quiet \
        --no-deps --no-index --no-build-isolation "$sources"
    install_engines
    "$release/bin/tts-server" --version
    trap - EXIT
    ln -sfn "releases/$(basename "$release")/bin" "$root/bin.new"
    mv -T "$root/bin.new" "$root/bin"
    remove_old_releases "$(basename "$release")"
}

# Engines of others, named in a requirements file of the owner's, come into every release. They may not change what the
# locks pin; one that cannot be had fails the install, and the release before stays at work.
install_engines() {
    local engines=${ENGINES:-${DESTDIR:-}/etc/tts-server/engines.txt}
    if [ -f "$engines" ]; then
        echo "==> Installing the engines of $engines"
        "$release/bin/python" -m pip --disable-pip-version-check freeze --exclude tts-server >"$release/locked.txt"
        "$release/bin/python" -m pip --disable-pip-version-check --no-input install --quiet \
            --only-binary :all: --constraint "$release/locked.txt" --requirement "$engines"
    fi
}

remove_old_releases() {
    local name kept=0
    for name in $(cd "$root/releases" && ls -1r); do
        if [ "$name" != "$1" ]; then
            kept=$((kept + 1))
            if [ "$kept" -gt "${KEEP:-1}" ]; then
                rm -rf "$root/releases/${name:?}"
            fi
        fi
    done
}

install_units() {
    local file
    mkdir -p "${DESTDIR:-}$units"
    for file in $UNIT_FILES; do
        sed "s#/opt/tts-server/#$prefix/#g" "$sources/systemd/$file" >"${DESTDIR:-}$units/$file"
    done
    echo "==> Units in ${DESTDIR:-}$units: $UNIT_FILES"
}

# Whether there is a systemd that should act on what was installed.
has_systemd() {
    [ -z "${DESTDIR:-}" ] && [ -d /run/systemd/system ]
}

start() {
    if has_systemd; then
        systemctl daemon-reload
        systemctl enable tts-server.socket tts-server.service
        systemctl restart tts-server.service
        systemctl --no-pager --lines 0 status tts-server.service || true
        check_ready
    else
        echo "==> Nothing was started: this is not a running system with systemd"
    fi
}

# Started is not speaking: with a mistake in the configuration the service waits for its correction.
check_ready() {
    if ! CONFIGURATION_DIRECTORY=/etc/tts-server "$root/bin/tts-server" doctor --only ready; then
        echo "error: it is installed and runs, but it cannot speak; see above, and 'systemctl status tts-server'" >&2
        return 1
    fi
    echo "==> It is ready to speak"
}

uninstall() {
    local file
    if has_systemd; then
        systemctl disable --now tts-server.socket tts-server.service || true
    fi
    for file in $UNIT_FILES; do
        rm -f "${DESTDIR:-}$units/$file"
    done
    rm -rf "${root:?}/releases" "${root:?}/bin"
    rmdir --ignore-fail-on-non-empty "$root" 2>/dev/null || true
    if has_systemd; then
        systemctl daemon-reload
    fi
    echo "==> Gone. Yours and still there, if it was made: /etc/tts-server, /var/lib/tts-server, /var/cache/tts-server"
}

for step in "$@"; do
    case $step in
        program) install_program ;;
        units) install_units ;;
        start) start ;;
        uninstall) uninstall ;;
        *)
            echo "install.sh: there is no step '$step'; there are program, units, start, uninstall" >&2
            exit 2
            ;;
    esac
done
