#!/usr/bin/env bash
# Seen: marisa_trie finds "\0" in a BytesTrie that has no such key, and "pea\0" where only "pear" and "peas" are: it gives their values.
# Whom: whoever looks up text of strangers in a trie (dictionaries of readings, of words): one NUL in it reads as other words do.
# Why:  a NUL ends keys inside of the trie, and a key to look up is not checked for it.
# Way out: ask for keys without NUL only.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet marisa-trie==1.4.1 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from marisa_trie import BytesTrie

print("marisa-trie", version("marisa-trie"))
trie = BytesTrie([("apple", b"1"), ("apply", b"2"), ("pear", b"3"), ("peas", b"4")])
for key in ("apple", "pea", "\0", "pea\0"):
    print(f"{key!r:10} in the trie: {key in trie}  get: {trie.get(key)}")
if not trie.get("\0") or trie.get("pea") is not None:
    sys.exit("changed: a NUL is no longer found where it is not")
PYTHON
