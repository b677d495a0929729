#!/usr/bin/env bash
# Seen: wetext reads the hyphen of COVID-19, F-16 and GPT-4 as a minus sign: COVID负十九.
# Whom: every Mandarin voice that hands whole sentences to it; names of models, diseases and products are common in news and replies.
# Why:  its Mandarin grammar knows a sign before digits, and does not look at what stands before the sign.
# Way out: cut the text at Latin runs first, and give it only what is not joined to one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet wetext==0.1.8 kaldifst==1.8.3 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from wetext import Normalizer

print("wetext", version("wetext"), "kaldifst", version("kaldifst"))
normalizer = Normalizer(lang="zh", operator="tn")
seen = {text: normalizer.normalize(text) for text in ("COVID-19疫苗", "F-16战机", "用GPT-4写的", "今天-5度", "3-5天")}
for text, spoken in seen.items():
    print(f"{text}  ->  {spoken}")
if not all("负" in spoken for spoken in list(seen.values())[:3]):
    sys.exit("changed: a hyphen after Latin letters is no longer a minus sign everywhere")
PYTHON
