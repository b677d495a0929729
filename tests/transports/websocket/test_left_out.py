"""Letters that nobody here reads: told at the end, never dropped without a trace."""

import pytest

from tests.support import fixtures
from tests.support.core import Core
from tests.support.http_door import open_door
from tests.support.websocket_peer import peer_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


core = fixtures.core


async def test_done_counts_letters_that_no_language_here_reads(core: Core) -> None:
    async with open_door(core) as door, peer_of(door) as peer:
        await peer.send("text", text="你好，नमस्ते。", end=True)
        assert (await peer.wait_for("done"))["skipped"] == 4


async def test_done_says_nothing_of_it_where_all_is_read(core: Core) -> None:
    async with open_door(core) as door, peer_of(door) as peer:
        await peer.send("text", text="你好。", end=True)
        assert "skipped" not in await peer.wait_for("done")
