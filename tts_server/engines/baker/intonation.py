"""What a punctuation mark does to the end of a clause, as Mandarin does it. Pure.

The model was trained on statements and does not know marks. A question without a particle rises; 吗, 呢 and 吧 say
themselves that it is one, so it rises less; with A不A, 还是 or a question word it falls as a statement does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Syllable
from tts_server.engines.baker.prosody import Controls


@dataclass(frozen=True, slots=True)
class Ending:
    """How far the end of a clause moves from a full stop's. All is reached at its last sound."""

    ramp: float = 0.0  # semitones
    energy: float = 0.0  # z
    gain: float = 0.0  # dB
    duration: float = 1.0  # factor


FULL_STOP: Final = Ending()
QUESTION: Final = Ending(ramp=2.7)
PARTICLES: Final = {"吗": Ending(ramp=1.0), "么": Ending(ramp=1.0), "呢": Ending(ramp=0.7), "吧": Ending(ramp=0.7)}
EXCLAMATION: Final = Ending(energy=0.35, gain=2.0)
TRAILING_OFF: Final = Ending(ramp=-1.2, energy=-0.4, gain=-4.0, duration=1.3)
SUSPENDED: Final = Ending(ramp=1.2)
ENDINGS: Final = {
    **{"！": EXCLAMATION, "!": EXCLAMATION, "…": TRAILING_OFF},
    **{"，": SUSPENDED, ",": SUSPENDED, "、": SUSPENDED, "：": SUSPENDED, ":": SUSPENDED},
}
QUESTION_MARKS: Final = frozenset("？?")
_FALLING: Final = re.compile(r"什么|啥|谁|哪|怎|咋|为何|多少|几|还是|多[大久远长高重快]|(.)[不没]\1|是否|能否|可否")


def ending(syllables: Sequence[Syllable]) -> Ending:
    """How a clause of these syllables ends."""
    mark = syllables[-1].punctuation
    if mark not in QUESTION_MARKS:
        return ENDINGS.get(mark, FULL_STOP)
    if particle := PARTICLES.get(syllables[-1].char):
        return particle
    return FULL_STOP if _FALLING.search("".join(syllable.char for syllable in syllables)) else QUESTION


def ended(wanted: Sequence[Controls], end: Ending, near: NDArray[np.float64]) -> Sequence[Controls]:
    """The controls of each unit with what the end of the clause asks for. near: 0 far from the end, 1 at it, (U,)."""
    if end == FULL_STOP:
        return wanted
    return [
        replace(
            unit,
            ramp=unit.ramp + end.ramp,  # it is weighted where it is used
            energy=unit.energy + end.energy * share,
            gain=unit.gain + end.gain * share,
            duration=unit.duration * (1 + (end.duration - 1) * share),
        )
        for unit, share in zip(wanted, near.tolist(), strict=True)
    ]
