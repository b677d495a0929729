"""Boxes behind one cache tell each other their settings, as digests, and each says in its log who differs, and in what.

A text sounds as the box is set that happens to speak it: where boxes differ, the same words do not sound alike.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Final

from tts_server.shared.server import PREFIX, NoAnswer, SharedServer

log = logging.getLogger(__name__)

_EVERY_S: Final = 10.0
_GONE_S: Final = 60  # a box that told nothing for so long is there no more
_PATIENCE_S: Final = 1.0
_MAX_BOXES: Final = 1000
_KEY: Final = f"{PREFIX}boxes"

# The server's clock counts. What is too old goes, so that it stays as small as the house is.
_TELL: Final = """
local now = tonumber(redis.call('TIME')[1])
redis.call('HSET', KEYS[1], ARGV[1], now .. ':' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local told, there = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #told, 2 do
  local at, settings = string.match(told[i + 1], '^(%d+):(.*)$')
  if at and now - tonumber(at) <= tonumber(ARGV[3]) then
    there[#there + 1] = told[i]
    there[#there + 1] = settings
  else
    redis.call('HDEL', KEYS[1], told[i])
  end
end
return there
"""


class House:
    """The boxes that share a server, as far as it tells of them."""

    def __init__(
        self, server: SharedServer, name: Callable[[], str], settings: Callable[[], Mapping[str, str]]
    ) -> None:
        """name: of this box; settings: digests of its sections."""
        self._server = server
        self._name = name
        self._settings = settings
        self._told: dict[str, str] = {}  # in which sections each other box differs, as it was logged

    async def run(self) -> None:
        """Tell and look, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> None:
        """Once. Whatever the server answers, nothing worse happens than a line in the log."""
        own = dict(self._settings())
        try:
            answer = await self._server.ask(
                *("EVAL", _TELL, 1, _KEY, self._name(), json.dumps(own), _GONE_S), timeout_s=_PATIENCE_S
            )
            others = _others(answer, self._name())
        except (NoAnswer, ValueError, TypeError, AttributeError, RecursionError):
            return
        self._tell({name: _differing(own, settings) for name, settings in others.items()})

    def _tell(self, differing: dict[str, str]) -> None:
        for name, sections in differing.items():
            if sections == self._told.get(name, ""):
                continue
            if sections:
                log.warning("the box %r has other settings than this one in %s", name, sections)
            else:
                log.info("the box %r has the same settings again", name)
        self._told = differing


def _others(answer: list[bytes], own_name: str) -> dict[str, dict[str, str]]:
    """What other boxes have told, by their names. Raises what odd answers raise."""
    names = [name.decode()[:100] for name in answer[: 2 * _MAX_BOXES : 2]]
    told = dict(zip(names, answer[1::2], strict=False))
    return {name: dict(json.loads(settings)) for name, settings in told.items() if name != own_name}


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """The names of the sections of which one box says something else. Names come from another box: a few, and short."""
    sections = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
    return ", ".join(f"[{ascii(section)[1:-1][:40]}]" for section in sections[:20])
