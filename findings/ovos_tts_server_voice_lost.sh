#!/usr/bin/env bash
# Seen: ovos-tts-plugin-server never sends the voice that is set in mycroft.conf: its request has lang and utterance only.
# Whom: whoever has several voices on a TTS server and sets one in the assistant: the server's default one speaks.
# Why:  get_tts puts the configured voice into its parameters, and takes it out again unless the call itself named one.
# Way out: make the wanted voice the server's default one, or let the server choose by language.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet ovos-tts-plugin-server==0.0.5 || exit 2

HOME=$folder "$folder/bin/python" - <<'PYTHON'
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from ovos_tts_plugin_server import OVOSServerTTS

asked = []


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(parse_qs(urlsplit(self.path).query))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"RIFF")

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
tts = OVOSServerTTS(config={"host": address, "lang": "en-us", "voice": "ours"})
with tempfile.NamedTemporaryFile() as file:
    tts.get_tts("Hello.", file.name, lang="en-us")
print("ovos-tts-plugin-server", version("ovos-tts-plugin-server"))
print('configured: voice "ours"   asked of the server:', asked)
if not asked or "voice" in asked[0]:
    sys.exit("changed: the configured voice is sent")
PYTHON
