"""What a punctuation mark does to the end of a clause, as Mandarin does it, for models that know no marks. Pure.

A question without a particle rises; 吗, 呢 and 吧 say themselves that it is one, so it rises less. A question word, or
the verb of A不A, is raised, and what follows it falls, lower than a statement does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from tts_server.text.linguistic.utterance import Syllable


@dataclass(frozen=True, slots=True)
class Ending:
    """How far the end of a clause moves from a full stop's. All is reached at its last sound."""

    ramp: float = 0.0  # semitones
    energy: float = 0.0  # z
    gain: float = 0.0  # dB
    duration: float = 1.0  # factor


FULL_STOP: Final = Ending()
QUESTION: Final = Ending(ramp=2.7)
FALLING_QUESTION: Final = Ending(ramp=-1.0)
PARTICLES: Final = {"吗": Ending(ramp=1.0), "么": Ending(ramp=1.0), "呢": Ending(ramp=0.7), "吧": Ending(ramp=0.7)}
EXCLAMATION: Final = Ending(energy=0.35, gain=2.0)
TRAILING_OFF: Final = Ending(ramp=-1.2, energy=-0.4, gain=-4.0, duration=1.3)
SUSPENDED: Final = Ending(ramp=1.2)
ENDINGS: Final = {
    **{"！": EXCLAMATION, "!": EXCLAMATION, "…": TRAILING_OFF},
    **{"，": SUSPENDED, ",": SUSPENDED, "、": SUSPENDED, "：": SUSPENDED, ":": SUSPENDED},
}
QUESTION_MARKS: Final = frozenset("？?")
ASKING_WITH: Final = frozenset("么呢")  # end questions of either kind: 什么 and 怎么办呢 ask for something
FOCUS, AFTER_FOCUS = 1.5, -0.6  # semitones: what is asked for, and what is said after it
_ASKED: Final = re.compile(
    r"(?:什么|怎么样?|为什么|为何|多少|哪[里儿些]?|谁|啥|怎|咋|几|多[大久远长高重快]|是否|能否|可否)"
    r"|(?P<verb>.)[不没](?P=verb)|还是"
)


def ending(syllables: Sequence[Syllable]) -> Ending:
    """How a clause of these syllables ends."""
    mark, last = syllables[-1].punctuation, syllables[-1].char
    if mark not in QUESTION_MARKS:
        return ENDINGS.get(mark, FULL_STOP)
    asked = _asked(syllables)
    if last in PARTICLES and not (asked and last in ASKING_WITH):
        return PARTICLES[last]
    return FALLING_QUESTION if asked else QUESTION


def contour(syllables: Sequence[Syllable]) -> tuple[float, ...]:
    """How far each syllable of a clause moves for the sake of what is asked for: in semitones, the end not counted."""
    still = (0.0,) * len(syllables)
    if ending(syllables) is not FALLING_QUESTION or (found := _asked(syllables)) is None or found[0] == "还是":
        return still
    end = found.end("verb") if found["verb"] else found.end()
    places = list(accumulate((len(syllable.char) for syllable in syllables), initial=0))[:-1]
    return tuple(0.0 if at < found.start() else FOCUS if at < end else AFTER_FOCUS for at in places)


def _asked(syllables: Sequence[Syllable]) -> re.Match[str] | None:
    return _ASKED.search("".join(syllable.char for syllable in syllables))
