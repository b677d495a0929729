"""The voice, heard by Home Assistant's own roads."""

import asyncio
import io
import wave
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from conftest import Daemon, Start, added
from homeassistant.components import tts
from homeassistant.components.media_source import async_resolve_media
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession

SENTENCE = "今天天气很好，我们去公园走走吧。"
ENTITY = "tts.tts_server"


async def say(hass: HomeAssistant, text: str, language: str = "zh-CN", **options: Any) -> bytes:
    """The samples that `tts.speak` would hand to a player that wants WAV."""
    identity = tts.generate_media_source_id(
        hass, text, ENTITY, language, {"preferred_format": "wav", **options}, cache=False
    )
    extension, audio = await tts.async_get_media_source_audio(hass, identity)
    assert extension == "wav"
    assert audio[:4] == b"RIFF"
    return audio[44:]


async def by_http(hass: HomeAssistant, port: int, text: str, **fields: Any) -> bytes:
    """The same of the box itself."""
    body = {"text": text, "format": "pcm", **fields}
    async with async_get_clientsession(hass).post(f"http://127.0.0.1:{port}/api/tts", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


def entity_of(hass: HomeAssistant) -> tts.TextToSpeechEntity:
    """The entity itself."""
    found = hass.data[tts.DATA_COMPONENT].get_entity(ENTITY)
    assert isinstance(found, tts.TextToSpeechEntity)
    return found


async def streamed(hass: HomeAssistant, text: AsyncGenerator[str], **options: Any) -> AsyncGenerator[bytes]:
    """What the entity gives while a text is written."""
    request = tts.TTSAudioRequest("zh-CN", {"preferred_format": "wav", **options}, text)
    response = await entity_of(hass).async_stream_tts_audio(request)
    async for part in response.data_gen:
        yield part


async def heard_until(hass: HomeAssistant, happens: Callable[[], Awaitable[None]]) -> None:
    """Listen to a text that is never whole; something happens with its second part."""

    async def written() -> AsyncGenerator[str]:
        yield SENTENCE
        await asyncio.Event().wait()

    parts = 0
    async for _ in streamed(hass, written()):
        parts += 1
        if parts == 2:
            await happens()


async def test_every_option_is_heard_as_the_box_says_it(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port)
    neutral = await say(hass, SENTENCE)
    assert neutral == await by_http(hass, daemon.port, SENTENCE)
    for options in (
        {"emotion": "happy"},
        {"emotion": "happy", "intensity": 0.5},
        {"speed": 1.5},
        {"pitch": 3},
        {"volume": -6},
        {"voice": "baker||sad"},
    ):
        heard = await say(hass, SENTENCE, **options)
        assert heard == await by_http(hass, daemon.port, SENTENCE, **options), options
        assert heard != neutral, options
    english = await say(hass, "The kettle is on.", "en-US")
    assert english == await by_http(hass, daemon.port, "The kettle is on.", voice="heart")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_languages_voices_and_the_default_of_the_options(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port, options={"emotion": "happy"})
    entity = entity_of(hass)
    assert entity.supported_languages == ["en-US", "zh-CN"]
    assert entity.default_language == "zh-CN"
    voices = {voice.voice_id: voice.name for voice in entity.async_get_supported_voices("zh-CN")}
    assert next(iter(voices)) == "baker"
    assert voices["baker||happy"] == "baker (happy 开心)"
    assert await say(hass, SENTENCE) == await by_http(hass, daemon.port, SENTENCE, emotion="happy")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_sound_comes_while_the_text_is_being_written(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port)
    heard = asyncio.Event()

    async def written() -> AsyncGenerator[str]:
        for character in SENTENCE:
            yield character
        await asyncio.wait_for(heard.wait(), 20)
        yield SENTENCE

    parts = []
    async for part in streamed(hass, written()):
        parts.append(part)
        if len(parts) > 1:
            heard.set()
    spoken = b"".join(parts[1:])
    whole = await by_http(hass, daemon.port, SENTENCE * 2)
    assert abs(len(spoken) - len(whole)) < 48_000  # of the pause between them, and silence while we wrote
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_player_is_kept_listening_while_a_model_thinks(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port)
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    began: list[float] = []
    late: list[float] = []

    async def written() -> AsyncGenerator[str]:
        yield "好的。"
        await heard.wait()
        await asyncio.sleep(4)  # a model that thinks
        yield "找到了。"

    sent = 0
    async for part in streamed(hass, written()):
        if part[:4] == b"RIFF":
            continue
        began = began or [loop.time()]
        heard.set()
        late.append(loop.time() - began[0] - sent / 48_000)
        sent += len(part)
    assert sent / 48_000 > 4
    assert max(late) < 1.5  # no player waited longer for the next sound
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_conversion_of_home_assistant_begins_before_the_text_ends(
    hass: HomeAssistant, daemon: Daemon
) -> None:
    entry = await added(hass, daemon.port)
    heard = asyncio.Event()

    async def written() -> AsyncGenerator[str]:
        yield SENTENCE
        await asyncio.wait_for(heard.wait(), 20)
        yield SENTENCE

    stream = tts.async_create_stream(hass, ENTITY, "zh-CN", {})
    stream.async_set_message_stream(written())
    parts = []
    async for part in stream.async_stream_result():
        parts.append(part)
        heard.set()
    assert stream.extension == "mp3"
    assert len(b"".join(parts)) > 20_000
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_more_than_the_box_holds_is_said_to_the_end(hass: HomeAssistant, start: Start) -> None:
    daemon = start(TTS_SERVER__LIMITS__MAX_PENDING_CHARS="100", TTS_SERVER__LIMITS__MAX_TEXT_CHARS="60")
    entry = await added(hass, daemon.port)

    async def written() -> AsyncGenerator[str]:
        for _ in range(12):
            yield "一二三四五六七，八九十。"

    spoken = b"".join([part async for part in streamed(hass, written())])
    assert len(spoken) / 48_000 > 12 * 1.5
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_stop_ends_it_at_once_and_nothing_is_kept(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port)

    everywhere = {"entity_id": ENTITY, "everywhere": True}

    async def stop() -> None:
        await hass.services.async_call("tts_server", "stop", everywhere, blocking=True)

    with pytest.raises(HomeAssistantError, match="stopped"):
        await asyncio.wait_for(heard_until(hass, stop), 10)
    assert await say(hass, SENTENCE)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_writer_that_fails_ends_the_speech_with_its_reason(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port)

    async def written() -> AsyncGenerator[str]:
        yield SENTENCE
        raise RuntimeError("the model is gone")

    with pytest.raises(RuntimeError, match="the model is gone"):
        async for _ in streamed(hass, written()):
            pass
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_what_cannot_be_is_refused_with_a_reason(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port)
    for options, told in (
        ({"speed": 9}, "speed"),
        ({"voice": "nobody"}, "nobody"),
        ({"emotion": "tired of it"}, "tired"),
    ):
        with pytest.raises(HomeAssistantError, match=told):
            await say(hass, SENTENCE, **options)
    with pytest.raises(HomeAssistantError, match="style"):
        await say(hass, SENTENCE, style="x")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_box_that_dies_in_the_middle_is_an_error_and_no_short_file(hass: HomeAssistant, start: Start) -> None:
    daemon = start()
    entry = await added(hass, daemon.port)

    async def kill() -> None:
        daemon.kill()

    with pytest.raises(HomeAssistantError):
        await asyncio.wait_for(heard_until(hass, kill), 30)
    await hass.async_block_till_done()
    assert hass.states.get(ENTITY).state == "unavailable"
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_wav_that_is_whole_plays_in_the_end(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port)
    identity = tts.generate_media_source_id(
        hass, SENTENCE, ENTITY, "zh-CN", {"preferred_format": "wav", "preferred_sample_rate": 16000}, cache=False
    )
    _, audio = await tts.async_get_media_source_audio(hass, identity)
    with wave.open(io.BytesIO(audio)) as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (16000, 1, 2)
    assert len(audio) > 2 * 32_000
    resolved = await async_resolve_media(hass, identity, None)
    assert resolved.mime_type == "audio/x-wav"
    assert await hass.config_entries.async_unload(entry.entry_id)
