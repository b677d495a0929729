#!/usr/bin/env bash
# Seen: cn2an.transform(..., "cn2an") writes 四川 as 4川, 三里屯 as 3里屯, 七夕 as 7夕 and 十分高兴 as 10分高兴; 万一 and 千万 stay.
# Whom: voice assistants and subtitles that write recognised Mandarin with digits: a province loses its name, "very happy" becomes
#       ten points, and spoken again it is read so.
# Why:  every run of number characters is a number there; the words that hold one are known for a few of them only.
# Way out: cut the text into words first, and hand over only what the segmenter calls a number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet cn2an==0.5.24 || exit 2

"$folder/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import cn2an

print("cn2an", version("cn2an"))
expected = {"我家在四川": "我家在4川", "去三里屯吃饭": "去3里屯吃饭", "七夕快乐": "7夕快乐", "我十分高兴": "我10分高兴", "万一下雨": "万一下雨"}
seen = {text: cn2an.transform(text, "cn2an") for text in expected}
for text, written in seen.items():
    print(f"{text}  ->  {written}")
if seen != expected:
    sys.exit("changed: words with a number character in them are written otherwise now")
PYTHON
