"""A segment being spoken once for all who want to hear it now.

It is pulled: whoever has heard all that is there asks the engine for the next chunk, on the turn of one of them (the
carrier); the others who have come as far wait for it. Anybody may leave at any time. When the carrier leaves, one of
those who wait takes its place; when the last one leaves, the engine is told to stop.

Where another box is speaking it just now, its pieces are taken as they come; when they stay away, the engine here is
asked after all, and what was heard already is passed over.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Final

from tts_server.audio.wav import BYTES_PER_SAMPLE
from tts_server.cache.recording import PackedPiece, Piece, Recording
from tts_server.cache.shared_flight import Followed, Lost, Told
from tts_server.engine_host.link import RemoteUtterance
from tts_server.errors import EngineBusy, TTSError
from tts_server.events import Queued
from tts_server.scheduling.turns import TurnLost, Turns

MAX_SHARED_BYTES: Final = 8 * 2**20  # what is longer is neither shared nor kept: nobody says such a thing twice


class SingleFlight:
    """The growing audio of one segment."""

    def __init__(
        self,
        turns: Turns,
        voice: str,
        opening: Callable[[], AbstractContextManager[RemoteUtterance]],
        is_shared: bool,
        followed: Followed | None = None,
        told: Told | None = None,
    ) -> None:
        """opening: the segment in the engine host. followed: the same on another box. told: what others hear of it.

        Raises EngineHostLost.
        """
        self._turns = turns
        self._voice = voice
        self._opening = opening
        self._closing = ExitStack()
        self._followed = followed
        self._told_others = told
        self._utterance = None if followed else self._closing.enter_context(opening())
        self._samples = 0
        self._heard_elsewhere = self._to_pass_over = 0  # samples from the other box, and of them still to be made here
        self._changed = asyncio.Event()
        self._pieces: list[Piece | PackedPiece] = []
        self._paid_by: list[int | None] = []  # for each piece, the stream on whose turn it was made
        self._dropped = 0  # pieces that everybody has heard, of a flight that is not shared
        self._heard: dict[int, int] = {}  # stream -> pieces it has taken
        self.carrier: int | None = None  # on whose turns the engine is asked
        self._is_fetching = False
        self._queued: Queued | None = None
        self._error: TTSError | None = None
        self.is_shared = is_shared
        self.is_complete = False

    @property
    def is_open(self) -> bool:
        """Whether somebody who comes now can still hear all of it."""
        return self.is_shared and self._error is None

    @property
    def recording(self) -> Recording | None:
        """All of it, once it is complete and if it may be kept."""
        return Recording(tuple(self._pieces)) if self.is_complete and self.is_shared else None

    @property
    def busy_s(self) -> float:
        """Seconds the engine has worked on it."""
        return self._utterance.busy_s if self._utterance else 0.0

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether all of it came from another box."""
        return self._utterance is None

    def join(self, stream: int) -> None:
        """Somebody wants to hear it from the start."""
        self._heard[stream] = 0

    def leave(self, stream: int) -> bool:
        """Somebody has heard enough. True when nobody is left; the engine has been told then."""
        self._heard.pop(stream, None)
        if self._heard:
            if stream == self.carrier:
                self._change_carrier(next(iter(self._heard)))
            return False
        self._close()
        return True

    async def next(self, stream: int, told: Queued | None) -> Piece | PackedPiece | Queued | None:
        """The next piece for a listener; how it stands in the queue if that is not as `told`; None at the end.

        Raises TTSError. May be given up at any moment: nothing is lost by it.
        """
        while True:
            heard = self._heard[stream] - self._dropped
            if heard < len(self._pieces):
                return self._give(stream, heard)
            if self._error is not None:
                raise self._error
            if self.is_complete:
                return None
            if self._queued is not None and self._queued != told:
                return self._queued
            if self._is_fetching:
                await self._wait(stream)
            elif self._followed is not None:
                await self._follow(self._followed)
            else:
                await self._fetch(stream)

    def _give(self, stream: int, number: int) -> Piece | PackedPiece:
        piece = self._pieces[number]
        self._heard[stream] += 1
        if stream != self._paid_by[number]:
            self._turns.credit_audio(stream, piece.seconds)
        if not self.is_shared:
            done = min(self._heard.values()) - self._dropped
            del self._pieces[:done], self._paid_by[:done]
            self._dropped += done
        return piece

    async def _wait(self, stream: int) -> None:
        if self.carrier is not None:
            self._turns.hasten(self.carrier, stream)
        self._changed.clear()
        await self._changed.wait()

    async def _follow(self, followed: Followed) -> None:
        """Get one more piece from the other box, or turn to the engine here."""
        self._is_fetching = True
        try:
            piece = await followed.next(min(self._turns.in_hand_s(stream) for stream in self._heard))
        except Lost:
            self._followed = None
            self._heard_elsewhere = self._to_pass_over = self._samples
            try:
                self._utterance = self._closing.enter_context(self._opening())
            except TTSError as error:
                self._error = error
            return
        finally:
            self._is_fetching = False
            self._changed.set()
        if piece is None:
            self.is_complete = True
        else:
            self._add(piece, None)

    async def _fetch(self, stream: int) -> None:
        """Get one more piece, or hear how the carrier stands in the queue."""
        assert self._utterance is not None
        carrier = self.carrier = stream if self.carrier is None else self.carrier
        self._is_fetching = True
        try:
            begins = not self._utterance.has_begun
            chunk = await self._turns.take(carrier, self._voice, self._utterance.next_chunk, begins=begins)
        except TurnLost:  # the carrier left
            return
        except EngineBusy:  # the carrier is refused, not the speech: another listener may have the room for it
            self.carrier = None
            if carrier == stream:
                raise
            return
        except TTSError as error:
            self._error = error
            self._close()
            return
        finally:
            self._is_fetching = False
            self._changed.set()
        self._queued = chunk if isinstance(chunk, Queued) else None
        if chunk is None:
            self.is_complete = True
            self._close()
        elif not isinstance(chunk, Queued):
            self._add_spoken(Piece.of(chunk), carrier)

    def _close(self) -> None:
        """The engine is not needed any more."""
        self._closing.close()
        if self._told_others is not None:
            self._told_others.end(self.is_complete)

    def _add_spoken(self, piece: Piece, carrier: int) -> None:
        if self._to_pass_over:
            passed = min(self._to_pass_over, piece.samples)
            self._to_pass_over -= passed
            piece = piece.without(passed, self._heard_elsewhere)
            if not piece.samples:
                return
        self._add(piece, carrier)
        if self._told_others is not None:
            self._told_others.add(piece)

    def _add(self, piece: Piece | PackedPiece, carrier: int | None) -> None:
        self._pieces.append(piece)
        self._paid_by.append(carrier)
        self._samples += piece.samples
        self.is_shared &= BYTES_PER_SAMPLE * self._samples <= MAX_SHARED_BYTES

    def _change_carrier(self, carrier: int) -> None:
        assert self.carrier is not None
        self._turns.hand_over(self.carrier, carrier)
        self.carrier = carrier
        self._changed.set()
