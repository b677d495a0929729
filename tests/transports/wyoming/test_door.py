"""What a Wyoming client may expect of a speech server, over real sockets and a real engine host."""

import logging
from collections.abc import AsyncGenerator

import numpy as np
import pytest
import pytest_asyncio
from wyoming.audio import AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Describe, Info, SelectProgram
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

from tests.support.core import CoreLimits, running_core
from tests.transports.wyoming.peers import Peer, Served, audio_s, connected, kinds, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPOKEN = ["audio-start", "audio-chunk", "audio-stop"]
STREAMED = [*SPOKEN, "synthesize-stopped"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncGenerator[Served]:
    """One door for the whole module."""
    async with running_core() as core, serving(core) as door:
        yield door


@pytest_asyncio.fixture(loop_scope="module")
async def peer(served: Served) -> AsyncGenerator[Peer]:
    """A connected client."""
    async with connected(served.port) as client:
        yield client


def hertz(events: list[Event]) -> float:
    """The pitch of the tone, which tells the emotion: 200 neutral, 300 happy, 100 sad."""
    pcm = np.frombuffer(b"".join(event.payload or b"" for event in events), "<i2")
    crossings = np.count_nonzero(np.diff(np.signbit(pcm)))
    return float(crossings / 2 / audio_s(events))


async def stream(peer: Peer, *pieces: str, **start: object) -> list[Event]:
    """Stream text in pieces and read the reply."""
    await peer.send("synthesize-start", **start)
    for piece in pieces:
        await peer.send("synthesize-chunk", text=piece)
    await peer.send("synthesize-stop")
    return await peer.read_until("synthesize-stopped")


async def test_the_package_client_hears_a_synthesize(served: Served) -> None:
    async with served.client() as client:
        await client.write_event(Synthesize("你好，世界。").event())
        events = [await client.read_event()]
        while events[-1] is not None and not AudioStop.is_type(events[-1].type):
            events.append(await client.read_event())
    start = AudioStart.from_event(events[0])
    assert (start.rate, start.width, start.channels, start.timestamp) == (16000, 2, 1, 0)
    assert audio_s(events) == pytest.approx(0.4)


async def test_the_package_client_hears_a_stream_without_a_compatible_synthesize(served: Served) -> None:
    async with served.client() as client:
        await client.write_event(SynthesizeStart(SynthesizeVoice("tone")).event())
        for piece in ("你", "好，世", "", "界。"):
            await client.write_event(SynthesizeChunk(piece).event())
        await client.write_event(SynthesizeStop().event())
        events = []
        while not events or events[-1].type != "synthesize-stopped":
            event = await client.read_event()
            assert event is not None
            events.append(event)
    assert kinds(events) == STREAMED
    assert audio_s(events) == pytest.approx(0.4)


async def test_describe_gives_an_info_the_package_reads_and_always_the_same_bytes(served: Served) -> None:
    async with served.client() as client:
        await client.write_event(Describe().event())
        first = await client.read_event()
        await client.write_event(Describe().event())
        assert await client.read_event() == first
    assert first is not None
    [program] = Info.from_event(first).tts
    assert program.name == "tts-server"
    assert program.installed
    assert program.supports_synthesize_streaming
    assert [voice.name for voice in program.voices][:3] == ["tone", "tone||happy", "tone||sad"]
    assert all(voice.installed for voice in program.voices)


async def test_a_reply_has_one_format_one_start_one_stop_and_a_continuous_clock(peer: Peer) -> None:
    events = await stream(peer, "今天天气很好。", "我们出去走走吧。", "记得带外套。")
    assert kinds(events) == STREAMED
    assert len({(event.data["rate"], event.data["width"], event.data["channels"]) for event in events[:-2]}) == 1
    position_ms = 0.0
    for event in events[1:-1]:
        assert event.data["timestamp"] == int(position_ms)
        position_ms += 1000 * audio_s([event])
    assert position_ms == pytest.approx(1800)


async def test_audio_comes_in_small_chunks_of_whole_samples(peer: Peer) -> None:
    await peer.send("synthesize", text="今天天气很好，我们出去走走吧。" * 5)
    events = await peer.read_until("audio-stop")
    sizes = [len(event.payload or b"") for event in events if event.type == "audio-chunk"]
    assert all(0 < size <= 4096 and size % 2 == 0 for size in sizes)


@pytest.mark.parametrize("text", ["", "   ", "\n", "😀🎉", "……", "。", "*", "\u200b"])
async def test_a_text_with_nothing_to_say_is_a_tenth_of_a_second_of_silence(peer: Peer, text: str) -> None:
    await peer.send("synthesize", text=text)
    plain = await peer.read_until("audio-stop")
    streamed = await stream(peer, text)
    assert kinds(plain) == SPOKEN
    assert kinds(streamed) == STREAMED
    for events in (plain, streamed):
        assert audio_s(events) == pytest.approx(0.1)
        assert not any(b"".join(event.payload or b"" for event in events))


async def test_a_stream_without_any_chunk_ends_too(peer: Peer) -> None:
    assert kinds(await stream(peer)) == STREAMED


async def test_a_synthesize_without_text_ends_too(peer: Peer) -> None:
    await peer.send("synthesize", text=None, voice=None)
    assert kinds(await peer.read_until("audio-stop")) == SPOKEN


@pytest.mark.parametrize("is_stream", [False, True])
async def test_an_engine_that_fails_midway_ends_in_error_stop_and_close(peer: Peer, is_stream: bool) -> None:
    text, voice = "今天天气很好，我们出去走走吧，记得带上外套。", {"name": "broken"}
    if is_stream:
        await peer.send("synthesize-start", voice=voice)
        await peer.send("synthesize-chunk", text=text)
        await peer.send("synthesize-stop")
    else:
        await peer.send("synthesize", text=text, voice=voice)
    events = await peer.read_all()
    ends = ["synthesize-stopped"] if is_stream else []
    assert kinds(events) == ["audio-start", "audio-chunk", "error", "audio-stop", *ends]
    [error] = [event for event in events if event.type == "error"]
    assert error.data == {"text": "the test engine broke on the third chunk", "code": "engine_failed"}


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_failure_before_any_audio_is_an_error_without_an_audio_stop(peer: Peer, is_stream: bool) -> None:
    kind, context = "synthesize-start" if is_stream else "synthesize", {"speed": 99}
    await peer.send(kind, text="你好。", context=context)
    events = await peer.read_all()
    assert kinds(events) == (["error", "synthesize-stopped"] if is_stream else ["error"])
    assert events[0].data["code"] == "bad_field"
    assert "speed is 99" in events[0].data["text"]


async def test_what_was_asked_before_a_failing_request_is_still_said(peer: Peer) -> None:
    await peer.send("synthesize", text="你好。")
    await peer.send("synthesize", text=5)
    events = await peer.read_all()
    assert kinds(events) == [*SPOKEN, "error"]


async def test_a_text_over_the_limit_is_refused_by_name(peer: Peer) -> None:
    await peer.send("synthesize", text="好" * 5001)
    [error] = await peer.read_all()
    assert error.data["code"] == "text_too_long"
    assert "5001" in error.data["text"]
    assert "5000" in error.data["text"]


@pytest.mark.parametrize("is_stream", [True, False])
async def test_an_article_may_come_as_one_event_and_waits_while_much_is_unspoken(is_stream: bool) -> None:
    """It has more characters than one text elsewhere, and than may wait to be said; the client is held back."""
    limits = CoreLimits(max_text_chars=50, max_pending_chars=80, max_context_chars=500)
    article = "今天天气很好我们出去走走吧今天天气很好我们出去走走吧。" * 10
    async with running_core(limits) as core, serving(core) as door, connected(door.port) as peer:
        if is_stream:
            events = await stream(peer, article)
        else:
            await peer.send("synthesize", text=article)
            events = await peer.read_until("audio-stop")
    assert kinds(events) == (STREAMED if is_stream else SPOKEN)
    assert audio_s(events) == pytest.approx(0.1 * len(article), rel=0.05)


async def test_a_stream_that_grows_over_the_limit_ends_with_an_error(peer: Peer) -> None:
    await peer.send("synthesize-start")
    for _ in range(3):
        await peer.send("synthesize-chunk", text="好" * 1999 + "。")
    events = await peer.read_all()
    assert kinds(events)[-2:] == ["audio-stop", "synthesize-stopped"] or kinds(events) == [
        "error",
        "synthesize-stopped",
    ]
    assert [event.data["code"] for event in events if event.type == "error"] == ["text_too_long"]


async def test_a_stop_without_a_start_is_answered(peer: Peer) -> None:
    await peer.send("synthesize-stop")
    assert kinds(await peer.read_until("synthesize-stopped")) == ["synthesize-stopped"]


async def test_a_lone_blank_between_messages_changes_nothing(peer: Peer) -> None:
    await peer.send("synthesize-chunk", text=" ")
    assert kinds(await stream(peer, "你好。", " ", "再见。")) == STREAMED
    await peer.send("synthesize-chunk", text=" ")
    await peer.send("synthesize", text="好。")
    assert kinds(await peer.read_until("audio-stop")) == SPOKEN


@pytest.mark.parametrize("is_stream", [True, False])
@pytest.mark.parametrize("end", ["</speak>", "</speak", '<break time="1'])
async def test_ssml_that_cannot_be_read_is_said_without_its_tags(
    peer: Peer, is_stream: bool, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = f'<speak>你好<break time="1s">，<b>世界{end}'
    if is_stream:
        events = await stream(peer, *broken)
    else:
        await peer.send("synthesize", text=broken)
        events = await peer.read_until("audio-stop")
    assert audio_s(events) == pytest.approx(0.4)
    assert "SSML is said without its tags" in caplog.text


async def test_text_that_comes_faster_than_it_is_spoken_waits_instead_of_failing(peer: Peer) -> None:
    sentence = "今天天气很好我们出去走走吧今天天气很好我们出去走走吧。"
    # 4800 characters at once, of which no more than 3000 may wait to be said.
    events = await stream(peer, *[sentence * 8] * (4800 // (8 * len(sentence))))
    assert kinds(events) == STREAMED
    assert audio_s(events) > 400


async def test_several_requests_of_both_kinds_are_answered_in_order_on_one_connection(peer: Peer) -> None:
    await peer.send("synthesize", text="一二。")
    await peer.send("synthesize-start")
    await peer.send("synthesize-chunk", text="一二三四。")
    await peer.send("synthesize-stop")
    await peer.send("synthesize", text="一。")
    replies = [await peer.read_until(last) for last in ("audio-stop", "synthesize-stopped", "audio-stop")]
    assert [kinds(events) for events in replies] == [SPOKEN, STREAMED, SPOKEN]
    assert [audio_s(events) for events in replies] == pytest.approx([0.2, 0.4, 0.1])


async def test_more_requests_than_may_wait_are_all_answered(peer: Peer) -> None:
    for _ in range(12):
        await peer.send("synthesize", text="好。")
    for _ in range(12):
        assert kinds(await peer.read_until("audio-stop")) == SPOKEN


async def test_the_compatible_synthesize_inside_a_stream_is_not_spoken(peer: Peer) -> None:
    await peer.send("synthesize-start")
    await peer.send("synthesize-chunk", text="你好，世界。")
    await peer.send("synthesize", text="你好，世界。")
    await peer.send("synthesize-stop")
    events = await peer.read_until("synthesize-stopped")
    assert audio_s(events) == pytest.approx(0.4)
    peer.writer.write_eof()
    assert await peer.read_all() == []


async def test_a_chunk_before_its_start_starts_with_defaults(peer: Peer) -> None:
    await peer.send("synthesize-chunk", text="你好。")
    await peer.send("synthesize-stop")
    events = await peer.read_until("synthesize-stopped")
    assert kinds(events) == STREAMED
    assert hertz(events) == pytest.approx(200, rel=0.05)


async def test_a_second_start_cancels_the_first_stream(peer: Peer) -> None:
    await peer.send("synthesize-start")
    await peer.send("synthesize-chunk", text="今天天气很好，我们出去走走吧。" * 40)
    await peer.read_until("audio-chunk")
    rest_of_first = await stream(peer, "你好。")
    second = await peer.read_until("synthesize-stopped")
    assert kinds(rest_of_first) in (STREAMED[1:], STREAMED[2:])
    assert audio_s(rest_of_first) < 30  # of 52
    assert kinds(second) == STREAMED
    assert audio_s(second) == pytest.approx(0.2)
    peer.writer.write_eof()
    assert await peer.read_all() == []


async def test_a_stop_without_a_stream_is_ignored(peer: Peer) -> None:
    await peer.send("synthesize-stop")
    await peer.send("ping", text="x")
    assert await peer.read() == Pong("x").event()


async def test_speech_begins_with_the_first_whole_sentence(peer: Peer) -> None:
    await peer.send("synthesize-start")
    await peer.send("synthesize-chunk", text="今天天气很好。")
    first = await peer.read_until("audio-chunk")  # no character follows the full stop, and no end of the stream
    await peer.send("synthesize-stop")
    rest = await peer.read_until("synthesize-stopped")
    assert kinds(first + rest) == STREAMED


async def test_text_in_single_characters_is_all_said(peer: Peer) -> None:
    events = await stream(peer, *"今天天气很好。我们出去走走吧。")
    assert audio_s(events) == pytest.approx(1.3)


async def test_a_stream_whose_text_stalls_is_kept_alive_with_silence(peer: Peer) -> None:
    await peer.send("synthesize-start")
    await peer.send("synthesize-chunk", text="好。")
    await peer.read_until("audio-chunk")
    while any((chunk := (await peer.read_until("audio-chunk"))[-1]).payload or b""):
        pass
    assert chunk.payload  # zeros, though the stream has nothing to say
    await peer.send("synthesize-chunk", text="好。")
    await peer.send("synthesize-stop")
    rest = await peer.read_until("synthesize-stopped")
    assert kinds(rest) == ["audio-chunk", "audio-stop", "synthesize-stopped"]
    assert any(any(event.payload or b"") for event in rest)


async def test_ping_is_answered_with_its_text(served: Served) -> None:
    async with served.client() as client:
        await client.write_event(Ping("你好").event())
        assert await client.read_event() == Pong("你好").event()
        await client.write_event(Ping().event())
        answer = await client.read_event()
    assert answer is not None
    assert Pong.from_event(answer).text is None


async def test_select_program_and_unknown_events_change_nothing(peer: Peer) -> None:
    await peer.send_raw(b"".join(b'{"type":"%s","data":null}\n' % kind for kind in (b"transcribe", b"x", b"error")))
    await peer.send("select-program", **SelectProgram("tts-server").event().data)
    await peer.send("select-program", name="another")
    await peer.send("select-program")
    await peer.send("synthesize", text="你好。")
    assert kinds(await peer.read_until("audio-stop")) == SPOKEN


async def test_describe_and_ping_are_answered_while_speech_goes_on(peer: Peer) -> None:
    await peer.send("synthesize", text="今天天气很好，我们出去走走吧。" * 60)
    await peer.read_until("audio-start")
    await peer.send("describe")
    await peer.send("ping", text="x")
    events = await peer.read_until("audio-stop")
    types = [event.type for event in events]
    assert types.index("info") < types.index("pong") < len(types) - 50


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"voice": {"name": "tone"}}, 200),
        ({"voice": {"name": "tone||happy"}}, 300),
        ({"voice": {"name": "tone||难过"}}, 100),
        ({"voice": {"name": "tone", "speaker": "happy"}}, 300),
        ({"voice": {"name": "tone||happy", "speaker": "sad"}}, 100),
        ({"voice": {"language": "zh-CN", "speaker": "sad"}}, 100),
        ({"context": {"emotion": "cheerful"}}, 300),
        ({"voice": {"name": "tone||sad", "speaker": "neutral"}, "context": {"emotion": "happy"}}, 300),
        ({"voice": {"name": "tone||excited"}}, 300),  # the voice's nearest
    ],
)
async def test_an_emotion_comes_as_voice_variant_speaker_or_context(
    peer: Peer, asked: dict[str, object], expected: int
) -> None:
    await peer.send("synthesize", text="今天天气很好。", **asked)
    assert hertz(await peer.read_until("audio-stop")) == pytest.approx(expected, rel=0.05)
    assert hertz(await stream(peer, "今天天气很好。", **asked)) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    "asked",
    [
        {"voice": {"name": "gone"}},
        {"voice": {"name": "tone", "speaker": "nobody"}},
        {"voice": {"name": "tone||grumpy"}},
        {"context": {"emotion": "grumpy"}},
    ],
)
async def test_an_unknown_voice_or_speaker_is_the_default_with_one_warning(
    peer: Peer, asked: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await peer.send("synthesize", text="今天天气很好。", **asked)
        events = await peer.read_until("audio-stop")
    assert kinds(events) == SPOKEN
    assert hertz(events) == pytest.approx(200, rel=0.05)
    assert len([record for record in caplog.records if record.name.startswith("tts_server")]) == 1


async def test_an_unknown_text_format_is_read_as_text(peer: Peer) -> None:
    await peer.send("synthesize", text="你好。", text_format="klingon")
    assert audio_s(await peer.read_until("audio-stop")) == pytest.approx(0.2)


async def test_the_nonce_of_wyoming_bench_is_survived(peer: Peer) -> None:
    assert kinds(await stream(peer, "好的。 3fa9c1d2")) == STREAMED
