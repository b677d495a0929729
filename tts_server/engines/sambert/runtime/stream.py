"""An utterance on its way from score to samples, a chunk at a time. Any chunks give the samples of the whole.

The mel is made in blocks of one length whatever the chunks: a matrix product's last bits depend on its size, and the
phase of an NSF voice sums up the last bits of f0.
"""

from typing import Final

import numpy as np

from tts_server.engine import Samples
from tts_server.engines.sambert.runtime.closing import FADE_S, Closing, End, faded, levels_of, risen
from tts_server.engines.sambert.runtime.graphs import DecoderInputs, Floats, Nets
from tts_server.engines.sambert.runtime.source import Source, seeded_source

BLOCK_STEPS: Final = 4  # decoder steps between two runs of the postnet


class Stream:
    """One utterance being spoken. It holds all that is remembered between chunks; the nets are shared."""

    def __init__(
        self, nets: Nets, score: DecoderInputs, source: Source | None = None, closing: Closing | None = None
    ) -> None:
        """source: of NSF voices, in place of a seeded one. closing: None gives all frames, untouched at both ends."""
        self._nets, self._score = nets, score
        shape, vocoder = nets.pack.acoustic, nets.pack.vocoder
        self._group, self._n_mels = shape.outputs_per_step, shape.num_mels
        self._decoder = nets.decoder(score)
        self._decoded: Floats = np.zeros((0, shape.num_mels), np.float32)  # waits for the postnet
        self._refined = 0  # frames that the postnet has taken
        self._mel: Floats = np.zeros((0, shape.num_mels), np.float32)  # waits for the vocoder
        self._vocoded = 0  # frames that the vocoder has taken
        self._closing = closing
        self._levels = [np.zeros(0)]  # of the mel's frames
        self._end = None if closing is not None and score.frames else End(score.frames)  # None: not known yet
        self._fade = -(-round(FADE_S * nets.pack.sample_rate) // vocoder.hop_length)  # frames
        self._made = 0  # samples
        self._postnet_state, self._vocoder_state = nets.postnet.initial_state, nets.vocoder.initial_state
        self._lookahead = -(-nets.vocoder.lag // vocoder.hop_length)  # frames
        self._source = source
        if vocoder.harmonics and source is None:
            self._source = seeded_source(vocoder.harmonics, nets.pack.sample_rate, vocoder.hop_length)

    @property
    def is_done(self) -> bool:
        return self._end is not None and self._vocoded == self._end.length

    @property
    def end(self) -> End:
        """Where the utterance ends; final once `is_done`."""
        return self._end or End(self._score.frames)

    def next(self, frames: int) -> Samples:
        """The samples of the next `frames` frames, fewer or a few more at the end. None are left when `is_done`."""
        lookahead = 0 if self._vocoded else self._lookahead
        until = self._vocoded + max(1, frames) + lookahead
        self._find_end(until)
        until = min(self.end.length, until)
        if until == self._vocoded:
            return np.zeros(0, np.float32)
        mel = self._nets.in_hertz(self.next_mel(until - self._vocoded))
        sines = None
        if self._source is not None:
            sines = self._source.make(mel[:, -2], mel[:, -1])
            mel = mel[:, :-2]
        self._vocoded = until
        samples, self._vocoder_state = self._nets.vocode(mel, sines, self._vocoder_state, self.is_done)
        return samples if self._closing is None else self._with_soft_ends(samples)

    def next_mel(self, frames: int) -> Floats:
        """The next frames of the mel (frames, n_mels), f0 and uv as the net gives them. There must be so many."""
        self._have(frames)
        taken, self._mel = self._mel[:frames], self._mel[frames:]
        return taken

    def _have(self, frames: int) -> None:
        """Let so many frames of the mel wait for the vocoder."""
        while len(self._mel) < frames:
            self._mel = np.concatenate([self._mel, self._refine()])

    def _find_end(self, until: int) -> None:
        """See where the utterance ends, once the frames up to `until` may be part of its end."""
        if self._end is None and self._closing is not None and until >= self._closing.earliest - self._fade:
            self._have(self._closing.latest - self._vocoded)
            self._end = self._closing.end(np.concatenate(self._levels))

    def _with_soft_ends(self, samples: Samples) -> Samples:
        rate, hop = self._nets.pack.sample_rate, self._nets.pack.vocoder.hop_length
        first, self._made = self._made, self._made + len(samples)
        samples = samples if first else risen(samples, rate)
        return faded(samples, first, self._end.length * hop, rate) if self._end and self._end.is_loud else samples

    def _refine(self) -> Floats:
        """The mel's next block."""
        lag = 0 if self._refined else self._nets.postnet.lag
        until = min(self._score.frames, self._refined + BLOCK_STEPS * self._group + lag)
        decoded, self._refined = self._decode(until - self._refined), until
        is_last = until == self._score.frames
        mel, self._postnet_state = self._nets.postnet.run({"decoded": decoded}, self._postnet_state, is_last)
        if self._closing is not None:
            self._levels.append(levels_of(mel if self._source is None else mel[:, :-2]))
        return mel

    def _decode(self, frames: int) -> Floats:
        """The next frames of the decoder, (frames, n_mels)."""
        missing = -(-(frames - len(self._decoded)) // self._group)
        decoded = np.concatenate([self._decoded, self._decoder.next(missing)]) if missing > 0 else self._decoded
        taken, self._decoded = decoded[:frames], decoded[frames:]
        return taken
