"""What a punctuation mark does to the units of a clause. Pure."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.baker.prosody import Controls
from tts_server.intonation import Ending


def ended(
    wanted: Sequence[Controls], end: Ending, near: NDArray[np.float64], moved: Sequence[float]
) -> Sequence[Controls]:
    """The controls of each unit with what the mark asks for.

    near: 0 far from the end of the clause, 1 at it, (U,). moved: semitones, (U,).
    """
    if end == Ending() and not any(moved):
        return wanted
    return [
        replace(
            unit,
            f0=unit.f0 + semitones,
            ramp=unit.ramp + end.ramp,  # it is weighted where it is used
            energy=unit.energy + end.energy * share,
            gain=unit.gain + end.gain * share,
            duration=unit.duration * (1 + (end.duration - 1) * share),
        )
        for unit, share, semitones in zip(wanted, near.tolist(), moved, strict=True)
    ]
