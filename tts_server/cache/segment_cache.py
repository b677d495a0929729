"""Speech that was spoken before, and speech that others are being spoken just now: every segment is looked up here.

One cache for all doors and formats. A segment is named by what its sound depends on (`key`), kept as it came from the
engine (`recording`), in memory, behind it in a store (`disk`), behind that in one of all boxes (`shared_store`). What
is not there is spoken once for all who ask for it meanwhile (`single_flight`), on whichever box (`shared_flight`). A
listener cannot tell which of these it was, but for the time it took.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Final

from tts_server.cache.disk import Store
from tts_server.cache.key import KeyMaker
from tts_server.cache.memory import Memory
from tts_server.cache.recording import Recording
from tts_server.cache.shared_flight import Followed, Teller
from tts_server.cache.shared_store import Found, Ours, SharedStore, Spoken
from tts_server.cache.single_flight import SingleFlight
from tts_server.engine import AudioChunk, Voice
from tts_server.engine_host.link import EngineLink, RemoteUtterance
from tts_server.events import Queued
from tts_server.scheduling.turns import Turns
from tts_server.shared.server import SharedServer
from tts_server.text.linguistic.segment import Segment

log = logging.getLogger(__name__)

_Opening = Callable[[], AbstractContextManager[RemoteUtterance]]

_MAX_UNWRITTEN: Final = 64  # recordings; a disk too slow for more misses some


class Source:
    """One listener's way through a segment's audio."""

    busy_s = 0.0  # seconds the engine has worked for this listener
    is_cached = False  # it was spoken before, and is there at once

    async def next(self) -> AudioChunk | Queued | None:
        """The next chunk, or news of the queue; None at the end. Raises TTSError."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave; idempotent."""


@dataclass(slots=True)
class Counts:
    """What became of the lookups."""

    from_memory: int = 0
    from_store: int = 0
    from_other_box: int = 0
    joined: int = 0  # spoken just then for somebody else
    followed: int = 0  # spoken just then by another box
    spoken: int = 0
    # Of those that were followed, spoken here after all.
    after_silence: int = 0  # nothing came from there in time
    after_loss: int = 0  # it stopped, what came was of no use, or nobody could be asked any more


