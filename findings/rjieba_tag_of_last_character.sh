#!/usr/bin/env bash
# Seen: rjieba takes words that its dictionary lacks as what their last character is: the name 小爱 is a verb, because 爱 is one,
#       and "他拉上", he drew shut, is a direction, because 上 is one. jieba calls the name a name, and the drawing a verb.
# Whom: whoever tells names, verbs and particles apart by these tags, to read 得, 地, 了 and characters of several readings:
#       names that people give their assistants and children are in no dictionary.
# Why:  jieba's `posseg` cuts unknown stretches by a second model that knows parts of speech; here they are cut without one,
#       and a tag is looked up afterwards.
# Way out: believe a tag only of words that stand in the dictionary; ask jieba itself for the others, or take them as unknown.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet rjieba==0.2.2 jieba==0.42.1 || exit 2

TMPDIR=$folder "$folder/bin/python" -W ignore - <<'PYTHON'
import logging
import sys
from importlib.metadata import version

import jieba
import jieba.posseg
import rjieba

print("rjieba", version("rjieba"), "beside jieba", version("jieba"))
jieba.setLogLevel(logging.WARNING)
for sentence, word, last, whole in (("请叫小爱过来", "小爱", "v", "nr"), ("他拉上了窗帘", "拉上", "f", "v")):
    seen = rjieba.tag(sentence)
    beside = [(pair.word, pair.flag) for pair in jieba.posseg.cut(sentence)]
    print(f"{sentence}  rjieba: {seen}  jieba: {beside}")
    tags = [tag for found, tag in seen if found.endswith(word)]
    if tags != [last] or (word, whole) not in beside:
        sys.exit(f"changed: {word} is {tags}, no longer {last}")
PYTHON
