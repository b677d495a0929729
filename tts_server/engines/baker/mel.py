"""The mel of a clause, made only as far as the vocoder has come: half of its work is not needed for a first chunk."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.baker.runtime import REACH, Floats, Nets
from tts_server.engines.baker.shape import ACOUSTIC

BLOCK_FRAMES: Final = 40  # at once, after the first ones: a frame costs more in shorter blocks
QUIET_DB: Final = -42.0  # below the clause's loudest frame, as a mel tells it; what is heard is 8 dB further down
QUIET_FRAMES: Final = 3  # kept of what follows: the vocoder, cut right behind a sound, makes a click of it
LOUD_END_DB: Final = -36.0  # a mel that ends above this would end with a click
DB_PER_UNIT: Final = 13.5  # of the vocoder's level for a unit of mel, over 370 clauses in all emotions
LOUDEST_BANDS: Final = 8  # whose mean follows the level best


@dataclass(frozen=True, slots=True)
class Kept:
    """Which frames of a clause are wanted."""

    start: int
    speech_end: int  # where the model's closing silence begins; the last sound dies away in it
    earliest_end: int  # at least so much is kept, though it be silent
    latest_end: int  # and no more, though it be loud


class Mel:
    """A mel that is read once, from its start to where the last sound has died away."""

    def __init__(self, nets: Nets, decoded: Floats, kept: Kept) -> None:
        """decoded: of the whole clause, (1, hidden, 1, T)."""
        start = max(0, kept.start - REACH)
        self._lead = kept.start - start  # frames that are only there for those after them
        self._decoded = decoded[..., start:]
        self._postnet, self._state = nets.postnet, nets.postnet.initial_state
        self._ready: Floats = np.zeros((1, ACOUSTIC.n_mels, 1, 0), np.float32)
        self._levels: list[NDArray[np.float64]] = []  # of the frames made
        self._fed = self._made = self._given = 0
        self._speech = kept.speech_end - kept.start
        self._earliest = kept.earliest_end - kept.start
        self._latest = min(kept.latest_end, decoded.shape[-1]) - kept.start
        self._length: int | None = None
        self._heard = 0
        self.ends_loud = False  # final once all is read

    @property
    def is_read(self) -> bool:
        """Whether there is nothing left to read."""
        return self._given == self._length

    @property
    def given(self) -> int:
        """Frames read so far."""
        return self._given

    @property
    def tail(self) -> int:
        """Frames read of the closing silence."""
        return self._given - self._speech

    @property
    def silent(self) -> int:
        """Frames read behind the last one that is heard, once all is read."""
        return max(0, self._given - self._heard)

    def read(self, count: int) -> Floats:
        """The next `count` frames, fewer where the clause ends: (1, n_mels, 1, count)."""
        wanted = self._given + count
        if wanted >= self._speech and self._length is None:
            self._make(self._latest)
            self._length = self._quiet_from()
        wanted = wanted if self._length is None else min(wanted, self._length)
        if self._made < wanted:
            self._make(wanted)
        count, self._given = wanted - self._given, wanted
        mel, self._ready = self._ready[..., :count], self._ready[..., count:]
        return mel

    def _make(self, until: int) -> None:
        """Have the frames up to `until` ready."""
        fed, total, needed = self._fed, self._decoded.shape[-1], self._lead + until + REACH
        self._fed = min(total, max(needed, fed + BLOCK_FRAMES) if fed else needed)
        if self._fed == fed:
            return
        mel, self._state = self._postnet(self._decoded[..., fed : self._fed], self._state, is_last=self._fed == total)
        made = mel if fed else mel[..., self._lead :]
        self._levels.append(_levels(made))
        self._made += made.shape[-1]
        self._ready = np.concatenate([self._ready, made], axis=-1)

    def _quiet_from(self) -> int:
        """The end of the last frame that is heard, or the latest end. The model's frames may end while still loud."""
        levels = np.concatenate(self._levels)[: self._latest]
        levels -= levels[: self._speech].max()
        self._heard = int(np.flatnonzero(levels > QUIET_DB)[-1]) + 1
        end: int = min(self._latest, max(self._earliest, self._heard + QUIET_FRAMES))
        self.ends_loud = bool(levels[end - 1] > LOUD_END_DB)
        return end


def _levels(mel: Floats) -> NDArray[np.float64]:
    """How loud each frame will be, in dB with an offset. mel: (1, n_mels, 1, T) to (T,)."""
    loudest: NDArray[np.float64] = np.sort(mel[0, :, 0], axis=0)[-LOUDEST_BANDS:].mean(axis=0, dtype=np.float64)
    return loudest * DB_PER_UNIT
