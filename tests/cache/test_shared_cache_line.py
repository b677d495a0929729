"""A bad line to the shared cache costs a few texts a moment, the others nothing; and one that was mended is used."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.cache.test_segment_cache import say
from tests.cache.test_shared_cache import boxes, told
from tests.shared.valkey import valkey_server
from tests.support.bad_line import bad_line
from tests.support.core import Core

TIMEOUT_S = 0.3  # much, as a loaded machine is no slow line


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", ["slow", "split", "cut"])
async def test_a_line_that_is(way: str, core: Core, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "tts_server.shared")
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(valkey_server())
        line = await stack.enter_async_context(bad_line(valkey.port))
        (box,) = await stack.enter_async_context(boxes(core, f"valkey://127.0.0.1:{line.port}", 1, TIMEOUT_S))
        server = box.cache._server
        assert server is not None
        await say(box)
        await told(valkey)
        match way:
            case "slow":
                line.delay_s = 0.5
            case "split":
                line.is_split = True
            case "cut":
                line.is_split = True
                line.cut()
        for number in range(8):
            await say(box, f"第{number}句。")  # heard, whatever the line does
            if not server.is_up:
                break
        assert not server.is_up
        await say(box, "还在说。")
        assert caplog.text.count("the shared cache is away") <= 2  # at the beginning, perhaps, and now
        line.delay_s, line.is_split = 0.0, False
        line.cut()
        async with asyncio.timeout(40):
            while not server.is_up:  # noqa: ASYNC110  # it looks once a second
                await asyncio.sleep(0.05)
        for number in range(20):  # a connection that was lost is found so by whoever uses it next
            await say(box, f"第{number}次又来了。")
            await box.cache.written()
            if len(await valkey.values("segment")) > 1:
                return
        raise AssertionError("nothing is told any more")
