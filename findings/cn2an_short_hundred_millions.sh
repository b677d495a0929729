#!/usr/bin/env bash
# Seen: in its smart mode cn2an knows that 三万五 is 35,000 and 五千三 is 5,300; at 三亿五, 350 million, it raises a bare KeyError.
# Whom: whoever reads spoken sums of money or people, where 亿 with one digit behind it is as usual as 万 with one: the error is none
#       of the ValueErrors that the function promises, and passes by whoever catches those.
# Why:  the unit below the last one is looked up in a table without ten millions, the tenth of 亿.
# Way out: put 千万 behind such a digit (三亿五千万) before, and catch KeyError as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet cn2an==0.5.24 || exit 2

"$folder/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import cn2an

print("cn2an", version("cn2an"))


def read(text: str) -> object:
    try:
        return cn2an.cn2an(text, "smart")
    except Exception as error:
        return repr(error)


seen = {text: read(text) for text in ("五千三", "三万五", "三亿五", "三亿五千万")}
for text, number in seen.items():
    print(f"{text}  ->  {number}")
if seen != {"五千三": 5300, "三万五": 35000, "三亿五": "KeyError(10000000)", "三亿五千万": 350000000}:
    sys.exit("changed: hundreds of millions with one digit behind them are read otherwise now")
PYTHON
