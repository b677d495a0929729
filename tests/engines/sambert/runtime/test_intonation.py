from dataclasses import replace

import numpy as np
import pytest

from tests.engines.spoken import run
from tts_server.engine import Break, Run, Word
from tts_server.engines.sambert.runtime.intonation import ended
from tts_server.engines.sambert.units.symbols import units
from tts_server.intonation import EXCLAMATION, FULL_STOP, QUESTION, TRAILING_OFF


def asked(pinyin: str, mark: str, chars: str = "") -> Run:
    said = run(pinyin)
    syllables = [replace(s, char=char) for s, char in zip(said.syllables, chars or "字" * 99, strict=False)]
    return replace(said, syllables=(*syllables[:-1], replace(syllables[-1], punctuation=mark)))


@pytest.mark.parametrize(("mark", "expected"), [("？", QUESTION), ("！", EXCLAMATION), ("…", TRAILING_OFF)])
def test_the_last_syllables_move_towards_the_mark(mark: str, expected: object) -> None:
    runs = (asked("ta1 yi3 jing1 hui2 jia1 le5.", mark),)
    spoken = units(runs, speaker="F7")
    how, near, moved = ended(runs, spoken)
    assert how == expected
    for share, unit in zip(near, spoken, strict=True):
        assert share == pytest.approx(max(0.0, (unit.start - 2) / 3))
    assert not moved.any()


def test_a_full_stop_and_an_end_in_english_stay_as_the_voice_has_learned_them() -> None:
    english = Run("en", "WiFi?", 6, 11, (Word("WiFi", 6, 10, phones="W AY1 . F AY0"),), break_after=Break.SENTENCE)
    for runs in ((asked("hui2 jia1 le5.", "。"),), (run("da3 kai1"), english)):
        how, near, moved = ended(runs, units(runs, speaker="F7"))
        assert how == FULL_STOP
        assert not near.any()
        assert not moved.any()


def test_only_the_last_clause_is_moved() -> None:
    runs = (asked("ni3 hao3, ni3 qu4 bu5 qu4.", "？", "你好你去不去"),)
    spoken = units(runs, speaker="F7")
    _, near, moved = ended(runs, spoken)
    first = np.array([unit.start < 2 for unit in spoken])
    assert not near[first].any()
    assert not moved[first].any()
    assert next(by for unit, by in zip(spoken, moved, strict=True) if unit.start == 3) > 0
    assert next(by for unit, by in zip(spoken, moved, strict=True) if unit.start == 5) < 0