class SegmentCache:
    """Finds or makes the audio of segments."""

    def __init__(
        self,
        link: EngineLink,
        turns: Turns,
        keys: KeyMaker | None = None,
        memory_bytes: int = 0,
        max_age_s: float = float("inf"),
        store: Store | None = None,
        shared: SharedServer | None = None,
    ) -> None:
        """keys: None keeps and shares nothing. store: where they outlive the process. shared: with other boxes."""
        self._link = link
        self._turns = turns
        self._keys = keys
        self._memory = Memory(memory_bytes, max_age_s)
        self._store = store
        self._flights: dict[str, SingleFlight] = {}
        self._unwritten: asyncio.Queue[tuple[str, Recording, list[Store]]] = asyncio.Queue(_MAX_UNWRITTEN)
        self._server = shared
        self._shared = SharedStore(shared, max_age_s) if shared else None
        self._teller = Teller(shared) if shared else None
        self._looking: dict[str, asyncio.Task[Recording | Spoken | Ours | None]] = {}
        self.counts = Counts()

    @property
    def server(self) -> SharedServer | None:
        """What is shared with other boxes."""
        return self._server

    @property
    def memory_size(self) -> int:
        """Bytes of the recordings in memory."""
        return self._memory.size

    def use_dictionary(self, words: Mapping[str, str]) -> None:
        """What was spoken with other words is not found any longer."""
        if self._keys is not None:
            self._keys.use_dictionary(words)

    async def open(self, segment: Segment, voice: Voice, stream: int) -> Source:
        """The audio of a segment for a stream of `Turns`, from its start. Raises EngineHostLost."""
        key = self._keys.key(segment, voice, self._link.catalogue) if self._keys else ""
        if key and (recording := await self._find(key)) is not None:
            return _Replay(recording, self._turns, segment, stream)
        known: Spoken | Ours | None = None
        if key and self._shared is not None and not self._is_flying(key):
            looked = await self._look(self._shared, key)
            if isinstance(looked, Recording):
                self.counts.from_other_box += 1
                return _Replay(looked, self._turns, segment, stream)
            known = looked
        if self._is_flying(key):
            flight = self._flights[key]
            self.counts.joined += 1
        else:
            flight = self._begin(key, segment, voice, known)
        return _Listener(self, key, flight, segment, stream)

    def _is_flying(self, key: str) -> bool:
        flight = self._flights.get(key)
        return flight is not None and flight.is_open

    def _begin(self, key: str, segment: Segment, voice: Voice, known: Spoken | Ours | None) -> SingleFlight:
        """Let it be spoken, here or on the box that has begun."""
        # Timings come back as places in the segment's text, so that they fit wherever that stands.
        placed = Segment(segment.text, tuple(range(len(segment.text) + 1)), segment.spans)
        followed = Followed(self._server, key, known.token) if self._server and isinstance(known, Spoken) else None
        told = self._teller.begin(key, known.token) if self._teller and isinstance(known, Ours) else None
        opening: _Opening = partial(self._link.open, placed, voice.name)
        if followed is not None:
            opening = partial(self._speak_after_all, followed, opening)
        flight = SingleFlight(self._turns, voice.name, opening, bool(key), followed, told)
        if followed is None:
            self.counts.spoken += 1
        else:
            self.counts.followed += 1
        if key:
            self._flights[key] = flight
        return flight

    def _speak_after_all(self, followed: Followed, opening: _Opening) -> AbstractContextManager[RemoteUtterance]:
        """What another box had begun."""
        if followed.was_silent:
            self.counts.after_silence += 1
        else:
            self.counts.after_loss += 1
        return opening()

    async def run(self) -> None:
        """Write what was spoken to the stores, and tell other boxes of it, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            if self._server is not None and self._teller is not None:
                tasks.create_task(self._server.run(), name="shared cache")
                tasks.create_task(self._teller.run(), name="telling other boxes")
            if self._store is not None:
                await self._store.open()
            if self._store is not None or self._shared is not None:
                await self._write()

    async def _write(self) -> None:
        while True:
            key, recording, stores = await self._unwritten.get()
            stored = await asyncio.to_thread(recording.to_bytes, key)
            for store in stores:
                await store.put(key, stored)
            self._unwritten.task_done()

    async def written(self) -> None:
        """Wait until `run` has written all that was spoken."""
        await self._unwritten.join()

    async def _find(self, key: str) -> Recording | None:
        if (recording := self._memory.get(key)) is not None:
            self.counts.from_memory += 1
            return recording
        if self._store is None or key in self._flights:
            return None
        if (stored := await self._store.get(key)) is None:
            return self._memory.get(key)
        if (recording := await self._unpacked(self._store, key, stored)) is not None:
            self._memory.put(key, recording)
            self.counts.from_store += 1
        return recording

    async def _look(self, shared: SharedStore, key: str) -> Recording | Spoken | Ours | None:
        """What other boxes have of it, or who of all speaks it. Those who ask together look once.

        So they speak it under one token, whoever begins: who listens to another would hear nothing.
        """
        if (looking := self._looking.get(key)) is None:
            looking = self._looking[key] = asyncio.create_task(self._look_alone(shared, key))
            looking.add_done_callback(lambda _: self._looking.pop(key))
        return await asyncio.shield(looking)

    async def _look_alone(self, shared: SharedStore, key: str) -> Recording | Spoken | Ours | None:
        found = await shared.look(key)
        if not isinstance(found, Found):
            return found
        if (recording := await self._unpacked(shared, key, found.stored)) is not None:
            self._keep(key, recording, [self._store] if self._store is not None else [])
        return recording

    async def _unpacked(self, store: Store, key: str, stored: bytes) -> Recording | None:
        try:
            return await asyncio.to_thread(Recording.from_bytes, key, stored)
        except ValueError:
            log.warning("a damaged recording is removed: %s", key)
            await store.remove(key)
            return None

    def _keep(self, key: str, recording: Recording, stores: list[Store]) -> None:
        self._memory.put(key, recording)
        if stores and not self._unwritten.full():
            self._unwritten.put_nowait((key, recording, stores))

    def land(self, key: str, flight: SingleFlight) -> None:
        """Keep what a flight brought, once it is complete; forget it when it is over."""
        if self._flights.get(key) is not flight:
            return
        del self._flights[key]
        if (recording := flight.recording) is not None:
            stores: list[Store | None] = [self._store, None if flight.is_from_elsewhere else self._shared]
            self._keep(key, recording, [store for store in stores if store is not None])


class _Replay(Source):
    """Plays a recording."""

    is_cached = True

    def __init__(self, recording: Recording, turns: Turns, segment: Segment, stream: int) -> None:
        self._pieces = iter(recording.pieces)
        self._turns = turns
        self._offsets = segment.offsets
        self._stream = stream

    async def next(self) -> AudioChunk | None:
        """The next chunk, at once."""
        if (piece := next(self._pieces, None)) is None:
            return None
        self._turns.credit_audio(self._stream, piece.seconds)
        return piece.chunk(self._offsets)


class _Listener(Source):
    """Hears a flight."""

    def __init__(self, cache: SegmentCache, key: str, flight: SingleFlight, segment: Segment, stream: int) -> None:
        self._cache = cache
        self._key = key
        self._flight = flight
        self._offsets = segment.offsets
        self._stream = stream
        self._told: Queued | None = None
        self._is_closed = False
        flight.join(stream)

    async def next(self) -> AudioChunk | Queued | None:
        """The next chunk, when the flight has come to it."""
        busy_s = self._flight.busy_s
        piece = await self._flight.next(self._stream, self._told)
        if piece is None:
            self._cache.land(self._key, self._flight)
            return None
        if isinstance(piece, Queued):
            self._told = piece
            return piece
        self._told = None
        if self._flight.carrier == self._stream:
            self.busy_s += self._flight.busy_s - busy_s
        return piece.chunk(self._offsets)

    def close(self) -> None:
        """Leave the flight; the last one ends it."""
        if not self._is_closed:
            self._is_closed = True
            if self._flight.leave(self._stream):
                self._cache.land(self._key, self._flight)
