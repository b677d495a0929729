#!/usr/bin/env bash
# Seen: pypinyin writes 一起 with tone sandhi (yi4 qi3) and 一样 without (yi1 yang4); tone_sandhi=True leaves both as they are.
# Whom: whoever makes training data or a voice's input with it: 一 and 不 come in citation and in spoken tones, word by word.
# Why:  its dictionary of phrases holds both kinds, and the rules of tone_sandhi do not touch what came from the dictionary.
# Way out: set 一 to yi1 and 不 to bu4 wherever they stand, then apply sandhi once, by rules of your own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet pypinyin==0.55.0 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from collections import Counter
from importlib.metadata import version

from pypinyin import Style, lazy_pinyin
from pypinyin.phrases_dict import phrases_dict

SPOKEN = {"一起": "yi4 qi3", "一个": "yi2 ge4", "不是": "bu2 shi4"}
CITATION = {"一样": "yi1 yang4", "一天": "yi1 tian1", "一次": "yi1 ci4"}

print("pypinyin", version("pypinyin"))
seen = {}
for word in (*SPOKEN, *CITATION):
    plain, spoken = (" ".join(lazy_pinyin(word, style=Style.TONE3, tone_sandhi=on)) for on in (False, True))
    seen[word] = (plain, spoken)
    print(f"{word}  tone_sandhi=False: {plain:10}  tone_sandhi=True: {spoken}")
for char in "一不":
    tones = Counter(
        reading[0]
        for phrase, readings in phrases_dict.items()
        for written, reading in zip(phrase[:-1], readings)
        if written == char
    )
    print(f"{char} before another character, in the dictionary's phrases:", dict(tones))
if seen != {word: (pinyin, pinyin) for word, pinyin in (SPOKEN | CITATION).items()}:
    sys.exit("changed: these words are no longer read as if some had sandhi and some had not")
PYTHON
