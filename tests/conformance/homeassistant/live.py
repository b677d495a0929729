"""Home Assistant's own `wyoming` integration against a daemon of ours. Run by `make homeassistant`, outside CI.

    python live.py --command .venv/bin/tts-server

Runs on Home Assistant's Python and imports nothing of ours: a core of Home Assistant, a config flow as a person or as
discovery starts it, and its text-to-speech entity, both ways.
"""

import argparse
import asyncio
import io
import os
import re
import subprocess
import wave
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import contextmanager
from ipaddress import ip_address

from homeassistant.components import tts
from homeassistant.components.wyoming.tts import WyomingTtsProvider
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from house import home

SENTENCE = "今天天气很好，我们去公园走走吧。"
LISTENING = re.compile(r"listening: Wyoming on port (\d+)")


def main() -> None:
    """Run every check; the first that fails ends the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--command", required=True, help="our program")
    asyncio.run(check_all(parser.parse_args().command))


async def check_all(command: str) -> None:
    """Add the daemon, then let its entity speak."""
    with daemon(command) as port:
        async with home() as hass:
            await add_by_hand(hass, port)
            await find_by_discovery(hass, port)
            await hass.async_block_till_done()
            [entity] = hass.data[tts.DATA_COMPONENT].entities
            print("entity:", entity.entity_id)
            check_voices(entity)
            await check_whole(entity)
            await check_streamed(entity)
            await check_failure(entity)
    print("Home Assistant's own integration is content")


@contextmanager
def daemon(command: str) -> AsyncIterator[int]:  # type: ignore[misc]
    """A daemon of ours on loopback; its Wyoming port."""
    arguments = ["run", "--host", "127.0.0.1", "--http-port", "0", "--wyoming-port", "0"]
    environment = {**os.environ, "TTS_SERVER__DISCOVERY__ENABLED": "false"}
    process = subprocess.Popen([command, *arguments], stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := LISTENING.search(line):
                yield int(found[1])
                break
    finally:
        process.terminate()
        process.communicate()


async def add_by_hand(hass: HomeAssistant, port: int) -> None:
    """The form with host and port; its answer is a config entry with our name."""
    flow = hass.config_entries.flow
    started = await flow.async_init("wyoming", context={"source": "user"})
    assert started["type"] == "form", started
    ended = await flow.async_configure(started["flow_id"], {"host": "127.0.0.1", "port": port})
    assert (ended["type"], ended["title"]) == ("create_entry", "tts-server"), ended
    print("config flow: added as", ended["title"])


async def find_by_discovery(hass: HomeAssistant, port: int) -> None:
    """What zeroconf tells of us leads to the entry that is there, not to a second device."""
    name = "tts-server-0123abcd._wyoming._tcp.local."
    address = ip_address("127.0.0.1")
    found = ZeroconfServiceInfo(
        ip_address=address,
        ip_addresses=[address],
        port=port,
        hostname="tts-server-0123abcd.local.",
        type="_wyoming._tcp.local.",
        name=name,
        properties={},
    )
    ended = await hass.config_entries.flow.async_init("wyoming", context={"source": "zeroconf"}, data=found)
    assert (ended["type"], ended["reason"]) == ("abort", "already_configured"), ended
    [entry] = hass.config_entries.async_entries("wyoming")
    assert entry.unique_id == f"{name}_tts-server"
    print("discovery: recognised as", entry.unique_id)


def check_voices(entity: WyomingTtsProvider) -> None:
    """Neutral first, each emotion a voice of its own."""
    assert {"zh-CN", "en-US"} <= set(entity.supported_languages), entity.supported_languages
    names = [voice.name for voice in entity.async_get_supported_voices("zh-CN") or ()]
    assert names[0] == "baker", names
    assert "baker (happy 开心)" in names
    assert entity.async_supports_streaming_input()
    print("voices:", ", ".join(names))


async def check_whole(entity: WyomingTtsProvider) -> None:
    """Without streaming: other bytes for an emotion by voice and by speaker, an end for nothing to say."""
    said = {}
    for kind, options in {
        "neutral": {},
        "variant": {"voice": "baker||happy"},
        "speaker": {"voice": "baker", "speaker": "happy"},
        "gone": {"voice": "a voice that was removed"},
    }.items():
        _, said[kind] = await entity.async_get_tts_audio(SENTENCE, "zh-CN", options)
        assert seconds(said[kind]) > 1.5
    assert said["neutral"] == said["gone"] != said["variant"] == said["speaker"]
    for nothing in ("", "...", "😀"):
        kind, audio = await entity.async_get_tts_audio(nothing, "zh-CN", {})
        assert kind == "wav"
        assert 0 < seconds(audio) < 0.5
    print(f"whole: {seconds(said['neutral']):.1f} s of speech")


async def check_streamed(entity: WyomingTtsProvider) -> None:
    """With streaming: the same samples, and the first of them before the text has ended."""
    _, whole = await entity.async_get_tts_audio(SENTENCE * 2, "zh-CN", {})
    heard = asyncio.Event()

    async def message() -> AsyncGenerator[str]:
        for character in SENTENCE:
            yield character
        await asyncio.wait_for(heard.wait(), 10)  # speech comes while the text is still being written
        yield SENTENCE

    request = tts.TTSAudioRequest("zh-CN", {}, message())
    response = await entity.async_stream_tts_audio(request)
    assert response.extension == "wav"
    parts = []
    async for part in response.data_gen:
        parts.append(part)
        if len(parts) > 1:
            heard.set()
    streamed = b"".join(parts)[44:]
    assert abs(len(streamed) - len(whole[44:])) < 24000, (len(streamed), len(whole))
    print(f"streamed: {len(streamed) / 48000:.1f} s of speech in {len(parts)} parts")


async def check_failure(entity: WyomingTtsProvider) -> None:
    """A text over `limits.max_context_chars` ends in nothing, at once, and the next one is spoken."""
    async with asyncio.timeout(10):
        kind, audio = await entity.async_get_tts_audio("好" * 100_001, "zh-CN", {})
        assert kind is None
        assert audio is None
        _, audio = await entity.async_get_tts_audio(SENTENCE, "zh-CN", {})
        assert seconds(audio) > 1.5
    print("failure: told, and over at once")


def seconds(wav: bytes) -> float:
    """How long a WAV plays."""
    with wave.open(io.BytesIO(wav)) as opened:
        assert (opened.getsampwidth(), opened.getnchannels()) == (2, 1)
        return opened.getnframes() / opened.getframerate()


if __name__ == "__main__":
    main()
