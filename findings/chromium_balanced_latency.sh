#!/usr/bin/env bash
# Seen: an AudioContext with latencyHint "balanced" gets the same buffer as "interactive": 10 ms, where 0.03 gives 32 and "playback" 20 or more.
# Whom: pages that play speech and ask for "balanced" so that a busy tablet does not stutter: they get what games get.
# Why:  not known to us; the Web Audio API lets a browser choose what balanced means, seen here with and without a sound server.
# Way out: give latencyHint as a number of seconds, and look at baseLatency.
# Needs Chromium on the box (CHROMIUM=... names another program): apt install chromium
set -euo pipefail
chromium=${CHROMIUM:-$(command -v chromium || command -v google-chrome)} || exit 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet playwright==1.65.2 || exit 2

CHROMIUM="$chromium" "$folder/bin/python" - <<'PYTHON'
import os
import sys

from playwright.sync_api import sync_playwright

HINTS = ["interactive", "balanced", "playback", 0.03, 0.06]
LATENCY = """hints => hints.map(hint => {
    const context = new AudioContext({latencyHint: hint, sampleRate: 24000});
    const {baseLatency} = context;
    context.close();
    return baseLatency;
})"""
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    print("Chromium", browser.version)
    found = dict(zip(HINTS, browser.new_page().evaluate(LATENCY, HINTS)))
    browser.close()
for hint, seconds in found.items():
    print(f"latencyHint {hint!r:14} baseLatency {1000 * seconds:5.1f} ms")
if found["balanced"] > 1.2 * found["interactive"]:
    sys.exit("changed: balanced has a larger buffer than interactive")
PYTHON
