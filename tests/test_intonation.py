import numpy as np
import pytest

from tests.listen.acoustics import contour as pitch_of
from tts_server.engine import Syllable
from tts_server.engines.baker.runtime import Nets
from tts_server.engines.baker.speaker import speak
from tts_server.intonation import (
    AFTER_FOCUS,
    EXCLAMATION,
    FALLING_QUESTION,
    FOCUS,
    FULL_STOP,
    PARTICLES,
    QUESTION,
    SUSPENDED,
    TRAILING_OFF,
    Ending,
    contour,
    ending,
)
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.segment import Segment
from tts_server.text.linguistic.utterance import Run


def runs_of(text: str) -> tuple[Run, ...]:
    return analyse(Segment(text, tuple(range(len(text) + 1)))).runs


def syllables(text: str) -> list[Syllable]:
    (run,) = runs_of(text)
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
        ("你去不去？", FALLING_QUESTION),
        ("他有没有来？", FALLING_QUESTION),
        ("你什么时候回来？", FALLING_QUESTION),
        ("这是什么？", FALLING_QUESTION),
        ("现在怎么办呢？", FALLING_QUESTION),
        ("谁在敲门？", FALLING_QUESTION),
        ("吃米饭还是面条？", FALLING_QUESTION),
        ("你什么时候回来。", FULL_STOP),
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
    assert FALLING_QUESTION.ramp < 0


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        ("你什么时候回来？", "什么"),
        ("花儿为什么这样红？", "为什么"),
        ("他有没有来过？", "有"),
        ("谁在敲门？", "谁"),
        ("吃米饭还是面条？", ""),
        ("你什么时候回来。", ""),
        ("你知道他是谁吗？", ""),
    ],
)
def test_what_is_asked_for_is_raised_and_what_follows_lowered(text: str, raised: str) -> None:
    said = syllables(text)
    moved = contour(said)
    assert "".join(s.char for s, by in zip(said, moved, strict=True) if by == FOCUS) == raised
    last = max((at for at, by in enumerate(moved) if by == FOCUS), default=len(said))
    assert all(by == AFTER_FOCUS for by in moved[last + 1 :])
    assert len(moved) == len(said)


@pytest.fixture(scope="module")
def nets() -> Nets:
    return Nets()


def end_st(nets: Nets, text: str) -> float:
    """The median of the last fifth of the pitch, in semitones."""
    audio = np.concatenate([chunk.samples for chunk in speak(nets, runs_of(text), lambda: 5.0)])
    _, pitch = pitch_of(audio.astype(np.float64), 24_000)
    return float(np.median(pitch[-max(1, len(pitch) // 5) :]))


def test_questions_rise_and_those_that_ask_for_something_fall(nets: Nets) -> None:
    asking = ("你什么时候回来", "谁在敲门", "你去不去", "他有没有来过", "你为什么不高兴", "今天多少度")
    yes_or_no = ("你明天上班", "他已经回家了", "门已经关上了", "空调已经开了")
    fall, rise = (
        float(np.median([end_st(nets, f"{text}？") - end_st(nets, f"{text}。") for text in texts]))
        for texts in (asking, yes_or_no)
    )
    assert fall <= -0.8
    assert rise >= 2.0
