"""What stands outside of what is simulated: an engine host and a Valkey server, with all their bad days."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from tests.support.engines import voice
from tts_server.cache import shared_flight, shared_store
from tts_server.engine import AudioChunk, Timing
from tts_server.engine_host.link import EngineHostLost
from tts_server.errors import EngineFailed
from tts_server.shared.server import NoAnswer
from tts_server.text.linguistic.segment import Segment
from tts_server.voices import Catalogue

RATE = 8000
SAMPLES_PER_CHARACTER = 400


@dataclass(frozen=True)
class Weather:
    """How often what goes wrong, and how long things take."""

    chunk_fails: float = 0.0
    host_dies: float = 0.0
    chunk_s: float = 0.02  # at most
    server_fails: float = 0.0
    server_s: float = 0.002  # at most


class SimulatedUtterance:
    """A segment in the engine host: its sound tells its text."""

    def __init__(self, link: "SimulatedLink", segment: Segment) -> None:
        self._link = link
        self._samples = sound(segment.text)
        self._timings = [
            Timing(at, at + 1, at * SAMPLES_PER_CHARACTER, (at + 1) * SAMPLES_PER_CHARACTER)
            for at in range(len(segment.text))
        ]
        self._position = 0
        self.busy_s = 0.0
        self.is_lost = False

    @property
    def has_begun(self) -> bool:
        return self.busy_s > 0

    async def next_chunk(self, wanted_s: float) -> AudioChunk | None:
        chance, weather = self._link.chance, self._link.weather
        took_s = chance.uniform(0.001, weather.chunk_s)
        await asyncio.sleep(took_s)
        self.busy_s += took_s
        if chance.random() < weather.host_dies:
            self._link.die()
        if self.is_lost:
            raise EngineHostLost("the engine host ended")
        if chance.random() < weather.chunk_fails:
            raise EngineFailed("the engine failed")
        if self._position >= len(self._samples):
            return None
        begin, self._position = self._position, self._position + max(1, round(wanted_s * RATE))
        timings = tuple(timing for timing in self._timings if begin <= timing.first_sample < self._position)
        return AudioChunk(self._samples[begin : self._position], RATE, timings)


class SimulatedLink:
    """Stands for EngineLink: `open`, and what else the core asks of it."""

    def __init__(self, chance: random.Random, weather: Weather) -> None:
        self.chance, self.weather = chance, weather
        self.catalogue = Catalogue([voice("tone", "tone", sample_rate=RATE)])
        self.open_utterances: set[SimulatedUtterance] = set()
        self.restarts, self.pid = 0, None
        self._up = asyncio.Event()
        self._up.set()

    @property
    def is_ready(self) -> bool:
        return self._up.is_set()

    async def wait_ready(self) -> None:
        await self._up.wait()

    @contextmanager
    def open(self, segment: Segment, _: str) -> Iterator[SimulatedUtterance]:
        if not self.is_ready:
            raise EngineHostLost("the engine host is not running")
        utterance = SimulatedUtterance(self, segment)
        self.open_utterances.add(utterance)
        try:
            yield utterance
        finally:
            self.open_utterances.discard(utterance)

    def die(self) -> None:
        """The engine host ends, and comes back after a while."""
        for utterance in self.open_utterances:
            utterance.is_lost = True
        self.restarts += 1
        self._up.clear()
        asyncio.get_running_loop().call_later(self.chance.uniform(0.1, 1.0), self._up.set)


@dataclass
class SimulatedValkey:
    """What all boxes share."""

    chance: random.Random
    weather: Weather
    values: dict[str, bytes] = field(default_factory=dict)
    leases: dict[str, tuple[str, float]] = field(default_factory=dict)
    streams: dict[str, list[tuple[bytes, dict[bytes, bytes]]]] = field(default_factory=dict)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def lease(self, key: str) -> str | None:
        """Who speaks it now."""
        token, until = self.leases.get(key, ("", 0.0))
        return token if until > asyncio.get_running_loop().time() else None

    def take(self, key: str, token: str, lease_ms: int) -> None:
        """It is spoken by that box for so long."""
        self.leases[key] = (token, asyncio.get_running_loop().time() + lease_ms / 1000)


class SimulatedServer:
    """Stands for SharedServer: one box's way to the Valkey of all."""

    is_up = True

    def __init__(self, valkey: SimulatedValkey) -> None:
        self._valkey = valkey

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def ask(self, *command: object, timeout_s: float | None = None) -> object:
        chance, weather = self._valkey.chance, self._valkey.weather
        await asyncio.sleep(chance.uniform(0, weather.server_s))
        is_lost = chance.random() < weather.server_fails
        if is_lost and chance.random() < 0.5:
            raise NoAnswer  # it never heard of it
        answer = self._answer(command)
        await asyncio.sleep(chance.uniform(0, weather.server_s))
        if is_lost:
            raise NoAnswer  # only the answer is lost
        return answer

    async def wait(self, *command: object, timeout_s: float) -> object:
        """XREAD COUNT n BLOCK ms STREAMS stream last."""
        stream, last = str(command[6]), int(str(command[7]).partition("-")[0])
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        if self._valkey.chance.random() < self._valkey.weather.server_fails:
            raise NoAnswer
        while loop.time() < until:
            found = [entry for entry in self._valkey.streams.get(stream, []) if int(entry[0].partition(b"-")[0]) > last]
            if found:
                return [[stream.encode(), found[:16]]]
            self._valkey.told.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._valkey.told.wait()
            except TimeoutError:
                break
        return []

    def _answer(self, command: tuple[object, ...]) -> object:
        valkey = self._valkey
        match command:
            case ("EVAL", shared_store._LOOK, _, str(place), str(lease), str(token), int(lease_ms), _):
                if place in valkey.values:
                    return valkey.values[place]
                if (other := valkey.lease(lease)) is not None:
                    return [other.encode()]
                valkey.take(lease, token, lease_ms)
                return 1
            case (
                "EVAL",
                shared_flight._APPEND,
                _,
                str(stream),
                str(lease),
                str(number),
                name,
                value,
                _,
                token,
                int(ms),
            ):
                entries = valkey.streams.setdefault(stream, [])
                if entries and int(entries[-1][0].partition(b"-")[0]) >= int(number.partition("-")[0]):
                    raise NoAnswer
                entries.append((number.encode(), {bytes(name): bytes(value)}))  # type: ignore[call-overload]
                valkey.take(lease, str(token), ms)
                valkey.told.set()
                return 1
            case ("SET", str(place), bytes(value), *_):
                valkey.values[place] = value
            case ("DEL", str(place)):
                valkey.values.pop(place, None)
            case _:
                raise AssertionError(f"no such command here: {command[0]!r}")
        return b"OK"


def sound(text: str) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """Other characters, other sounds."""
    time = np.arange(SAMPLES_PER_CHARACTER) / RATE
    tones = [0.3 * np.sin(2 * np.pi * (200 + ord(sign) % 97 * 8) * time) for sign in text]
    return np.concatenate([np.zeros(0), *tones]).astype(np.float32)
