#!/usr/bin/env bash
# Seen: wetext says 5km³ in Mandarin as 五千立方米, five thousand cubic metres: a million times too little.
# Whom: every Mandarin voice behind it, where reservoirs, lakes and eruptions are told of; nothing sounds odd, so nobody notices.
# Why:  km³ is not in its grammar; the k is taken as thousand, and m³ as the unit. km² is there.
# Way out: keep a table of units of your own, and ask the grammar only about what the table lacks.
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
seen = {text: normalizer.normalize(text) for text in ("5km³", "5km²", "5m³")}
for text, spoken in seen.items():
    print(f"{text}  ->  {spoken}")
if seen["5km³"] != "五千立方米":
    sys.exit("changed: 5km³ is no longer five thousand cubic metres")
PYTHON
