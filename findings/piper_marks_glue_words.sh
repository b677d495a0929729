#!/usr/bin/env bash
# Seen: piper-tts says "Wait… what?" as wˈeɪtwˌʌt: behind …, ..., and full-width ，。？ mark and space are gone, and two words become one.
# Whom: whoever speaks texts of language models, which are full of "…" and "...", or texts with Chinese marks: no pause, and a word nobody knows.
# Why:  only . ? ! , : ; come back from espeak-ng as ends of clauses; at other marks the clause ends without a sign, and the next is put right behind.
# Way out: write … and ... as a comma or a full stop, and full-width marks as ASCII ones with a space, before the text is given to piper.
set -euo pipefail
export ORT_DISABLE_TELEMETRY=1 # it loads onnxruntime, which reports its use otherwise
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" &&
    "$folder/bin/pip" install --quiet piper-tts==1.8.0 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from piper.phonemize_espeak import EspeakPhonemizer

print("piper-tts", version("piper-tts"))
phonemizer = EspeakPhonemizer()


def said(text):
    return " | ".join("".join(sentence) for sentence in phonemizer.phonemize("en-us", text))


print(f"Wait, what?  -> {said('Wait, what?')}")
for text in ("Wait… what?", "Wait... what?", "Wait， what?"):
    print(f"{text}  -> {said(text)}")
    if " " in said(text):
        sys.exit(f"changed: {text!r} is two words now")
PYTHON
