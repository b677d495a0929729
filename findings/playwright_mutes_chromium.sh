#!/usr/bin/env bash
# Seen: a page that plays sound is not heard in the Chromium that Playwright starts without a window, although its AudioContext runs on.
# Whom: tests that record what a page plays (a PulseAudio null sink, PipeWire): an empty recording, and no error anywhere.
# Why:  --mute-audio is among the arguments that Playwright adds by itself when there is no window.
# Way out: launch(ignore_default_args=["--mute-audio"]).
# Needs Chromium on the box (CHROMIUM=... names another program): apt install chromium
set -euo pipefail
chromium=${CHROMIUM:-$(command -v chromium || command -v google-chrome)} || exit 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet playwright==1.65.2 || exit 2

CHROMIUM="$chromium" "$folder/bin/python" - <<'PYTHON'
import os
import sys
from importlib.metadata import version

from playwright.sync_api import sync_playwright

print("playwright", version("playwright"))
muted = {}
with sync_playwright() as playwright:
    for ignored in (None, ["--mute-audio"]):
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"], ignore_default_args=ignored
        )
        page = browser.new_page()
        page.goto("chrome://version")
        muted[str(ignored)] = "--mute-audio" in page.locator("#command_line").inner_text()
        browser.close()
for ignored, is_muted in muted.items():
    print(f"ignore_default_args={ignored}: {'muted' if is_muted else 'heard'}")
if muted != {"None": True, "['--mute-audio']": False}:
    sys.exit("changed: Playwright leaves the sound on")
PYTHON
