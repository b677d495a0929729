"""A WebSocket door of small limits, and a peer at it."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.support.core import Core
from tests.support.http_door import Door, open_door
from tests.support.websocket_peer import Peer, peer_of
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.settings import WebSocketSettings

SMALL = WebSocketSettings(max_contexts=3, messages_per_s=50, messages_burst=100, bad_messages=5)


@pytest_asyncio.fixture(loop_scope="module")
async def door(core: Core) -> AsyncGenerator[Door]:
    async with open_door(core, HttpSettings(websocket=SMALL)) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def peer(door: Door) -> AsyncGenerator[Peer]:
    async with peer_of(door) as connected:
        yield connected
