"""What any box of the house has spoken: a Store over Valkey, which also tells who is just speaking what is not there.

Keys are digests, values are recordings that prove themselves (`recording`): a value that was damaged is a miss. How
much is kept, and what goes first, is Valkey's own business (maxmemory, allkeys-lru).
"""

import contextlib
import secrets
from dataclasses import dataclass
from typing import Final

from tts_server.shared.server import PREFIX, NoAnswer, SharedServer

MAX_BYTES: Final = 8 * 2**20  # of one recording
WRITE_S: Final = 1.0  # nobody waits for it
LEASE_MS: Final = 2000  # how long others wait for a box that tells nothing more

# What is there; else who speaks it; else it is us who do. One round trip, whatever comes of it.
_LOOK: Final = """
local size = redis.pcall('STRLEN', KEYS[1])
if type(size) == 'number' and size > 0 then
  return size <= tonumber(ARGV[3]) and redis.call('GET', KEYS[1]) or 0
end
local lease = redis.pcall('SET', KEYS[2], ARGV[1], 'NX', 'GET', 'PX', ARGV[2])
if type(lease) == 'string' then return {lease} end
if type(lease) == 'table' and lease.err then return 0 end
return 1
"""


@dataclass(frozen=True, slots=True)
class Found:
    """It was spoken before."""

    stored: bytes


@dataclass(frozen=True, slots=True)
class Spoken:
    """Another box is speaking it. token: of its flight."""

    token: str


@dataclass(frozen=True, slots=True)
class Ours:
    """Nobody has it, and others wait for us to speak it. token: for our flight."""

    token: str


class SharedStore:
    """A Store behind the box's own memory and disk."""

    def __init__(self, server: SharedServer, max_age_s: float) -> None:
        self._server = server
        self._max_age_s = max_age_s
        self._box = secrets.token_hex(6)

    async def open(self) -> None:
        """Nothing to be done: connections are made when they are needed."""

    async def look(self, key: str) -> Found | Spoken | Ours | None:
        """What is known of a recording; None when nobody can tell."""
        token = f"{self._box}-{secrets.token_hex(6)}"
        try:
            answer = await self._server.ask(
                *("EVAL", _LOOK, 2, _place(key), lease_of(key), token, LEASE_MS, MAX_BYTES),
            )
        except NoAnswer:
            return None
        if isinstance(answer, bytes):
            return Found(answer)
        if answer == 1:
            return Ours(token)
        if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], bytes):
            told = answer[0].decode("ascii", "replace")
            # What we said ourselves and do not speak any more.
            return Ours(token) if told.startswith(self._box) else Spoken(told)
        return None

    async def get(self, key: str) -> bytes | None:
        """The bytes, or None."""
        found = await self.look(key)
        return found.stored if isinstance(found, Found) else None

    async def put(self, key: str, stored: bytes) -> None:
        """Keep it, if there is room and somebody to keep it."""
        if len(stored) <= MAX_BYTES:
            await self._tell("SET", _place(key), stored, "EX", max(1, round(min(self._max_age_s, 10 * 365 * 86400))))

    async def remove(self, key: str) -> None:
        """Forget it."""
        await self._tell("DEL", _place(key))

    async def _tell(self, *command: object) -> None:
        with contextlib.suppress(NoAnswer):
            await self._server.ask(*command, timeout_s=WRITE_S)


def lease_of(key: str) -> str:
    """Where it stands who speaks it."""
    return f"{PREFIX}lease:{key}"


def _place(key: str) -> str:
    return f"{PREFIX}segment:{key}"
