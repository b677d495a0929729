"""`say --server`: a running daemon speaks, over HTTP or WebSocket."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.support.core import Core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tests.support.http_door import open_door
from tts_server.cli.say import Request, say
from tts_server.config import Config
from tts_server.errors import TTSError


async def test_http_and_websocket_bring_the_same_bytes(core: Core, tmp_path: Path) -> None:
    request = Request.of("太好了，你回来了！一起吃饭吧。", None, "happy:0.5", 1.0, 0.0, 0.0)
    async with open_door(core) as door:
        for scheme in ("http", "ws"):
            output = tmp_path / f"{scheme}.wav"
            await asyncio.to_thread(say, request, output, f"{scheme}://127.0.0.1:{door.port}", Config())
    heard = (tmp_path / "ws.wav").read_bytes()
    assert heard == (tmp_path / "http.wav").read_bytes()
    assert len(heard) == 44 + 2 * 12 * SAMPLES_PER_CHARACTER


async def test_a_daemon_that_refuses_is_told_and_no_file_is_left(core: Core, tmp_path: Path) -> None:
    request = Request.of("好。", "nobody", None, 1.0, 0.0, 0.0)
    async with open_door(core) as door:
        with pytest.raises(TTSError, match="there is no voice"):
            await asyncio.to_thread(say, request, tmp_path / "x.wav", f"ws://127.0.0.1:{door.port}", Config())
    assert os.listdir(tmp_path) == []
