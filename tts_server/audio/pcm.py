"""Samples to bytes and back: 16-bit PCM and WAV, mono."""

from typing import Final

import numpy as np

from tts_server.audio.wav import wav_header
from tts_server.engine import Samples

FULL_SCALE: Final = 32768  # both ways, so that bytes -> samples -> bytes is the identity


def to_s16le(samples: Samples) -> bytes:
    """Signed 16-bit little-endian PCM of float samples (N,); what exceeds -1..1 is clipped, NaN is silence."""
    scaled = np.rint(np.nan_to_num(np.clip(samples, -1.0, 1.0)) * np.float32(FULL_SCALE))
    pcm: bytes = np.minimum(scaled, FULL_SCALE - 1).astype("<i2").tobytes()
    return pcm


def from_s16le(pcm: bytes) -> Samples:
    """Float samples (N,) of signed 16-bit little-endian PCM. Raises ValueError on half a sample."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(FULL_SCALE)


def silence(seconds: float, sample_rate: int) -> Samples:
    """Zeros (N,) that last `seconds`, to the nearest sample."""
    return np.zeros(max(0, round(seconds * sample_rate)), np.float32)


def wav_bytes(samples: Samples, sample_rate: int) -> bytes:
    """A whole mono 16-bit WAV file of float samples (N,)."""
    pcm = to_s16le(samples)
    return wav_header(sample_rate, len(pcm)) + pcm
