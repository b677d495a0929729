#!/usr/bin/env bash
# Seen: piper makes two sentences of "Dr. Smith lives here.": "doctor", with the fall and the pause of an ending, and the rest.
#       "Mr. T. came" and "No. 5 is red" are torn in the same way; "e.g. this" and "U.S. army" are not.
# Whom: every English voice by it: names with a title and numbers of houses and platforms; who streams by sentences gets "doctor"
#       as a piece of sound of its own.
# Why:  espeak-ng knows the abbreviation as a word, and still ends a clause at its full stop where a capital or a digit follows;
#       piper makes a sentence of each such clause.
# Way out: write such titles out ("Doctor Smith"), or without the full stop, before the text is handed over.
set -euo pipefail
export ORT_DISABLE_TELEMETRY=1 # it loads onnxruntime, which reports its use otherwise
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet piper-tts==1.8.0 || exit 2

"$folder/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

from piper.phonemize_espeak import EspeakPhonemizer

print("piper-tts", version("piper-tts"))
phonemizer = EspeakPhonemizer()
expected = {"Dr. Smith lives here.": 2, "Mr. T. came.": 2, "No. 5 is red.": 2, "Doctor Smith lives here.": 1, "U.S. army.": 1}
seen = {text: ["".join(sentence) for sentence in phonemizer.phonemize("en-us", text)] for text in expected}
for text, sentences in seen.items():
    print(f"{text}  ->  {sentences}")
if {text: len(sentences) for text, sentences in seen.items()} != expected:
    sys.exit("changed: the full stop of an abbreviation makes other sentences now")
PYTHON
