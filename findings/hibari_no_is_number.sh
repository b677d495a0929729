#!/usr/bin/env bash
# Seen: hibari says "I said no." as "I said number", "She said no. He left." as "She said number he left", "fig." as figure.
# Whom: every English voice with it: a plain no is among the most frequent answers of an assistant, and its meaning is lost.
# Why:  "No." is in its lexicon as an abbreviation of number, and is looked up without a look at what follows.
# Way out: put a blank before the full stop of such words ("no ."), and write real abbreviations out before.
set -euo pipefail
export ORT_DISABLE_TELEMETRY=1 # it loads onnxruntime, which reports its use otherwise
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet hibari-tts==0.2.1 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from hibari.g2p import G2P

print("hibari-tts", version("hibari-tts"))
g2p = G2P()
number = g2p("number")
seen = {text: g2p(text) for text in ("I said no.", "Sorry, no.", "She said no. He left.", "I said no!", "I said no .")}
for text, phonemes in seen.items():
    print(f"{text}  ->  {phonemes}")
if not all(number in phonemes for phonemes in list(seen.values())[:3]):
    sys.exit("changed: no at the end of a sentence is no longer a number everywhere")
PYTHON
