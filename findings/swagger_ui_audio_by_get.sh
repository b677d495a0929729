#!/usr/bin/env bash
# Seen: Swagger UI's "Execute" of a POST that answers with audio plays something else: the same address, asked for by GET, without the body.
# Whom: speech services whose /docs people try out: a 405 behind a player that stays at 0:00, or another sound than that of their request.
# Why:  its ResponseBody gives the request's address to <audio src>, whatever the method; images, in contrast, come from the answer itself.
# Way out: a plugin that wraps ResponseBody and plays the answer's own Blob (media-src blob: in a content security policy).
# Needs Chromium on the box (CHROMIUM=... names another program): apt install chromium
set -euo pipefail
chromium=${CHROMIUM:-$(command -v chromium || command -v google-chrome)} || exit 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet flask-swagger-ui==5.34.0 playwright==1.65.2 || exit 2

CHROMIUM="$chromium" "$folder/bin/python" - <<'PYTHON'
import json
import os
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import flask_swagger_ui
from playwright.sync_api import sync_playwright

DIST = Path(flask_swagger_ui.__file__).parent / "dist"
RATE, BYTES = 8000, 1600
WAV = b"RIFF" + struct.pack("<I", 36 + BYTES) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
WAV += b"data" + struct.pack("<I", BYTES) + bytes(BYTES)
ANSWER = {"200": {"description": "sound", "content": {"audio/wav": {}}}}
BODY = {"required": True, "content": {"application/json": {"example": {"text": "hello"}, "schema": {"type": "object"}}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "speech", "version": "1"},
    "paths": {"/speech": {"post": {"operationId": "say", "requestBody": BODY, "responses": ANSWER}}},
}
PAGE = f"""<link rel="stylesheet" href="swagger-ui.css"><div id="ui"></div><script src="swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({{spec: {json.dumps(DOCUMENT)}, dom_id: "#ui", tryItOutEnabled: true, deepLinking: false}})</script>"""
asked = []
by_get = threading.Event()


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(("POST", self.rfile.read(int(self.headers["content-length"])).decode()))
        self.send(WAV, "audio/wav")

    def do_GET(self):
        if self.path.startswith("/speech"):
            asked.append(("GET", ""))
            by_get.set()
            self.send_error(405)
        elif self.path == "/":
            self.send(PAGE.encode(), "text/html; charset=utf-8")
        elif (file := DIST / self.path.strip("/")).is_file():
            self.send(file.read_bytes(), f"text/{'css' if file.suffix == '.css' else 'javascript'}; charset=utf-8")
        else:
            self.send_error(404)

    def send(self, content, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("flask-swagger-ui", version("flask-swagger-ui"), "(Swagger UI of the same number)")
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    page.locator(".opblock-summary").click()
    page.locator("button.execute").click()
    page.locator(".responses-table.live-responses-table").wait_for()
    by_get.wait(10)
    sources = page.locator("audio source, audio[src]").evaluate_all("all => all.map(each => each.src)")
    browser.close()
print("the player's source:", sources)
print("what the server was asked:", asked)
if ("GET", "") not in asked:
    sys.exit("changed: the answer that came is what is played")
PYTHON
