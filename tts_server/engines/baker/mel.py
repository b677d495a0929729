"""The mel of a clause, made only as far as the vocoder has come: half of its work is not needed for a first chunk."""

from typing import Final

import numpy as np

from tts_server.engines.baker.runtime import REACH, Floats, Nets
from tts_server.engines.baker.shape import ACOUSTIC

BLOCK_FRAMES: Final = 20  # at once, after the first ones: a frame costs more in shorter blocks


class Mel:
    """A mel that is read once, from its start to its end."""

    def __init__(self, nets: Nets, decoded: Floats, kept: slice) -> None:
        """decoded: of the whole clause, (1, hidden, 1, T); kept: the frames that are wanted."""
        start = max(0, kept.start - REACH)
        self._lead = kept.start - start  # frames that are only there for those after them
        self._decoded = decoded[..., start : kept.stop + REACH]
        self._postnet, self._state = nets.postnet, nets.postnet.initial_state
        self._ready: Floats = np.zeros((1, ACOUSTIC.n_mels, 1, 0), np.float32)
        self._fed = self._given = 0
        self.length: int = kept.stop - kept.start

    def read(self, count: int) -> Floats:
        """The next `count` frames, (1, n_mels, 1, count)."""
        if self._ready.shape[-1] < count:
            self._make(self._given + count)
        mel, self._ready = self._ready[..., :count], self._ready[..., count:]
        self._given += count
        return mel

    def _make(self, until: int) -> None:
        """Have the frames up to `until` ready."""
        fed, total, needed = self._fed, self._decoded.shape[-1], self._lead + until + REACH
        self._fed = min(total, max(needed, fed + BLOCK_FRAMES) if fed else needed)
        mel, self._state = self._postnet(self._decoded[..., fed : self._fed], self._state, is_last=self._fed == total)
        made = mel if fed else mel[..., self._lead :]
        self._ready = np.concatenate([self._ready, made], axis=-1)
