"""Volcengine's bidirectional door against a client that does what xiaozhi does, byte for byte."""

import asyncio
import random
import statistics
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.load.volcengine_door import over_our_websocket, over_volcengine
from tests.support import fixtures
from tests.support.core import Core
from tests.support.http_door import Door
from tests.support.xiaozhi_double_stream import Xiaozhi, client_frame, request, xiaozhi
from tests.transports.compat import doors
from tests.transports.compat.doors import open_compat, said_by_core
from tts_server.access.access import Access, AccessSettings, Token
from tts_server.transports.compat.conversation import Garbled
from tts_server.transports.compat.volcengine import Event, answer, parse, sound

pytestmark = pytest.mark.asyncio(loop_scope="module")
core, door = fixtures.core, doors.door

SESSION = "0123456789abcdef0123456789abcdef"
REPLY = "你好，世界。今天天气很好，我们出去走走吧"  # without a final mark, as most replies come
FRAME_BYTES = 2 * 24000 * 60 // 1000


@pytest_asyncio.fixture(loop_scope="module")
async def client(door: Door) -> AsyncGenerator[Xiaozhi]:
    """A connected client."""
    async with xiaozhi(door.port) as connected:
        yield connected


def padded(pcm: bytes) -> bytes:
    return pcm + bytes(-len(pcm) % FRAME_BYTES)


async def test_golden_frames() -> None:
    """Written out by hand from the layout."""
    head = "11941000 {event} 00000020" + SESSION.encode().hex()
    assert answer(Event.SESSION_FINISHED, SESSION) == bytes.fromhex(head.format(event="00000098") + "00000002 7b7d")
    told = answer(Event.SENTENCE_START, SESSION, {"text": "好"})
    payload = '{"text": "好"}'.encode()
    assert told == bytes.fromhex(head.format(event="0000015e") + f"{len(payload):08x}") + payload
    spoken = bytes.fromhex("11b40000 00000160 00000020" + SESSION.encode().hex() + "00000004 01020304")
    assert sound(SESSION, b"\1\2\3\4") == spoken
    assert answer(Event.CONNECTION_FINISHED) == bytes.fromhex("11941000 00000034 00000002 7b7d")
    started = bytes.fromhex("11141000 00000064 00000020" + SESSION.encode().hex() + "00000007") + b'{"a":1}'
    assert parse(started) == parse(client_frame(100, SESSION, {"a": 1}))
    assert (parse(started).event, parse(started).session, parse(started).payload) == (100, SESSION, {"a": 1})


@pytest.mark.parametrize(
    "frame",
    [
        "text",
        b"",
        bytes.fromhex("21141000 00000064 00000000 00000000"),
        bytes.fromhex("11141100 00000064 00000000 00000000"),
        bytes.fromhex("11141000 00000064 7fffffff 00000000"),
        bytes.fromhex("11141000 00000064 ffffffff 00000000"),
        bytes.fromhex("11141000 00000064 00000000"),
        bytes.fromhex("11141000 00000002 00000001 7b"),
    ],
)
async def test_what_is_no_frame_is_refused(frame: str | bytes, door: Door) -> None:
    with pytest.raises(Garbled):
        parse(frame)
    async with xiaozhi(door.port) as client:
        await client.websocket.send(frame)
        with pytest.raises(ConnectionClosed):
            await client.receive()
        assert client.websocket.close_code == 1008


async def test_a_reply_is_heard_to_its_last_sample_and_fills_the_devices_frames(core: Core, client: Xiaozhi) -> None:
    await client.start()
    for piece in ("你好，世", "界。", "今天天气很好", "，", "我们出去走走吧"):
        await client.text(piece)
    await client.finish()
    heard = await client.hear()
    assert bytes(heard.pcm) == padded(await said_by_core(core, REPLY, 24000))
    assert heard.events[0] == 150
    assert heard.events[-1] == 152
    assert "".join(heard.subtitles) == REPLY
    assert heard.events.count(350) == heard.events.count(351) == len(heard.subtitles)
    assert not heard.failures


async def test_a_long_text_in_one_message_is_said_to_its_end(client: Xiaozhi) -> None:
    await client.start(sample_rate=8000)
    await client.text("今天天气很好。" * 400)
    await client.finish()
    heard = await client.hear()
    assert len(heard.subtitles) == 400
    assert not heard.failures


