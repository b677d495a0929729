"""HAProxy's agent-check: the line tells of the room, and of what the daemon is about."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from tests.support.core import Core, running_core
from tests.support.http_door import core_without_engines
from tts_server.access.networks import PRIVATE_NETWORKS
from tts_server.errors import ConfigInvalid
from tts_server.events import SpeechOptions
from tts_server.transports import agent_check
from tts_server.transports.agent_check import AgentCheck
from tts_server.transports.listening import listen


def test_what_was_set_before_is_undone_at_the_beginning_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_check, "_READY_S", 0.0)

    async def told() -> str:
        async with running_core() as core:
            return AgentCheck(core.synthesizer, PRIVATE_NETWORKS).told()

    assert asyncio.run(told()) == "up 100%"  # an operator's drain stays


@asynccontextmanager
async def agent(core: Core) -> AsyncGenerator[tuple[AgentCheck, int]]:
    check = AgentCheck(core.synthesizer, PRIVATE_NETWORKS)
    sockets = listen("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    await check.start(sockets)
    try:
        yield check, port
    finally:
        check.close()


async def asked(port: int, sent: bytes = b"") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(15):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("sent", [b"", b"hello\n", b"x" * 10_000])
async def test_an_idle_box_is_up_with_all_its_weight_whatever_is_sent_first(core: Core, sent: bytes) -> None:
    async with agent(core) as (_, port):
        assert await asked(port, sent) == b"ready up 100%\n"


async def test_the_weight_is_the_room_whoever_speaks() -> None:
    """HAProxy counts those who speak itself, and sooner."""
    async with running_core(engine_settings={"tone": {"rtf": 0.25}}, threads=1) as core, agent(core) as (_, port):
        costs = core.synthesizer._turns.scheduler.costs
        costs.learn("tone", 25.0, 100.0)  # 0.25 s for a second: two fit
        began = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(speak(core, began))
            await began.wait()
            assert await asked(port) == b"ready up 2%\n"
        costs.learn("other", 5_000.0, 100.0)  # too slow for one
        assert await asked(port) == b"ready up 1%\n"


async def speak(core: Core, began: asyncio.Event) -> None:
    """Say a text to its end; `began` is set when it is heard, or has to wait."""
    context = core.synthesizer.open(SpeechOptions())
    context.text("今天天气不错，我们出去走走，晚上再回家吃饭吧。")
    context.end()
    async for _ in context.events():
        began.set()


async def test_a_box_that_loads_is_down_one_with_a_mistake_in_maintenance() -> None:
    core = core_without_engines()
    async with agent(core) as (_, port):
        assert (await asked(port)).startswith(b"down #")
        core.synthesizer.trouble = ConfigInvalid("a mistake")
        assert await asked(port) == b"maint\n"


async def test_a_box_that_stops_is_drained() -> None:
    core = core_without_engines()
    async with agent(core) as (_, port):
        await core.synthesizer.drain(1.0)
        assert await asked(port) == b"drain\n"


async def test_other_networks_are_told_nothing() -> None:
    async with agent(core_without_engines()) as (check, port):
        check.reconfigure((ip_network("10.0.0.0/8"),))
        assert await asked(port) == b""


async def test_one_who_never_leaves_is_left() -> None:
    async with agent(core_without_engines()) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.read()).startswith(b"down")  # the end comes although this side says nothing
        async with asyncio.timeout(15):
            while not writer.transport.is_closing():
                writer.write(b"still here")
                await asyncio.sleep(0.05)
