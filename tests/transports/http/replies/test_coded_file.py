"""A file that is coded while its samples come."""

import io

import numpy as np
import pytest

from tests.support.decoding import decoded, similarity
from tts_server.audio.encode import FormatName, open_file_encoder
from tts_server.engine import Samples
from tts_server.errors import EngineFailed
from tts_server.transports.http.replies.coded_file import coded_file

RATE = 24_000
SOUND = (0.3 * np.sin(np.arange(2 * RATE) / RATE * 2 * np.pi * 220)).astype(np.float32)


async def coded(form: FormatName, chunk: int, samples: Samples = SOUND) -> bytes:
    async with coded_file(form, "tag") as file:
        for start in range(0, len(samples), chunk):
            await file.take(samples[start : start + chunk], RATE)
    return file.content


@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "aac"])
async def test_the_bytes_are_the_same_however_the_samples_come(form: FormatName) -> None:
    whole = io.BytesIO()
    encoder = open_file_encoder(form, RATE, whole, serial=1)
    encoder.encode(SOUND)
    encoder.finish()
    one, other = await coded(form, 100), await coded(form, 7001)
    assert one == other
    assert len(one) == len(whole.getvalue())
    assert similarity(decoded(one, RATE), SOUND) > 0.98


async def test_what_fails_while_samples_come_is_told_as_it_is() -> None:
    async def failing() -> None:
        async with coded_file("mp3", "tag") as file:
            await file.take(SOUND, RATE)
            raise EngineFailed("gone")

    with pytest.raises(EngineFailed, match="gone"):
        await failing()
