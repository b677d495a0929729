import numpy as np
import pytest

from tts_server.engine import Syllable
from tts_server.engines.baker.intonation import (
    EXCLAMATION,
    FULL_STOP,
    PARTICLES,
    QUESTION,
    SUSPENDED,
    TRAILING_OFF,
    Ending,
    ended,
    ending,
)
from tts_server.engines.baker.prosody import controls
from tts_server.engines.baker.runtime import Nets
from tts_server.engines.baker.speaker import speak
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.segment import Segment
from tts_server.text.linguistic.utterance import Prosody


def syllables(text: str) -> list[Syllable]:
    (run,) = analyse(Segment(text, tuple(range(len(text) + 1)))).runs
    return list(run.syllables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他回家了。", FULL_STOP),
        ("他回家了", FULL_STOP),
        ("他回家了？", QUESTION),
        ("他回家了?", QUESTION),
        ("“他回家了？”", QUESTION),
        ("他回家了？！", QUESTION),
        ("你有什么吃的吗？", PARTICLES["吗"]),
        ("妈妈呢？", PARTICLES["呢"]),
        ("你去吧？", PARTICLES["吧"]),
        ("你去不去？", FULL_STOP),
        ("他有没有来？", FULL_STOP),
        ("你什么时候回来？", FULL_STOP),
        ("谁在敲门？", FULL_STOP),
        ("吃米饭还是面条？", FULL_STOP),
        ("太好了！", EXCLAMATION),
        ("我想……", TRAILING_OFF),
        ("回家了，", SUSPENDED),
    ],
)
def test_the_mark_and_the_words_say_how_a_clause_ends(text: str, expected: Ending) -> None:
    assert ending(syllables(text)) == expected


def test_a_question_rises_more_without_a_particle_and_a_suspended_clause_a_little() -> None:
    assert QUESTION.ramp > PARTICLES["吗"].ramp > PARTICLES["吧"].ramp > 0
    assert QUESTION.ramp > SUSPENDED.ramp > 0 > TRAILING_OFF.ramp


def test_only_the_end_is_moved() -> None:
    wanted = [controls(Prosody("happy"))] * 3
    moved = ended(wanted, TRAILING_OFF, np.array([0.0, 0.5, 1.0]))
    assert (moved[0].energy, moved[0].gain, moved[0].duration) == (
        wanted[0].energy,
        wanted[0].gain,
        wanted[0].duration,
    )
    assert moved[2].gain - wanted[2].gain == pytest.approx(2 * (moved[1].gain - wanted[1].gain))
    assert ended(wanted, FULL_STOP, np.zeros(3)) is wanted


def test_marks_change_the_sound_and_a_full_stop_changes_nothing(nets: Nets) -> None:
    def said(mark: str) -> bytes:
        text = f"他已经回家了{mark}"
        runs = analyse(Segment(text, tuple(range(len(text) + 1)))).runs
        return b"".join(chunk.samples.tobytes() for chunk in speak(nets, runs, lambda: 5.0))

    assert said("。") == said("")
    assert len({said(mark) for mark in "。？！…，"}) == 5
