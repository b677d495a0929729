import numpy as np
import pytest

from tts_server.engines.baker.intonation import ended
from tts_server.engines.baker.prosody import controls
from tts_server.engines.baker.runtime import Nets
from tts_server.engines.baker.speaker import speak
from tts_server.intonation import FULL_STOP, TRAILING_OFF
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.segment import Segment
from tts_server.text.linguistic.utterance import Prosody


def test_only_the_end_is_moved_and_what_is_asked_for() -> None:
    wanted = [controls(Prosody("happy"))] * 3
    moved = ended(wanted, TRAILING_OFF, np.array([0.0, 0.5, 1.0]), [1.5, 0.0, 0.0])
    assert (moved[0].energy, moved[0].gain, moved[0].duration) == (
        wanted[0].energy,
        wanted[0].gain,
        wanted[0].duration,
    )
    assert [after.f0 - before.f0 for after, before in zip(moved, wanted, strict=True)] == [1.5, 0.0, 0.0]
    assert moved[2].gain - wanted[2].gain == pytest.approx(2 * (moved[1].gain - wanted[1].gain))
    assert ended(wanted, FULL_STOP, np.zeros(3), [0.0] * 3) is wanted


def test_marks_change_the_sound_and_a_full_stop_changes_nothing(nets: Nets) -> None:
    def said(mark: str) -> bytes:
        text = f"他已经回家了{mark}"
        runs = analyse(Segment(text, tuple(range(len(text) + 1)))).runs
        return b"".join(chunk.samples.tobytes() for chunk in speak(nets, runs, lambda: 5.0))

    assert said("。") == said("")
    assert len({said(mark) for mark in "。？！…，"}) == 5
