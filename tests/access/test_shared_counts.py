"""Limits hold over all boxes, a text or two late; and without the server each box counts for itself."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.shared.valkey import ValkeyServer, valkey_server
from tts_server.access.access import Access, AccessSettings, Principal
from tts_server.access.rate_limits import RateLimits
from tts_server.access.shared_counts import SharedCounts
from tts_server.errors import RateLimited
from tts_server.shared.server import SharedServer
from tts_server.shared.settings import SharedSettings

PEER = "192.168.1.7"

# Where a minute turns while they are asked for, the counter forgets a part of what was before: one more is let in.
THREE, TEN = range(3, 5), range(10, 12)


@asynccontextmanager
async def box(valkey: ValkeyServer, limits: RateLimits) -> AsyncGenerator[Access]:
    server = SharedServer(SharedSettings(valkey.url, 2.0))
    counts = SharedCounts(server)
    await server._probe()
    running = asyncio.create_task(counts.run())
    try:
        yield Access(AccessSettings(limits=limits), shared=counts)
    finally:
        running.cancel()
        await asyncio.wait([running])
        await server.close()


async def asks_until_refused(access: Access, chars: int = 1) -> int:
    """How many texts one after the other are let in, with a breath between them."""
    for number in range(100):
        try:
            access.spend(Principal("panel"), PEER, chars)
        except RateLimited:
            return number
        await asyncio.sleep(0.05)
    return 100


async def test_what_was_spent_at_one_box_is_spent_at_all() -> None:
    limits = RateLimits(requests_per_min=10)
    async with valkey_server() as valkey, box(valkey, limits) as one, box(valkey, limits) as other:
        assert await asks_until_refused(one) in TEN
        assert await asks_until_refused(other) <= 2
        with pytest.raises(RateLimited, match=r"more than 10 requests in a minute; try again in [1-6]"):
            other.spend(Principal("panel"), PEER, 1)
        other.spend(Principal("kitchen"), "192.168.1.8", 1)  # somebody else
        keys = b"".join(await valkey.client.keys("*"))
        assert b"panel" not in keys
        assert PEER.encode() not in keys


async def test_characters_are_counted_together_too() -> None:
    limits = RateLimits(chars_per_min=1000)
    async with valkey_server() as valkey, box(valkey, limits) as one, box(valkey, limits) as other:
        assert await asks_until_refused(one, 300) in THREE
        assert await asks_until_refused(other, 300) <= 2


async def test_without_the_server_each_box_counts_for_itself() -> None:
    limits = RateLimits(requests_per_min=3)
    async with valkey_server() as valkey, box(valkey, limits) as one, box(valkey, limits) as other:
        await valkey.kill()
        assert await asks_until_refused(one) in THREE
        assert await asks_until_refused(other) in THREE


@pytest.mark.parametrize("way", ["frozen", "full"])
async def test_a_server_that_is(way: str) -> None:
    limits = RateLimits(requests_per_min=3)
    async with valkey_server("--maxmemory-policy", "noeviction") as valkey, box(valkey, limits) as one:
        if way == "frozen":
            valkey.freeze()
        else:
            await valkey.client.config_set("maxmemory", "1mb")
        assert await asks_until_refused(one) in THREE
