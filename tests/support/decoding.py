"""Audio files back to samples, and how alike two signals are."""

import io

import av
import numpy as np

from tts_server.engine import Samples


def decoded(audio: bytes, sample_rate: int) -> Samples:
    """The samples (N,) of an audio file in any format that ffmpeg reads; one that ends early gives what it has."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=sample_rate)
    parts = [np.zeros(0, np.float32)]
    with av.open(io.BytesIO(audio)) as container:
        try:
            for frame in container.decode(audio=0):
                parts += [part.to_ndarray().reshape(-1) for part in resampler.resample(frame)]
        except (av.error.EOFError, av.error.InvalidDataError):
            pass
    parts += [part.to_ndarray().reshape(-1) for part in resampler.resample(None)]
    return np.concatenate(parts).astype(np.float32)


def similarity(heard: Samples, expected: Samples) -> float:
    """The best correlation of two signals over all shifts: 1 for the same audio, whatever a codec's delay."""
    size = 1 << (len(heard) + len(expected)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(expected, size))
    scale = float(np.linalg.norm(heard) * np.linalg.norm(expected)) or 1.0
    return float(np.fft.irfft(product, size).max()) / scale
