"""The client over a line that breaks: its user hears nothing of it."""

import asyncio

import pytest

from protocol.answers import Applied, Cancelled, Done, SegmentEnd
from protocol.client import Chunk, TtsClient, TtsError
from protocol.errors import ErrorCode
from tests.support import fixtures
from tests.support.bad_line import BadLine, bad_line
from tests.support.core import Core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tests.support.http_door import Door, open_door
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.settings import WebSocketSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "今天天气很好。我们去公园走走吧。晚上再回来。"


core, door, line = fixtures.core, fixtures.door, fixtures.line


async def whole(door: Door) -> bytes:
    async with TtsClient(f"ws://127.0.0.1:{door.port}") as tts:
        return b"".join([chunk.pcm async for chunk in tts.say(TEXT, flow="none")])


@pytest.mark.parametrize("after_bytes", [3000, 3500, 20_000, 41_111])
async def test_a_cut_anywhere_is_not_heard(door: Door, line: BadLine, after_bytes: int) -> None:
    async with TtsClient(f"ws://127.0.0.1:{line.port}") as tts, tts.open(flow="none", marks="char") as speech:
        line.cut_after_bytes = line.passed_bytes + after_bytes
        await speech.emotion("neutral")
        await speech.say_all(TEXT)
        events = [event async for event in speech]
    assert line.connections == 2
    assert b"".join(event.pcm for event in events if isinstance(event, Chunk)) == await whole(door)
    assert [event.segment for event in events if isinstance(event, SegmentEnd)] == [0, 1, 2]
    assert len([event for event in events if isinstance(event, Applied)]) == 1
    assert isinstance(events[-1], Done)


async def test_several_speeches_and_cuts_at_once(door: Door, line: BadLine) -> None:
    async def hear(tts: TtsClient) -> bytes:
        return b"".join([chunk.pcm async for chunk in tts.say(TEXT)])

    async with TtsClient(f"ws://127.0.0.1:{line.port}") as tts, asyncio.TaskGroup() as tasks:
        heard = [tasks.create_task(hear(tts)) for _ in range(3)]
        for _ in range(2):
            line.was_cut.clear()
            line.cut_after_bytes = line.passed_bytes + 15_000
            await line.was_cut.wait()
    wanted = await whole(door)
    assert [task.result() == wanted for task in heard] == [True] * 3


async def test_text_written_while_the_line_is_down_arrives(door: Door, line: BadLine) -> None:
    async with TtsClient(f"ws://127.0.0.1:{line.port}") as tts, tts.open(flow="none") as speech:
        await speech.text(TEXT[:7])
        async for event in speech:
            if isinstance(event, Chunk):
                first = event
                break
        line.cut()
        await speech.text(TEXT[7:16])
        await speech.text(TEXT[16:])
        await speech.end()
        rest = [event.pcm async for event in speech if isinstance(event, Chunk)]
    assert first.pcm + b"".join(rest) == await whole(door)


async def test_a_cancel_finds_its_way(door: Door, line: BadLine) -> None:
    async with TtsClient(f"ws://127.0.0.1:{line.port}") as tts, tts.open() as speech:
        await speech.say_all(TEXT * 5)
        async for event in speech:
            if isinstance(event, Chunk):
                break
        line.cut()
        await speech.cancel(played_samples=SAMPLES_PER_CHARACTER)
        events = [event async for event in speech]
    assert [type(event) for event in events if isinstance(event, Chunk | Cancelled | Done)] == [Cancelled, Done]


async def test_a_session_that_is_gone_fails_its_speeches_and_the_client_goes_on(core: Core) -> None:
    settings = HttpSettings(websocket=WebSocketSettings(resume_s=0.3))
    async with (
        open_door(core, settings) as door,
        bad_line(door.port) as line,
        TtsClient(f"ws://127.0.0.1:{line.port}") as tts,
        tts.open() as speech,
    ):
        assert tts.ready.resume is not None
        tts.ready.resume.ttl_ms = 20_000  # it hopes longer than the server does
        await speech.say_all(TEXT * 5)
        async for event in speech:
            if isinstance(event, Chunk):
                break
        line.cut()
        async with asyncio.timeout(15):
            await core.synthesizer._idle.wait()
        with pytest.raises(TtsError, match="connection was lost") as caught:
            _ = [event async for event in speech]
        assert caught.value.code is ErrorCode.RESUME_GONE
        assert [chunk async for chunk in tts.say("好。")]


async def test_a_server_that_stays_away_is_told(core: Core) -> None:
    settings = HttpSettings(websocket=WebSocketSettings(resume_s=0.6))
    async with open_door(core, settings) as door, bad_line(door.port) as line:
        tts = await TtsClient(f"ws://127.0.0.1:{line.port}").__aenter__()
        async with tts.open() as speech:
            await speech.say_all(TEXT)
            await line.close()
            line.refuse()
            with pytest.raises(TtsError, match=r"cannot connect|closed the connection|did not answer"):
                _ = [event async for event in speech]
        await tts.__aexit__(None, None, None)
