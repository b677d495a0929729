"""The decoder's frames of a line, made only as far as the decoder has come: that saves a third of the first sound."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LATENT: Final = "latent"  # what the flow takes
OUTER: Final = "outer."  # begins the names of what else it takes: masks, all ones, and what the speaker adds
FIRST_FRAMES: Final = 64  # made at once, then
MORE_FRAMES: Final = 128  # at a time: what is around them is computed anew with each

Floats = NDArray[np.float32]


class Frames:
    """Frames (1, channels, T), read from their start. The blocks they are made in do not depend on who reads."""

    def __init__(self, flow: Any, latent: Floats, outer: Sequence[str], values: Sequence[Floats], reach: int) -> None:
        """flow: a session; None: `latent` holds the frames themselves. reach: frames that it looks back and ahead."""
        self._flow, self._latent, self._reach = flow, latent, reach
        self._outer, self._values = outer, values
        self._made: list[Floats] = [] if flow is not None else [latent]
        self._until = 0 if flow is not None else latent.shape[-1]

    @property
    def length(self) -> int:
        return int(self._latent.shape[-1])

    def read(self, start: int, end: int) -> Floats:
        """Frames [start, end)."""
        while self._until < end:
            self._made.append(self._block(self._until))
            self._until += self._made[-1].shape[-1]
        if len(self._made) > 1:
            self._made = [np.concatenate(self._made, axis=-1)]
        return self._made[0][..., start:end]

    def _block(self, start: int) -> Floats:
        end = min(self.length, start + (MORE_FRAMES if start else FIRST_FRAMES))
        first, last = max(0, start - self._reach), min(self.length, end + self._reach)
        given = {LATENT: self._latent[..., first:last], **around(self._outer, self._values, last - first)}
        frames: Floats
        (frames,) = self._flow.run(["frames"], given)
        return frames[..., start - first : end - first]


def around(names: Sequence[str], values: Sequence[Floats], frames: int) -> dict[str, Floats]:
    """The flow's other values for so many frames."""
    return {
        name: value if value.shape[-1] == 1 else np.ones((*value.shape[:-1], frames), np.float32)
        for name, value in zip(names, values, strict=True)
    }
