"""Text as a language model gives it: bit by bit, and now and then nothing for a while."""

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from tests.soak import texts
from tests.soak.home import Home
from tests.soak.player import Player

PIECE_S = (0.01, 0.06)
STALL_S = (1.0, 4.0)
STALLS = 0.02  # of all pieces


async def thought(home: Home, player: Player) -> AsyncGenerator[str]:
    """The pieces; the player is told of every stall."""
    chance = home.chance
    for number, piece in enumerate(texts.pieces(texts.reply(chance), chance)):
        if number and chance.random() < STALLS:
            stall_s = chance.uniform(*STALL_S)
            player.text_paused_at = time.monotonic() + stall_s
            await asyncio.sleep(stall_s)
        await asyncio.sleep(chance.uniform(*PIECE_S))
        yield piece


@asynccontextmanager
async def together(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """The work goes on while the body runs, no longer."""
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(work)
        yield
        working.cancel()
