"""Makes english_words.bin from CMUdict's cmudict.dict. A development tool; nothing imports it.

python -m tts_server.text.english.build_lexicon cmudict.dict
"""

import re
import sys
import zlib
from pathlib import Path

from tts_server.text.english.arpabet import FIRST_CODE, PHONES


def pack(document: str) -> bytes:
    """The lexicon as `arpabet` reads it: sorted lines of word, tab, one byte a phone; compressed."""
    codes = {phone: FIRST_CODE + index for index, phone in enumerate(PHONES)}
    lines = {}
    for line in document.splitlines():
        word, _, said = line.partition(" ")
        if re.fullmatch("[a-z][a-z']+", word):  # variants such as "read(2)" and abbreviations are left out
            lines[word.encode()] = bytes(codes[phone] for phone in said.partition("#")[0].split())
    return zlib.compress(b"".join(word + b"\t" + lines[word] + b"\n" for word in sorted(lines)), 9)


if __name__ == "__main__":
    packed = pack(Path(sys.argv[1]).read_text("utf-8"))
    (Path(__file__).parent / "english_words.bin").write_bytes(packed)
