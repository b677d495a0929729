"""The client against a real door."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from protocol.answers import Applied, Cancelled, Done, Marks, Segment
from protocol.client import Chunk, TtsClient, TtsError
from protocol.errors import ErrorCode
from tests.support import fixtures
from tests.support.core import Core
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tests.support.http_door import Door, open_door

pytestmark = pytest.mark.asyncio(loop_scope="module")


core = fixtures.core


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(core: Core) -> AsyncGenerator[Door]:
    async with open_door(core) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def tts(door: Door) -> AsyncGenerator[TtsClient]:
    async with TtsClient(f"ws://127.0.0.1:{door.port}") as client:
        yield client


async def test_a_text_is_heard_in_two_lines(tts: TtsClient) -> None:
    chunks = [chunk async for chunk in tts.say("你好，世界。", emotion="happy")]
    assert {chunk.sample_rate for chunk in chunks} == {RATE}
    assert sum(len(chunk.pcm) for chunk in chunks) == 2 * 4 * SAMPLES_PER_CHARACTER
    assert [chunk.position for chunk in chunks] == [640 * number for number in range(len(chunks))]


async def test_text_longer_than_one_message_may_be_is_heard_whole(tts: TtsClient) -> None:
    text = "一二三四五六七八九。" * 210
    samples = 0
    async for chunk in tts.say(text, flow="none"):
        samples += len(chunk.pcm) // 2
    assert samples == 210 * 9 * SAMPLES_PER_CHARACTER


async def test_a_streamed_text_brings_segments_marks_and_changes(tts: TtsClient) -> None:
    async with tts.open(marks="char", emotion="happy") as speech:
        await speech.text("太好了。")
        await speech.emotion("sad")
        await speech.text("下雨了。", end=True)
        events = [event async for event in speech]
    assert [event.emotion for event in events if isinstance(event, Segment)] == ["happy", "sad"]
    assert [event.at for event in events if isinstance(event, Applied)] == [4]
    assert [item[:2] for event in events if isinstance(event, Marks) for item in event.items][:2] == [(0, 1), (1, 2)]
    assert isinstance(events[-1], Done)


async def test_barge_in_tells_what_was_heard(tts: TtsClient) -> None:
    async with tts.open() as speech:
        await speech.text("很长的一段话。" * 10)
        await speech.flush()
        async for event in speech:
            if isinstance(event, Chunk) and event.position > 2 * SAMPLES_PER_CHARACTER:
                break
        await speech.cancel(played_samples=2 * SAMPLES_PER_CHARACTER)
        rest = [event async for event in speech]
    assert [type(event) for event in rest if isinstance(event, Cancelled | Done)] == [Cancelled, Done]
    (cancelled,) = (event for event in rest if isinstance(event, Cancelled))
    assert cancelled.heard is not None
    assert cancelled.heard.text == "很长"


async def test_speeches_run_side_by_side(tts: TtsClient) -> None:
    async def samples_of(text: str) -> int:
        return sum([len(chunk.pcm) // 2 async for chunk in tts.say(text)])

    counts = await asyncio.gather(*(samples_of("一二三四五。" * number) for number in (1, 2, 3)))
    assert counts == [5 * number * SAMPLES_PER_CHARACTER for number in (1, 2, 3)]


async def test_leaving_a_speech_early_cancels_it(tts: TtsClient) -> None:
    async with tts.open() as speech:
        await speech.text("很长的一段话。" * 20, end=True)
        async for event in speech:
            if isinstance(event, Chunk):
                break
    assert [chunk async for chunk in tts.say("你好。")]
    async with tts.open() as other:
        assert other.opened.queue == 0  # the box speaks nothing else any more


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"voice": "nobody"}, ErrorCode.VOICE_UNKNOWN),
        ({"speed": 9.0}, ErrorCode.BAD_FIELD),
        ({"audio": {"codec": "mp3"}}, ErrorCode.FORMAT_UNSUPPORTED),
    ],
)
async def test_what_cannot_be_done_is_an_error_with_its_code(
    tts: TtsClient, options: dict[str, object], code: ErrorCode
) -> None:
    with pytest.raises(TtsError) as caught:
        _ = [chunk async for chunk in tts.say("你好。", **options)]
    assert caught.value.code is code
    assert [chunk async for chunk in tts.say("你好。")]


async def test_a_failing_voice_raises(tts: TtsClient) -> None:
    with pytest.raises(TtsError, match="broke") as caught:
        _ = [chunk async for chunk in tts.say("一二三四五六七八九十。", voice="broken")]
    assert caught.value.code is ErrorCode.ENGINE_FAILED


async def test_a_server_that_is_not_there_or_leaves_is_told(core: Core) -> None:
    async with open_door(core) as door, TtsClient(f"127.0.0.1:{door.port}") as client, client.open() as speech:
        await speech.text("很长的一段话。" * 20)
        await door.door.close()
        with pytest.raises(TtsError, match="shutting_down"):
            await client.open().__aenter__()
    with pytest.raises(TtsError, match="cannot connect"):
        await TtsClient(f"ws://127.0.0.1:{door.port}").__aenter__()


@pytest.mark.parametrize("url", ["http://localhost", "ws://", "ftp://x"])
async def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(TtsError, match="write ws://"):
        TtsClient(url)
