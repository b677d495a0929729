"""Opus packets, decoded by the decoder that comes with them."""

import subprocess
import sys

import av
import numpy as np
import pytest

from tests.support.audio import tone
from tts_server.audio.opus import FRAME_MS, RATES, OpusEncoder


def decoded(packets: list[bytes]) -> np.ndarray:
    """What a listener hears, at 48 kHz."""
    decoder = av.codec.CodecContext.create("libopus", "r")
    decoder.sample_rate = 48_000
    decoder.layout = "mono"
    heard = [frame.to_ndarray()[0] for packet in packets for frame in decoder.decode(av.Packet(packet))]
    return np.concatenate(heard).astype(np.float32) / 32768


@pytest.mark.parametrize("frame_ms", FRAME_MS)
@pytest.mark.parametrize("rate", RATES)
def test_each_frame_is_one_packet_and_sounds_like_what_went_in(rate: int, frame_ms: int) -> None:
    encoder = OpusEncoder(rate, frame_ms)
    samples = tone(1.2, rate, hertz=300)
    frames = samples.reshape(-1, encoder.frame_samples)
    heard = decoded([encoder.encode(frame) for frame in frames])
    assert len(heard) == 1.2 * 48_000
    delay = round(encoder.delay_samples * 48_000 / rate)
    wanted, heard = tone(1.2, 48_000, hertz=300)[: len(heard) - delay], heard[delay:]
    assert np.corrcoef(wanted[4800:], heard[4800:])[0, 1] > 0.9


def test_the_bitrate_is_kept_to() -> None:
    speech = np.random.default_rng(1).normal(0, 0.1, 48_000).astype(np.float32)
    sizes = {}
    for bitrate in (12_000, 48_000):
        encoder = OpusEncoder(24_000, 20, bitrate)
        sizes[bitrate] = sum(len(encoder.encode(frame)) for frame in speech.reshape(-1, encoder.frame_samples))
        assert sizes[bitrate] * 8 / 2 == pytest.approx(bitrate, rel=0.2)
    assert sizes[12_000] < sizes[48_000]


def test_nothing_is_loaded_before_the_first_stream() -> None:
    code = "import sys, tts_server.audio.opus; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