async def test_blanks_and_nothing_end_as_turns_do(client: Xiaozhi) -> None:
    for pieces in ([], [" "], ["", " ", "！"]):
        await client.start()
        for piece in pieces:
            await client.text(piece)
        await client.finish()
        assert (await client.hear()).events == [150, 152]


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
async def test_other_rates_of_devices(rate: int, core: Core, client: Xiaozhi) -> None:
    await client.start(sample_rate=rate)
    await client.text("你好。")
    await client.finish()
    pcm = bytes((await client.hear()).pcm)
    said = await said_by_core(core, "你好。", rate)
    assert pcm[: len(said)] == said
    assert len(pcm) % (2 * rate * 60 // 1000) == 0


async def test_a_rate_that_only_opus_has(core: Core, client: Xiaozhi) -> None:
    await client.start(sample_rate=12000)
    await client.text("你好。")
    await client.finish()
    heard = await client.hear()
    assert len(heard.pcm) == len(padded(await said_by_core(core, "你好。", 24000))) // 2
    assert not heard.failures


async def test_sessions_begun_without_end_close_the_connection(door: Door, core: Core) -> None:
    async with xiaozhi(door.port) as client:
        for _ in range(100):
            await client.start()
        async with asyncio.timeout(15):
            await client.websocket.wait_closed()
        assert client.websocket.close_code == 1008
    async with asyncio.timeout(15):
        await core.synthesizer.wait_idle()


async def test_emotion_rates_and_pitch_are_understood(core: Core, client: Xiaozhi) -> None:
    await client.start(emotion="sad", emotion_scale=4, speech_rate=100, loudness_rate=-50, pitch=-2)
    await client.text("你好世界。")
    await client.finish()
    heard = await client.hear()
    assert not heard.failures
    assert heard.events[-1] == 152


@pytest.mark.parametrize("wrong", [{"sample_rate": 4000}, {"format": "mp3"}])
async def test_a_session_that_cannot_begin_ends_all_the_same(wrong: dict[str, object], client: Xiaozhi) -> None:
    """SessionFailed alone leaves the device hanging; the connection stays, the next turn is heard."""
    await client.start(**wrong)
    await client.text("你好。")
    await client.finish()
    heard = await client.hear()
    assert heard.events == [153, 152]
    assert heard.failures[0]["message"]
    await client.start()
    await client.text("你好。")
    await client.finish()
    assert (await client.hear()).pcm


async def test_an_engine_that_fails_ends_the_turn(core: Core, client: Xiaozhi) -> None:
    payload = request(100)
    payload["req_params"]["speaker"] = "broken"
    client.session = SESSION
    await client.websocket.send(client_frame(100, SESSION, payload))
    await client.text("很长很长很长很长很长很长的一句话。")
    await client.finish()
    assert (await client.hear()).events[-2:] == [153, 152]


async def test_a_cancel_is_answered_and_nothing_follows(core: Core, client: Xiaozhi) -> None:
    await client.start()
    await client.text("很长的一段话，" * 60)
    assert (await client.hear(until=[352])).pcm
    await client.cancel()
    assert (await client.hear(until=[151, 152])).events[-1] == 151
    await client.start()
    await client.text("你好。")
    await client.finish()
    heard = await client.hear()
    assert bytes(heard.pcm) == padded(await said_by_core(core, "你好。", 24000))
    assert client.strays == 0


async def test_a_new_session_and_a_closed_connection_stop_what_is_said(core: Core, door: Door) -> None:
    async with xiaozhi(door.port) as client:
        await client.start()
        await client.text("很长的一段话，" * 60)
        await client.hear(until=[352])
        await client.start()
        await client.text("很长的一段话，" * 60)
        await client.hear(until=[352])
    async with asyncio.timeout(10):
        await core.synthesizer.wait_idle()


async def test_finish_connection_is_answered_and_closes(client: Xiaozhi) -> None:
    await client.websocket.send(client_frame(2, None, {}))
    assert (await client.receive())[0] == 52
    with pytest.raises(ConnectionClosed):
        await client.receive()


async def test_the_clients_own_header_brings_our_token(core: Core) -> None:
    access = Access(AccessSettings(mode="token", tokens=(Token("speaker", "a-very-long-secret"),)))
    async with open_compat(core, access=access) as door:
        with pytest.raises(InvalidStatus, match="401"):
            async with xiaozhi(door.port):
                pass
        async with xiaozhi(door.port, token="a-very-long-secret") as client:
            await client.start()
            await client.text("好。")
            await client.finish()
            assert (await client.hear()).pcm


async def test_first_audio_comes_as_soon_as_over_our_own_websocket(door: Door) -> None:
    apart_s = []
    for number in range(21):
        if number % 2:
            our_s, their_s = await over_our_websocket(door.port), await over_volcengine(door.port)
        else:
            their_s, our_s = await over_volcengine(door.port), await over_our_websocket(door.port)
        apart_s.append(their_s - our_s)
    assert statistics.median(apart_s) < 0.005


@pytest.mark.parametrize("seed", range(4))
async def test_turns_with_random_cuts_barge_ins_and_errors(seed: int, core: Core, door: Door) -> None:
    """Fifty turns each: nothing hangs, nothing is left, what is heard whole is what the core says."""
    chance = random.Random(seed)
    whole = padded(await said_by_core(core, REPLY, 24000))
    async with asyncio.timeout(18):
        for _ in range(5):
            async with xiaozhi(door.port) as client:
                for _ in range(10):
                    await one_turn(chance, client, whole)
                assert client.strays == 0
        await core.synthesizer.wait_idle()


async def one_turn(chance: random.Random, client: Xiaozhi, whole: bytes) -> None:
    is_wrong = chance.random() < 0.1
    await client.start(**({"format": "mp3"} if is_wrong else {}))
    cuts = sorted(chance.sample(range(1, len(REPLY)), chance.randrange(8)))
    for start, end in zip([0, *cuts], [*cuts, len(REPLY)], strict=True):
        await client.text(REPLY[start:end])
        if chance.random() < 0.1:
            await asyncio.sleep(0.005)
    barge_in = chance.choice(["no", "no", "cancel", "late cancel"])
    if is_wrong:
        assert (await client.hear()).events == [153, 152]
    elif barge_in == "no":
        await client.finish()
        assert bytes((await client.hear()).pcm) == whole
    elif barge_in == "cancel":
        await client.cancel()
        assert (await client.hear(until=[151, 152])).events[-1] == 151
    else:
        await client.hear(until=[352])
        await client.cancel()
        assert (await client.hear(until=[151, 152])).events[-1] == 151
