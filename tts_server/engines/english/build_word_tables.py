"""Makes `hibari_words.marisa` of the files of the installed hibari (development only).

python -m tts_server.engines.english.build_word_tables
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tts_server.engines.english import word_tables
from tts_server.engines.english.word_tables import GOLD, KNOWN, MADE_OF, SEVERAL, SILVER, TAG, TAGS, WEIGHTS
from tts_server.text.linguistic.mapped_table import pack


def build(assets: Path) -> bytes:
    """The file's content."""
    gold, silver, tagger = (word_tables.read_json(assets / name) for name in word_tables.ASSETS)
    tags = tagger["tags"]
    return pack(
        [
            (MADE_OF, word_tables.made_of(assets)),
            (TAGS, " ".join(tags).encode("ascii")),
            *_lexicon(GOLD, gold),
            *_lexicon(SILVER, silver),
            *((TAG + word, tag.encode("ascii")) for word, tag in tagger["tagdict"].items()),
            *((KNOWN + word, b"") for word in tagger["vocab"]),
            *((WEIGHTS + name, word_tables.pack_weights(of, tags)) for name, of in tagger["weights"].items()),
        ]
    )


def _lexicon(prefix: str, words: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    for word, readings in words.items():
        if isinstance(readings, str):
            if readings.encode().startswith(SEVERAL):
                raise ValueError(f"{word} is read {readings}")
            yield prefix + word, readings.encode()
        else:
            yield prefix + word, json.dumps(readings, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    word_tables.FILE.write_bytes(build(word_tables.assets()))
