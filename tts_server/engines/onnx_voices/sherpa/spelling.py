"""How a model writes Mandarin syllables, learned from its own lexicon.

A lexicon gives tokens for characters, whole syllables ("zhong1") or pieces ("zh ong1", "zh ong 1"), sometimes with
marks around ("^", "#0"). Whichever it is, the tokens of a character, put together, spell its pinyin; so the lexicon is
also a table from pinyin to tokens. It is asked for readings of our front end; its own choice of readings is not used.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tts_server.engines.onnx_voices.clauses.pinyin import FINALS_OF_ZERO, parts_of

NO_SOUND: Final = re.compile(r"#\d|[\^_~]|sil|sp")
SYLLABLE: Final = re.compile(r"[a-zü]{1,7}[1-5]")
MEANT: Final = {"shei": "shui"}  # icefall's lexicons know no shei
LEAST: Final = 300  # syllables with tones of a whole lexicon: there are about 1300

Key = tuple[str, str, str]  # initial, final, tone


@dataclass(frozen=True, slots=True)
class Spelling:
    """Tokens of each syllable."""

    syllables: Mapping[str, tuple[str, ...]]  # by "initial final tone"
    _neutral: str = field(default="5", init=False)

    def __post_init__(self) -> None:
        # a lexicon made without neutral tones writes the first in their place, and so its model learned them
        if not any(name.endswith(" 5") for name in self.syllables):
            object.__setattr__(self, "_neutral", "1")

    def tokens(self, pinyin: str) -> Sequence[str]:
        """Of "zhong1"; () for a syllable that the model cannot write."""
        plain = MEANT.get(pinyin[:-1], pinyin[:-1]) if not self._has(pinyin) else pinyin[:-1]
        initial, final, tone, is_retroflex = parts_of(plain + pinyin[-1:])
        tone = self._neutral if tone == "5" else tone
        found = self._find(initial, final, tone)
        return (*found, *self._find("", "er", "5" if self._neutral == "5" else "2")) if is_retroflex else found

    def _has(self, pinyin: str) -> bool:
        initial, final, tone, _ = parts_of(pinyin)
        return _name(initial, final, tone) in self.syllables

    def _find(self, initial: str, final: str, tone: str) -> tuple[str, ...]:
        for other in (tone, *"12345"):  # a wrong tone is better than a syllable left out
            if found := self.syllables.get(_name(initial, final, other)):
                return found
        return ()


def learn(entries: Iterable[tuple[str, Sequence[str]]]) -> dict[str, tuple[str, ...]]:
    """From a lexicon's words and their tokens: those of its single characters. {} where they spell no pinyin."""
    learned: dict[str, tuple[str, ...]] = {}
    seen = 0
    for word, tokens in entries:
        if len(word) != 1 or not "\u4e00" <= word <= "\u9fff":
            continue
        seen += 1
        written = (
            "".join(token for token in tokens if not NO_SOUND.fullmatch(token)).replace("ü", "v").replace("u:", "v")
        )
        if SYLLABLE.fullmatch(written):
            initial, final, tone, _ = parts_of(_spelled(written))
            learned.setdefault(_name(initial, final, tone), tuple(tokens))
    return learned if len(learned) >= min(LEAST, seen // 2) and learned else {}


def _spelled(written: str) -> str:
    """As pinyin is written: tokens may have finals of their own ("iii" behind zh, "uei" in place of wei)."""
    plain = re.sub("i{2,3}$", "i", written[:-1])
    return FINALS_OF_ZERO.get(plain, plain) + written[-1]


def _name(initial: str, final: str, tone: str) -> str:
    return f"{initial} {final} {tone}"
