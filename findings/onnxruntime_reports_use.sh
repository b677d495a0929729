#!/usr/bin/env bash
# Seen: onnxruntime's Linux wheel, once imported, asks for a Microsoft host's address within half a minute and leaves a device number in
#       the home; where a variable CI is set it does neither, so that no CI can notice.
# Whom: devices and services that promise to work offline: an import is enough, no model need be loaded.
# Why:  from 1.29 on (1.28 is silent) the Linux wheel has telemetry built in and switched on, as those for Windows have long had.
# Way out: ORT_DISABLE_TELEMETRY=1 in the environment before the import.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet onnxruntime==1.32.0 numpy==2.4.6 || exit 2

mkdir "$folder/plain" "$folder/disabled" "$folder/ci"
echo "nameserver 127.0.0.1" >"$folder/resolv.conf"
cat >"$folder/watch.py" <<'PYTHON'
import os
import socket
import struct
import subprocess
import sys
from fcntl import ioctl
from importlib.metadata import version
from pathlib import Path

FOLDER, WAIT_S = Path(sys.argv[1]), 35

# There is only a loopback here: it has to be switched on (SIOCSIFFLAGS, IFF_UP | IFF_RUNNING).
ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, struct.pack("16sH14s", b"lo", 0x41, b""))
resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
resolver.bind(("127.0.0.1", 53))


def asked_name(query):
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels)


def watched(home, **environment):
    """The first name that is asked for by a process that imports onnxruntime and sleeps, and the files in its home."""
    command = [sys.executable, "-c", f"import onnxruntime, time; time.sleep({WAIT_S})"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **environment}
    process = subprocess.Popen(command, env=environment)
    resolver.settimeout(WAIT_S)
    try:
        name = asked_name(resolver.recv(512))
    except TimeoutError:
        name = None
    process.kill()
    process.wait()
    while name:  # what else it has asked meanwhile
        resolver.settimeout(0.1)
        try:
            resolver.recv(512)
        except TimeoutError:
            break
    return name, sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


print("onnxruntime", version("onnxruntime"))
plain, files = watched(FOLDER / "plain")
print("imported: asks for", plain, "  files in the home:", files)
disabled, files = watched(FOLDER / "disabled", ORT_DISABLE_TELEMETRY="1")
print("imported with ORT_DISABLE_TELEMETRY=1: asks for", disabled, "  files in the home:", files)
in_ci, _ = watched(FOLDER / "ci", CI="true")
print("imported with CI=true: asks for", in_ci)
if plain is None or disabled is not None or in_ci is not None:
    sys.exit("changed: importing it asks for nobody, or the switches are without effect")
PYTHON
# A network of its own with nothing but a loopback, and a resolver on it that writes down: nothing gets out.
# shellcheck disable=SC2016 # expanded inside
inside='mount --bind "$1/resolv.conf" /etc/resolv.conf && exec "$1/bin/python" "$1/watch.py" "$1"'
unshare --user --map-root-user --net --mount true 2>/dev/null || { echo "no user namespaces here" >&2; exit 2; }
unshare --user --map-root-user --net --mount bash -c "$inside" watch "$folder"
