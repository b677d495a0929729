import asyncio
import io
import wave

import pytest

from tts_server.audio.wav import wav_header
from tts_server.errors import AudioGone, EngineBusy, TextTooLong
from tts_server.transports.http.replies.stored_audio import HEADER_BYTES, StoredAudio


def keep(store: StoredAudio, pcm: bytes) -> str:
    with store.record() as recording:
        recording.add(pcm)
        return recording.keep(16000)


async def test_a_kept_recording_is_a_whole_wav() -> None:
    store = StoredAudio(10_000, 60)
    audio_id = keep(store, b"\1\2" * 300)
    with wave.open(io.BytesIO(store.get(audio_id).wav)) as wav:
        assert (wav.getframerate(), wav.getnframes(), wav.readframes(300)) == (16000, 300, b"\1\2" * 300)
    store.clear()


async def test_an_id_tells_nothing_about_the_next() -> None:
    store = StoredAudio(100_000, 60)
    ids = {keep(store, b"\0\0") for _ in range(100)}
    assert len(ids) == 100
    assert all(len(audio_id) >= 20 for audio_id in ids)  # 128 bits or more
    store.clear()


async def test_the_oldest_make_room_for_the_newest() -> None:
    store = StoredAudio(1000, 60)
    first, second, third = (keep(store, bytes(400)) for _ in range(3))
    with pytest.raises(AudioGone):
        store.get(first)
    assert len(store.get(second).wav) == len(store.get(third).wav) == HEADER_BYTES + 400
    assert store.used_bytes <= 1000
    store.clear()


async def test_a_recording_longer_than_the_store_is_refused_and_leaves_nothing() -> None:
    store = StoredAudio(1000, 60)
    with store.record() as recording:
        recording.add(bytes(400))
        with pytest.raises(TextTooLong):
            recording.add(bytes(600))
    assert store.used_bytes == 0


async def test_recordings_at_the_same_time_share_the_bytes() -> None:
    store = StoredAudio(1000, 60)
    with store.record() as one, store.record() as other:
        one.add(bytes(800))
        with pytest.raises(EngineBusy):
            other.add(bytes(800))
    assert store.used_bytes == 0


async def test_a_reply_is_gone_when_its_time_is_over() -> None:
    store = StoredAudio(1000, 0.01)
    audio_id = keep(store, b"\0\0")
    is_over = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, is_over.set)  # after the store's own timer
    await is_over.wait()
    with pytest.raises(AudioGone):
        store.get(audio_id)
    assert store.used_bytes == 0


async def test_an_unknown_id_is_gone() -> None:
    with pytest.raises(AudioGone):
        StoredAudio(1000, 60).get("../../etc/passwd")


def test_the_header_has_the_size_that_recordings_leave_for_it() -> None:
    assert len(wav_header(48000, 2**31)) == HEADER_BYTES
