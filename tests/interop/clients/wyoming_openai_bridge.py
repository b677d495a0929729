"""wyoming-openai: Wyoming in front of our OpenAI routes."""

import asyncio
import json
import socket
import sys

from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

FREE, STRICT, CUT = sys.argv[1:]
SENTENCE = "今天天气很好，我们出去走走吧。"
OTHERS = ["好的。", "明天早上七点叫我起床，别忘了带伞。"]


async def bridged(address: str) -> tuple[asyncio.subprocess.Process, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wyoming_openai", "--uri", f"tcp://127.0.0.1:{port}", "--languages", "zh-CN"),
        *("--tts-openai-url", f"{address}/v1", "--tts-openai-key", "any", "--tts-models", "tts-1"),
        *("--tts-streaming-models", "tts-1"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return process, port
        except OSError:
            await asyncio.sleep(0.1)
    raise TimeoutError("the bridge does not listen")


async def say(port: int, text: str = SENTENCE, voice: str = "baker", is_hasty: bool = False) -> float:
    """Seconds heard."""
    heard = 0.0
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Synthesize(text, voice=SynthesizeVoice(voice)).event())
        async with asyncio.timeout(20):
            while (event := await client.read_event()) is not None and event.type != "audio-stop":
                if event.type == "error":
                    raise RuntimeError(event.data.get("text"))
                if event.type == "audio-chunk":
                    heard += len(event.payload or b"") / event.data["rate"] / event.data["width"]
                    if is_hasty:
                        return heard
    return heard


async def stream(port: int, *texts: str) -> bytes:
    """Samples of a reply that is handed over character by character."""
    heard, voice = b"", SynthesizeVoice("baker")
    async with AsyncTcpClient("127.0.0.1", port) as client, asyncio.timeout(60):
        await client.write_event(SynthesizeStart(voice=voice).event())
        for text in texts:
            for character in text:
                await client.write_event(SynthesizeChunk(character).event())
        await client.write_event(Synthesize("".join(texts), voice=voice).event())
        await client.write_event(SynthesizeStop().event())
        while (event := await client.read_event()) is not None and event.type != "synthesize-stopped":
            if event.type == "audio-chunk":
                heard += event.payload or b""
    return heard


async def main() -> None:
    told = {}
    process, port = await bridged(FREE)
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
    voices = [voice.name for program in Info.from_event(event).tts for voice in program.voices]
    told["length"] = f"{await say(port):.2f} s; lists {'our' if 'baker' in voices else 'not our'} voices"
    texts = [SENTENCE, *OTHERS]
    alone = [await stream(port, text) for text in texts]
    together = await stream(port, *texts)
    assert together == b"".join(alone), (len(together), [len(one) for one in alone])
    told["order"] = "a streamed reply of three sentences: one after the other, to the sample"
    await say(port, SENTENCE * 40, is_hasty=True)
    process.kill()
    for name, address, count in (("429", STRICT, 5), ("broken connection", CUT, 1)):
        process, port = await bridged(address)
        try:
            for _ in range(count):
                heard = await say(port, SENTENCE * 4)
            told[name] = f"{heard:.2f} s, unnoticed"
        except Exception as error:
            told[name] = f"`{type(error).__name__}`"
        process.kill()
    told["404"] = "not asked for"
    print(json.dumps(told))


asyncio.run(main())
