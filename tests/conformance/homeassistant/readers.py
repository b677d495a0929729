"""Home Assistant's two ways of reading speech from a Wyoming server, replayed (core 2026.2 and 2026.11).

They differ from the protocol's text in what they ignore: that is what the tests are about.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

DESCRIBE_TIMEOUT_S = 1.0  # of the older versions; 5 s since


class SpeechFailed(Exception):
    """What newer versions raise on an `error` event; the text is shown to the user."""


@dataclass
class Heard:
    """What a player would get."""

    rate: int = 0
    width: int = 0
    channels: int = 0
    audio: bytes = b""

    @property
    def seconds(self) -> float:
        return len(self.audio) / (self.rate * self.width * self.channels)


@dataclass(frozen=True)
class HomeAssistant:
    """One config entry for a server. Each call is a connection of its own, as there."""

    host: str
    port: int
    is_old: bool = False  # ignores `error` events and waits on

    async def describe(self) -> Info:
        """The config flow, and what is repeated every 30 s: events before `info` are skipped."""
        async with AsyncTcpClient(self.host, self.port) as client, asyncio.timeout(DESCRIBE_TIMEOUT_S):
            await client.write_event(Describe().event())
            while (event := await client.read_event()) is not None:
                if Info.is_type(event.type):
                    return Info.from_event(event)
        raise ConnectionError("the server closed without info")

    async def speak(self, text: str, voice: SynthesizeVoice | None = None) -> Heard:
        """Without streaming: until `audio-stop`; the first chunk tells the format."""
        heard = Heard()
        async with AsyncTcpClient(self.host, self.port) as client:
            await client.write_event(Synthesize(text, voice).event())
            while True:
                event = await client.read_event()
                if event is None:
                    raise ConnectionError("the connection was lost")
                self._raise_error(event)
                if AudioStop.is_type(event.type):
                    return heard
                if AudioChunk.is_type(event.type):
                    chunk = AudioChunk.from_event(event)
                    if not heard.rate:
                        heard.rate, heard.width, heard.channels = chunk.rate, chunk.width, chunk.channels
                    heard.audio += chunk.audio

    async def stream(self, pieces: Iterable[str], voice: SynthesizeVoice | None = None) -> Heard:
        """With streaming: a start, the chunks, the whole text once more for old servers, a stop; read meanwhile.

        The first `audio-start` holds for the reply; what comes before it is dropped. Ends at `synthesize-stopped`, EOF.
        """
        async with AsyncTcpClient(self.host, self.port) as client, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write_stream(client, list(pieces), voice))
            return await self._read_stream(client)

    async def _write_stream(self, client: AsyncTcpClient, pieces: list[str], voice: SynthesizeVoice | None) -> None:
        await client.write_event(SynthesizeStart(voice).event())
        for piece in pieces:
            await client.write_event(SynthesizeChunk(piece).event())
        await client.write_event(Synthesize("".join(pieces), voice).event())
        await client.write_event(SynthesizeStop().event())

    async def _read_stream(self, client: AsyncTcpClient) -> Heard:
        heard = Heard()
        while (event := await client.read_event()) is not None:
            self._raise_error(event)
            if SynthesizeStopped.is_type(event.type):
                break
            if AudioStart.is_type(event.type) and not heard.rate:
                start = AudioStart.from_event(event)
                heard.rate, heard.width, heard.channels = start.rate, start.width, start.channels
            elif AudioChunk.is_type(event.type) and heard.rate:
                heard.audio += AudioChunk.from_event(event).audio
        return heard

    def _raise_error(self, event: Event) -> None:
        if Error.is_type(event.type) and not self.is_old:
            error = Error.from_event(event)
            raise SpeechFailed(f"{error.code}: {error.text}")
