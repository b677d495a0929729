#!/usr/bin/env bash
# Seen: hibari drops full-width punctuation (，。？) without a word, and takes "open.Please" for one sentence: pauses and question tones vanish.
# Whom: voices for texts that mix Chinese and English, and replies of language models, which often lack the space after a full stop.
# Why:  it knows ASCII marks and a few of typography, and a sentence ends at a mark with a space behind it.
# Way out: translate the marks to ASCII ones with a space behind each before calling it.
set -euo pipefail
export ORT_DISABLE_TELEMETRY=1 # it loads onnxruntime, which reports its use otherwise
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet hibari-tts==0.2.1 onnxruntime==1.32.0 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from hibari import Hibari

TEXTS = ("The door is open. Please close it.", "The door is open.Please close it.", "The door is open。Please close it。")

print("hibari-tts", version("hibari-tts"))
voice = Hibari()
seconds = []
for text in TEXTS:
    sentences = list(voice.phonemize(text))
    seconds.append(len(voice(text, seed=0)) / voice.sample_rate)
    print(f"{text}  ->  {sentences}, {seconds[-1]:.2f} s")
counts = [len(list(voice.phonemize(text))) for text in TEXTS]
if counts != [2, 1, 1] or "." in "".join(voice.phonemize(TEXTS[2])) or seconds[2] > seconds[0] - 0.3:
    sys.exit("changed: full-width marks, or full stops without a space, are heard now")
PYTHON
