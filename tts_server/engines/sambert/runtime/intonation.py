"""What the mark at the end of a sentence does to its units: the voices know breaks, but no marks. Pure."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Break, Run, Syllable
from tts_server.engines.sambert.units.symbols import Unit
from tts_server.intonation import FULL_STOP, Ending, contour, ending

RAMP_SYLLABLES: Final = 3  # over which an ending is reached

Floats = NDArray[np.float32]


def ended(runs: Sequence[Run], spoken: Sequence[Unit]) -> tuple[Ending, Floats, Floats]:
    """How a sentence of these runs ends; how near each unit is to the end, 0 to 1; semitones that it is moved by.

    A clause inside a sentence ends as the voice has learned it, and so does English.
    """
    said = _last_clause(runs)
    how = ending(said) if said else FULL_STOP
    if how == FULL_STOP:
        return FULL_STOP, np.zeros(len(spoken), np.float32), np.zeros(len(spoken), np.float32)
    near = [max(0.0, 1 - left / RAMP_SYLLABLES) for left in range(len(said))][::-1]
    places = {(syllable.start, syllable.end): index for index, syllable in enumerate(said)}
    owners = [places.get((unit.start, unit.end), -1) for unit in spoken]
    shares, moved = (
        np.array([*values, 0.0], np.float32)[owners]  # -1: none of these syllables
        for values in (near, contour(said))
    )
    return how, shares, moved


def _last_clause(runs: Sequence[Run]) -> list[Syllable]:
    """The syllables behind the last break inside the sentence; none where it ends in another language."""
    found: list[Syllable] = []
    for run in reversed(runs):
        if not run.syllables:
            break
        for syllable in reversed(run.syllables):
            if found and syllable.break_after >= Break.CLAUSE:
                return found[::-1]
            found.append(syllable)
    return found[::-1]
