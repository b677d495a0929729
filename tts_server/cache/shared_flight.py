"""Speech on its way from box to box: the one that speaks appends each piece to a stream, the others hear it at once.

A flight has a stream of its own, named by a token, so that what two boxes speak is never mixed. Pieces have
numbers, and each proves itself as a recording does: one that is missing or damaged ends the following, not the speech.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Final

from tts_server.cache.recording import PackedPiece, Piece, Recording
from tts_server.cache.shared_store import LEASE_MS, MAX_BYTES, WRITE_S, lease_of
from tts_server.shared.server import PREFIX, NoAnswer, SharedServer

log = logging.getLogger(__name__)

FIRST_S: Final = 0.15  # for which the next piece of another box is waited for, at least
_LONGEST_S: Final = 1.5  # and at most, where the listener has enough in hand
_MARGIN_S: Final = 0.3  # of what a listener has in hand, that it takes to speak here after all
_STREAM_MS: Final = 30_000  # for which what was told stays
_MAX_UNTOLD: Final = 128  # pieces; a server too slow for more misses the rest of the flight
_AT_ONCE: Final = 16  # pieces that are fetched together
_END: Final = b"end"
_GONE: Final = b"gone"

_APPEND: Final = """
redis.call('XADD', KEYS[1], ARGV[1], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[6])
return 1
"""


class Lost(Exception):
    """The other box tells nothing more, or nothing that can be used."""


class Told:
    """What is told of one flight that we speak."""

    def __init__(self, teller: "Teller", key: str, token: str) -> None:
        self._teller = teller
        self.key, self.token = key, token
        self.pieces = 0
        self.is_broken = False
        self._is_over = False

    def add(self, piece: Piece) -> None:
        """The next piece."""
        self.pieces += 1
        self._teller.note(self, self.pieces, piece)

    def end(self, is_complete: bool) -> None:
        """Nothing more follows; not complete: who follows speaks for itself. Idempotent."""
        if not self._is_over:
            self._is_over = True
            self.pieces += 1
            self._teller.note(self, self.pieces, _END if is_complete else _GONE)


class Teller:
    """Tells other boxes what is spoken here. Nobody here waits for it."""

    def __init__(self, server: SharedServer) -> None:
        self._server = server
        self._untold: asyncio.Queue[tuple[Told, int, Piece | bytes]] = asyncio.Queue(_MAX_UNTOLD)

    def begin(self, key: str, token: str) -> Told:
        """A flight that we speak."""
        return Told(self, key, token)

    def note(self, flight: Told, number: int, what: Piece | bytes) -> None:
        """Let it be told soon."""
        if flight.is_broken or self._untold.full():
            flight.is_broken = True  # a follower sees that a number is missing
        else:
            self._untold.put_nowait((flight, number, what))

    async def run(self) -> None:
        """Tell, until cancelled."""
        while True:
            flight, number, what = await self._untold.get()
            if flight.is_broken:
                continue
            name, value = (what, b"") if isinstance(what, bytes) else (b"piece", await _bytes(flight, number, what))
            keys = (stream_of(flight.key, flight.token), lease_of(flight.key))
            try:
                await self._server.ask(
                    *("EVAL", _APPEND, 2, *keys, f"{number}-0", name, value, _STREAM_MS, flight.token, LEASE_MS),
                    timeout_s=WRITE_S,
                )
            except NoAnswer:
                flight.is_broken = True


class Followed:
    """A flight that another box speaks, from its first piece."""

    def __init__(self, server: SharedServer, key: str, token: str) -> None:
        self._server = server
        self._key = key
        self._stream = stream_of(key, token)
        self._there: deque[Piece | PackedPiece | None] = deque()  # None: the end
        self._known = 0  # number of the last piece that came
        self._size = 0
        self.was_silent = False  # nothing came in the time that is waited for it

    async def next(self, in_hand_s: float) -> Piece | PackedPiece | None:
        """The next piece; None at the end. in_hand_s: how long its listener can wait. Raises Lost."""
        if not self._there:
            wait_s = min(_LONGEST_S, max(FIRST_S, in_hand_s - _MARGIN_S))
            await self._fetch(wait_s)
        return self._there.popleft()

    async def _fetch(self, wait_s: float) -> None:
        told = ("XREAD", "COUNT", _AT_ONCE, "BLOCK", max(1, round(1000 * wait_s)), "STREAMS", self._stream)
        try:
            answer = await self._server.wait(*told, f"{self._known}-0", timeout_s=wait_s)
            self.was_silent = not answer
            ((_, entries),) = answer.items() if isinstance(answer, dict) else answer
            for number, fields in entries:
                await self._take(number, fields)
        except (NoAnswer, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Lost from error
        if not self._there:
            raise Lost

    async def _take(self, number: bytes, fields: dict[bytes, bytes]) -> None:
        ((name, value),) = fields.items()
        expected = self._known + 1
        if number != b"%d-0" % expected or name == _GONE:
            raise ValueError("a piece is missing, or the other box has stopped")
        if self._size + len(value) > MAX_BYTES:
            raise ValueError("more than anybody says")
        pieces: Sequence[Piece | PackedPiece | None] = (None,)
        if name != _END:
            pieces = (await asyncio.to_thread(Recording.from_bytes, f"{self._key}:{expected}", value)).pieces
        # All at once, as the wait above may be given up: the next listener then fetches this piece again.
        self._known, self._size = expected, self._size + len(value)
        self._there.extend(pieces)


def stream_of(key: str, token: str) -> str:
    """Where the pieces of a flight stand."""
    return f"{PREFIX}flight:{key}:{token}"


async def _bytes(flight: Told, number: int, piece: Piece) -> bytes:
    return await asyncio.to_thread(Recording((piece,)).to_bytes, f"{flight.key}:{number}")
