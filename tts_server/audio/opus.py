"""Opus packets, one after the other, as voice devices take them: no container. libopus comes with PyAV."""

from fractions import Fraction
from typing import Any, Final

import numpy as np

from tts_server.engine import Samples

RATES: Final = (8000, 16000, 24000, 48000)  # Hz, of those that we resample to
FRAME_MS: Final = (20, 40, 60)
BITRATE: Final = 32_000  # speech is transparent to most ears from 24 000 on
_DELAY_48K: Final = 312  # samples by which libopus lags, at 48 kHz
DELAY_S: Final = _DELAY_48K / 48_000


class OpusEncoder:
    """One stream of packets. Every packet holds `frame_samples`; what a decoder gives lags by `delay_samples`."""

    def __init__(self, sample_rate: int, frame_ms: int, bitrate: int = BITRATE) -> None:
        """sample_rate: one of RATES; frame_ms: one of FRAME_MS; bitrate: bits a second."""
        import av  # on first use: 20 MB and 0.1 s that a daemon without such listeners does not pay

        self._av: Any = av
        self.sample_rate = sample_rate
        self.frame_samples = sample_rate * frame_ms // 1000
        self.delay_samples = sample_rate * _DELAY_48K // 48_000
        self._position = 0
        self._codec: Any = av.codec.CodecContext.create("libopus", "w")
        self._codec.sample_rate = sample_rate
        self._codec.layout = "mono"
        self._codec.format = "flt"
        self._codec.bit_rate = bitrate
        self._codec.time_base = Fraction(1, sample_rate)
        self._codec.options = {"frame_duration": str(frame_ms), "application": "voip"}
        self._codec.open()

    def encode(self, samples: Samples) -> bytes:
        """The packet of exactly `frame_samples` samples (N,)."""
        assert len(samples) == self.frame_samples
        frame = self._av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[np.newaxis], np.float32), format="flt", layout="mono"
        )
        frame.sample_rate = self.sample_rate
        frame.pts = self._position
        self._position += len(samples)
        (packet,) = self._codec.encode(frame)
        return bytes(packet)
