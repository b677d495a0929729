"""Filled pauses, "uh": some voices say where one belongs, and then it is put before that unit as three units more."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.sambert.units.symbols import Unit, encode

FILLERS: Final = (("ge", "en_c"), ("ga", "a_c"), ("ge", "e_c"))  # of the predictor's classes 1 to 3; each ends with #3
UNITS: Final = 3  # of each

Integers = NDArray[np.int64]


def filler_units() -> Integers:
    """Ids of all fillers, (fillers, 3, 4)."""
    ids = []
    for onset, final in FILLERS:
        units = (
            Unit(onset, "tone5", "s_begin", "word_begin", "emotion_neutral", "F7"),
            Unit(final, "tone5", "s_end", "word_end", "emotion_neutral", "F7"),
            Unit("#3", "tone_none", "s_none", "word_none", "emotion_neutral", "F7"),
        )
        ids.append(encode(units, ("F7",))[:, :4])
    return np.stack(ids)


def filled(classes: Integers) -> tuple[Integers, Integers]:
    """classes: (U,), 0 for no filler before a unit. Returns, for each of the units with fillers among them, where its
    text is, (U',): a row of the U units, the fillers' units behind them; and the unit that it is or stands before.
    """
    rows: list[int] = []
    owners: list[int] = []
    for unit, kind in enumerate(classes):
        if kind:
            first = len(classes) + UNITS * (int(kind) - 1)
            rows += range(first, first + UNITS)
            owners += [unit] * UNITS
        rows.append(unit)
        owners.append(unit)
    return np.array(rows, np.int64), np.array(owners, np.int64)
