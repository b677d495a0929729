"""hibari's rules of English pronunciation over a mapped table instead of its own dicts. Imports hibari."""

import threading
from pathlib import Path
from typing import Any

from hibari.g2p import G2P, Lexicon, Tagger, Tokenizer
from hibari.g2p.oov import OOV

from tts_server.engines.english import word_tables
from tts_server.engines.english.sessions import session
from tts_server.text.linguistic.mapped_table import MappedTable


class SmallG2P(G2P):  # type: ignore[misc]  # hibari has no types
    """As hibari's own `G2P()`, in a fiftieth of its memory. Thread-safe."""

    def __init__(self, table: MappedTable, assets: Path) -> None:
        """assets: hibari's files."""
        gold, silver = (word_tables.Lexicon(table, prefix) for prefix in (word_tables.GOLD, word_tables.SILVER))
        self.lexicon = Lexicon(gold, silver, british=False)
        self.tokenizer = Tokenizer(word_tables.read_json(assets / "tokenizer_exceptions.json"))
        self.tagger = Tagger(word_tables.tagger_model(table))
        self.tagger.vocab = word_tables.Vocabulary(table)
        self.unk = ""
        self.british = False
        self._oov = UnknownWords(assets / "oov.onnx")


class UnknownWords:
    """The net for words that no lexicon has; loaded when the first of them comes. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loading = threading.Lock()
        self._net: Any = None

    def __call__(self, word: str) -> str | None:
        with self._loading:
            if self._net is None:
                self._net = OOV(str(self._path), session(self._path))
        said: str | None = self._net(word)
        return said
