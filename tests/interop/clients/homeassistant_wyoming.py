"""Home Assistant's own `wyoming` integration: a core, a config entry, and its text-to-speech entity."""

import asyncio
import io
import json
import os
import wave
from collections.abc import AsyncGenerator

from homeassistant.components import tts
from homeassistant.components.wyoming.tts import WyomingTtsProvider
from homeassistant.core import HomeAssistant
from house import home

FREE, STRICT, CUT = (int(port) for port in os.environ["WYOMING_PORTS"].split(","))
SENTENCES = ["今天天气很好，我们出去走走吧。", "好的。"]


async def entity_for(hass: HomeAssistant, port: int) -> WyomingTtsProvider:
    """Add what answers on a port."""
    flow = hass.config_entries.flow
    started = await flow.async_init("wyoming", context={"source": "user"})
    ended = await flow.async_configure(started["flow_id"], {"host": "127.0.0.1", "port": port})
    await hass.async_block_till_done()
    [entity] = [
        entity
        for entity in hass.data[tts.DATA_COMPONENT].entities
        if entity.registry_entry.config_entry_id == ended["result"].entry_id
    ]
    return entity


async def streamed(entity: WyomingTtsProvider, texts: list[str], parts: int | None = None) -> bytes:
    """What a text gives that is written piece by piece."""

    async def written() -> AsyncGenerator[str]:
        for text in texts:
            for character in text:
                yield character

    response = await entity.async_stream_tts_audio(tts.TTSAudioRequest("zh-CN", {}, written()))
    heard = b""
    async for part in response.data_gen:
        heard += part
        if parts is not None and (parts := parts - 1) == 0:
            await response.data_gen.aclose()
            break
    return heard[44:]


async def whole(entity: WyomingTtsProvider, text: str, **options: str) -> bytes | None:
    kind, audio = await entity.async_get_tts_audio(text, "zh-CN", options)
    if kind is None or audio is None:
        return None
    with wave.open(io.BytesIO(audio)) as opened:
        return opened.readframes(opened.getnframes())


async def main() -> None:
    told = {"429": "not asked for"}
    async with home() as hass, asyncio.timeout(150):
        entity = await entity_for(hass, FREE)
        both, first = await streamed(entity, SENTENCES), await whole(entity, SENTENCES[0])
        assert first is not None
        assert both[: len(first) // 2] == first[: len(first) // 2]
        assert len(both) > len(first)
        told["length"] = f"{len(first) / 48000:.2f} s"
        told["order"] = f"two sentences streamed, in order, {len(both) / 48000:.2f} s"
        gone = await whole(entity, SENTENCES[0], voice="nobody")
        told["404"] = "the default voice speaks" if gone == first else "other sound"
        await streamed(entity, [SENTENCES[0] * 60], parts=3)
        try:
            cut = await whole(await entity_for(hass, CUT), SENTENCES[0] * 40)
            told["broken connection"] = "nothing is played" if cut is None else f"{len(cut) / 48000:.2f} s, unnoticed"
        except Exception as error:
            told["broken connection"] = f"`{type(error).__name__}`"
    print(json.dumps(told))


asyncio.run(main())
