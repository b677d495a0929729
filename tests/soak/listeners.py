"""Those of the home who are spoken to, each by one door and to the end."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

from protocol.client import Chunk, TtsClient
from tests.soak import texts
from tests.soak.home import Failed, Home
from tests.soak.player import Player
from tests.soak.thought import thought, together

VOICES: Final = ("baker", "baker", "baker", "heart")
PCM_BYTES_S: Final = 2 * 24_000


async def wyoming(home: Home, player: Player) -> None:
    """An announcement of Home Assistant's."""
    async with AsyncTcpClient("127.0.0.1", home.daemon.wyoming_port) as client:
        event = Synthesize(texts.announcement(home.chance)).event()
        event.data["voice"] = {"name": home.chance.choice(VOICES)}
        await client.write_event(event)
        await _to_its_end(client, player, AudioStop.is_type)


async def assist(home: Home, player: Player) -> None:
    """A language model speaks through Home Assistant; at times it thinks."""
    async with AsyncTcpClient("127.0.0.1", home.daemon.wyoming_port) as client:
        await client.write_event(SynthesizeStart().event())

        async def write() -> None:
            async for piece in thought(home, player):
                await client.write_event(SynthesizeChunk(piece).event())
            await client.write_event(SynthesizeStop().event())

        async with together(write()):
            await _to_its_end(client, player, SynthesizeStopped.is_type)


async def _to_its_end(client: AsyncTcpClient, player: Player, is_end: Callable[[str], bool]) -> None:
    while (received := await client.read_event()) is not None:
        if Error.is_type(received.type):
            raise Failed(f"Wyoming: {received.data}")
        if AudioChunk.is_type(received.type):
            chunk = AudioChunk.from_event(received)
            player.heard(len(chunk.audio) / (chunk.width * chunk.channels * chunk.rate))
        if is_end(received.type):
            return
    raise Failed("Wyoming: the daemon hung up")


async def http(home: Home, player: Player) -> None:
    """A program that posts a text; every other one wants a file that others play."""
    form = home.chance.choice(("pcm", "pcm", "mp3", "opus", "wav"))
    wanted: dict[str, Any] = {"text": texts.announcement(home.chance), "format": form}
    wanted |= {"voice": home.chance.choice(VOICES), "emotion": home.chance.choice(texts.EMOTIONS)}
    async with home.client() as client, client.stream("POST", "/api/tts", json=wanted) as answer:
        if answer.status_code != 200:
            raise Failed(f"HTTP: {answer.status_code} {await answer.aread()!r}")
        rate = int(answer.headers.get("x-sample-rate", 24_000))
        async for data in answer.aiter_bytes():
            if form == "pcm":
                player.heard(len(data) / (2 * rate))


async def openai(home: Home, player: Player) -> None:
    """A program made for OpenAI's speech."""
    wanted = {"model": "tts-1", "input": texts.announcement(home.chance), "voice": "nova", "response_format": "pcm"}
    async with home.client() as client, client.stream("POST", "/v1/audio/speech", json=wanted) as answer:
        if answer.status_code != 200:
            raise Failed(f"OpenAI: {answer.status_code} {await answer.aread()!r}")
        async for data in answer.aiter_bytes():
            player.heard(len(data) / PCM_BYTES_S)


async def websocket(home: Home, player: Player) -> None:
    """A chatbot's stream, in any emotion; somebody may talk into it."""
    barges_in = home.chance.random() < 0.4
    async with TtsClient(f"ws://127.0.0.1:{home.daemon.http_port}") as tts:
        options = {"voice": home.chance.choice(VOICES), "emotion": home.chance.choice(texts.EMOTIONS)}
        async with tts.open(**options) as speech:

            async def write() -> None:
                async for piece in thought(home, player):
                    await speech.text(piece)
                await speech.end()

            async with together(write()):
                async for event in speech:
                    if isinstance(event, Chunk):
                        player.heard(len(event.pcm) / (2 * event.sample_rate))
                        if barges_in and player.audio_s > 2:
                            await speech.cancel(event.position)
                            return


LISTENERS: Final[dict[str, tuple[float, Callable[[Home, Player], Awaitable[None]]]]] = {  # how often a day
    "wyoming": (90, wyoming),
    "assist": (60, assist),
    "http": (40, http),
    "openai": (20, openai),
    "websocket": (60, websocket),
}
