"""Waiting for one's turn: the asyncio side of the scheduler."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from tts_server.engine import AudioChunk
from tts_server.errors import EngineBusy
from tts_server.events import Queued
from tts_server.scheduling.prebuffer import Prebuffer
from tts_server.scheduling.scheduler import Scheduler


class TurnLost(Exception):
    """The stream whose turn was waited for is gone."""


class Turns:
    """Runs chunk requests in the scheduler's order, at most `scheduler.slots` at a time."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.refuses = False  # a newcomer for whom there is no room, instead of letting it wait in line
        self._waiting: dict[int, asyncio.Future[float | Queued]] = {}
        self._told: dict[int, int] = {}  # stream -> the place in line that it knows of
        self._ids = itertools.count(1)
        self._look_again: asyncio.TimerHandle | None = None

    @property
    def queued(self) -> int:
        """Streams that wait to be let in."""
        return len(self._told)

    @contextmanager
    def stream(self, priority: int = 0, client: str = "") -> Iterator[int]:
        """A place in the order for as long as one context speaks."""
        stream = next(self._ids)
        self.scheduler.open(stream, self._now(), priority, client)
        try:
            yield stream
        finally:
            self.scheduler.close(stream, self._now())
            self._told.pop(stream, None)
            self._lose(stream)
            self._give_turns()

    async def take(
        self, stream: int, voice: str, fetch: Callable[[float], Awaitable[AudioChunk | None]], *, begins: bool
    ) -> AudioChunk | Queued | None:
        """Wait for the stream's turn, fetch a chunk of the length the scheduler says, and pass the turn on.

        begins: a segment begins with it. Returns Queued whenever its place in line is another one: it is then to be
        called again. Raises TurnLost, EngineBusy when there is no room and `refuses`.
        """
        granted = await self._wait(stream, voice, begins)
        if isinstance(granted, Queued):
            return granted
        try:
            chunk = await fetch(granted)
            if chunk is not None:
                self.scheduler.finish(stream, len(chunk.samples) / chunk.sample_rate, self._now())
            return chunk
        finally:
            self.scheduler.withdraw(stream)
            self._give_turns()

    def credit_audio(self, stream: int, audio_s: float) -> None:
        """The stream's listener got audio that nobody had to compute for it."""
        self.scheduler.credit_audio(stream, audio_s, self._now())

    def in_hand_s(self, stream: int) -> float:
        """Seconds of audio that the stream's listener has and has not heard yet."""
        return self.scheduler.in_hand_s(stream, self._now())

    def prebuffer(self, stream: int, voice: str, *, is_followed: bool = False) -> Prebuffer:
        """What holds back the start of a segment if the voice is slower than real time, or many speak at once.

        is_followed: by another segment, which will begin with what cannot be cut into chunks.
        """
        begins = is_followed and not self.scheduler.has_heard(stream)
        prebuffer = Prebuffer(
            self.scheduler.costs.of(voice).cost,
            lambda audio_s: self.scheduler.release(stream, audio_s, self._now()),
            (lambda: self.scheduler.lasting_s(self._now())) if begins else None,
        )
        if prebuffer.is_holding:
            self.scheduler.hold(stream)
        return prebuffer

    def hasten(self, stream: int, waiting: int) -> None:
        """Let the stream be as urgent as another one that waits for its audio, and have its place."""
        self.scheduler.hasten(stream, waiting)
        self._give_turns()

    def hand_over(self, stream: int, heir: int) -> None:
        """Let `heir` have the stream's place; whoever waits for the stream's turn gets TurnLost."""
        self.scheduler.hand_over(stream, heir)
        self._lose(stream)

    async def _wait(self, stream: int, voice: str, begins: bool) -> float | Queued:
        if stream not in self.scheduler:
            raise TurnLost
        ticket: asyncio.Future[float | Queued] = asyncio.get_running_loop().create_future()
        self._waiting[stream] = ticket
        self.scheduler.ask(stream, self._now(), voice, begins=begins)
        self._give_turns()
        try:
            granted = await ticket
        except BaseException:
            self.scheduler.withdraw(stream)
            self._give_turns()
            raise
        finally:
            self._waiting.pop(stream, None)
        return granted

    def _lose(self, stream: int) -> None:
        ticket = self._waiting.get(stream)
        if ticket is not None and not ticket.done():
            ticket.set_exception(TurnLost())

    def _give_turns(self) -> None:
        while (turn := self.scheduler.pick(self._now())) is not None:
            self._told.pop(turn.stream, None)
            waiting = self._waiting[turn.stream]
            if not waiting.done():
                waiting.set_result(turn.wanted_s)
        if self._look_again is not None:
            self._look_again.cancel()
            self._look_again = None
        if (at := self.scheduler.held_until) is not None:
            self._look_again = asyncio.get_running_loop().call_at(at, self._give_turns)
        for place in self.scheduler.places(self._now()):
            waiting_for = self._waiting.get(place.stream)
            if waiting_for is None or waiting_for.done():
                continue
            if self._is_refused(place.stream):
                self.scheduler.withdraw(place.stream)
                waiting_for.set_exception(EngineBusy("there is no room for another text now; try again soon"))
            elif self._told.get(place.stream) != place.position:
                self._told[place.stream] = place.position
                self.scheduler.withdraw(place.stream)  # until it asks again; its place in line it keeps
                waiting_for.set_result(Queued(place.position, place.eta_s))

    def _is_refused(self, stream: int) -> bool:
        """Who has begun to be heard is not cut off; what is spoken after all others is in no hurry."""
        return self.refuses and not (self.scheduler.has_heard(stream) or self.scheduler.is_patient(stream))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
