"""wyoming-satellite: our events go through it to its loudspeaker, handed on as Home Assistant does."""

import asyncio
import json
import os
import socket
import sys
import tempfile
from pathlib import Path

from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.satellite import RunSatellite
from wyoming.tts import Synthesize, SynthesizeVoice

FREE, STRICT, CUT = (int(port) for port in os.environ["WYOMING_PORTS"].split(","))
SENTENCES = ["今天天气很好，我们出去走走吧。", "好的。"]
RATE = 24000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def satellite(heard: Path) -> tuple[asyncio.subprocess.Process, int]:
    """A satellite whose loudspeaker is a file."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wyoming_satellite", "--uri", f"tcp://127.0.0.1:{port}", "--no-zeroconf"),
        *("--mic-command", "sleep 600", "--snd-command", f"tee -a {heard}", "--snd-command-rate", str(RATE)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return process, port
    raise TimeoutError("the satellite does not listen")


async def hand_on(
    port: int, text: str, speaker: AsyncTcpClient, voice: str = "baker", chunks: int | None = None
) -> int:
    """Let the daemon speak into the satellite. Returns the bytes that were handed on."""
    handed = 0
    async with AsyncTcpClient("127.0.0.1", port) as client, asyncio.timeout(30):
        await client.write_event(Synthesize(text, voice=SynthesizeVoice(voice)).event())
        while (event := await client.read_event()) is not None:
            if event.type == "error":
                raise RuntimeError(event.data.get("text"))
            await speaker.write_event(event)
            if AudioChunk.is_type(event.type):
                handed += len(event.payload or b"")
                if chunks is not None and (chunks := chunks - 1) == 0:
                    await speaker.write_event(AudioStop().event())
                    return handed
            if AudioStop.is_type(event.type):
                return handed
    raise ConnectionError("the connection ended in the middle")


async def size_of(heard: Path, wanted: int) -> int:
    """What the loudspeaker got, once it is that much or no more comes."""
    for _ in range(100):
        if os.path.exists(heard) and os.path.getsize(heard) >= wanted:  # noqa: ASYNC240 - nobody waits for us
            break
        await asyncio.sleep(0.1)
    return os.path.getsize(heard)  # noqa: ASYNC240


async def main() -> None:
    told = {"404": "the default voice speaks", "429": "not asked for"}
    with tempfile.TemporaryDirectory() as folder:
        heard = Path(folder) / "heard.raw"
        process, port = await satellite(heard)
        try:
            async with AsyncTcpClient("127.0.0.1", port) as speaker:
                await speaker.write_event(RunSatellite().event())
                counts = [await hand_on(FREE, sentence, speaker) for sentence in SENTENCES]
                whole = await size_of(heard, sum(counts))
                assert whole == sum(counts), (whole, counts)
                told["length"] = f"{counts[0] / 2 / RATE:.2f} s, to the last byte"
                told["order"] = f"two texts one after the other, {whole / 2 / RATE:.2f} s"
                assert await hand_on(FREE, SENTENCES[0], speaker, voice="nobody") == counts[0]
                await hand_on(FREE, SENTENCES[0] * 60, speaker, chunks=3)
                try:
                    await hand_on(CUT, SENTENCES[0] * 20, speaker)
                    told["broken connection"] = "unnoticed"
                except (ConnectionError, EOFError):
                    told["broken connection"] = "the connection ends without `audio-stop`; the next text is heard"
                before = await size_of(heard, 0)
                more = await hand_on(FREE, SENTENCES[1], speaker)
                assert await size_of(heard, before + more) >= before + more
        finally:
            process.terminate()
            await process.wait()
    print(json.dumps(told))


asyncio.run(main())
