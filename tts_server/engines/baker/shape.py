"""The shapes of the voice's nets: what nets, graphs and run time must agree on."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AcousticShape:
    """Of FastSpeech2, as published with the wheel."""

    symbols: int = 219
    positions: int = 2049  # the first is never used: units and frames are counted from 1
    hidden: int = 256
    layers: int = 3
    heads: int = 2
    head_size: int = 16
    feed_forward: int = 1024
    postnet: int = 512
    n_mels: int = 80
    norm_eps: float = 1e-5

    @property
    def max_frames(self) -> int:
        return self.positions - 1


@dataclass(frozen=True, slots=True)
class VocoderShape:
    """Of multi-band MelGAN, as published with the wheel."""

    n_mels: int = 80
    channels: tuple[int, ...] = (384, 192, 96, 48)
    upsampling: tuple[int, ...] = (3, 5, 5)
    dilations: tuple[int, ...] = (1, 3, 9, 27)
    bands: int = 4
    filterbank_taps: int = 16  # inputs of each of the filterbank's four phases
    leak: float = 0.2
    hop_length: int = 300  # samples a frame: the product of the upsampling and the bands
    sample_rate: int = 24_000  # Hz

    @property
    def macs_per_frame(self) -> int:
        """Multiply-adds of a mel frame."""
        macs, rate = 7 * self.n_mels * self.channels[0], 1  # rate: columns a frame, at the layer
        for before, after, factor in zip(self.channels, self.channels[1:], self.upsampling, strict=False):
            macs += 2 * before * after * factor * rate
            rate *= factor
            macs += 5 * after * after * len(self.dilations) * rate
        return macs + rate * self.bands * (7 * self.channels[-1] + self.bands * self.filterbank_taps)


ACOUSTIC: Final = AcousticShape()
VOCODER: Final = VocoderShape()
