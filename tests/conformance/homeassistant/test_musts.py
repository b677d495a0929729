"""What a speech server must and must not do for Home Assistant: one test, or more, for each line of the list.

Bare sockets on one side, our door over a real engine host on the other. The engine says 0.1 s a character, so the
length of the audio tells what was read aloud.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from wyoming.event import Event

from tests.conformance.homeassistant.readers import HomeAssistant
from tests.support.core import CoreLimits, running_core
from tests.transports.wyoming.peers import Peer, Served, audio_s, connected, kinds, serving
from tts_server.markup.markup import Markup
from tts_server.synthesis.speaking_style import SpeakingStyle

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPOKEN = ["audio-start", "audio-chunk", "audio-stop"]
STREAMED = [*SPOKEN, "synthesize-stopped"]
LONG_TEXT = "今天天气很好，我们出去走走吧，记得带上外套。"
PATIENCE_S = 5.0  # of a Voice PE that gets no audio


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncGenerator[Served]:
    async with running_core(CoreLimits(max_delay_s=0.5)) as core, serving(core) as door:
        yield door


@pytest_asyncio.fixture(loop_scope="module")
async def peer(served: Served) -> AsyncGenerator[Peer]:
    async with connected(served.port) as client:
        yield client


def samples_of(events: list[Event]) -> bytes:
    """What is heard, however it was cut into chunks."""
    return b"".join(event.payload or b"" for event in events)


async def stream(peer: Peer, *pieces: str, **start: object) -> list[Event]:
    """A stream as Home Assistant sends it, with the whole text once more at its end."""
    await peer.send("synthesize-start", **start)
    for piece in pieces:
        await peer.send("synthesize-chunk", text=piece)
    await peer.send("synthesize", text="".join(pieces))
    await peer.send("synthesize-stop")
    return await peer.read_until("synthesize-stopped")


async def test_must_say_that_it_streams_and_that_everything_is_installed(peer: Peer) -> None:
    await peer.send("describe")
    [info] = await peer.read_until("info")
    [program] = info.data["tts"]
    assert program["supports_synthesize_streaming"] is True
    assert program["installed"] is True
    assert all(voice["installed"] is True for voice in program["voices"])
    assert all(re.fullmatch(r"[a-z]{2}-[A-Z]{2}", tag) for voice in program["voices"] for tag in voice["languages"])


async def test_must_answer_every_describe_with_the_same_bytes(served: Served) -> None:
    answers = set()
    for _ in range(3):
        async with connected(served.port) as peer:
            await peer.send_raw(b'{"type":"describe"}\n')
            peer.writer.write_eof()
            answers.add(await peer.reader.read())
    assert len(answers) == 1


async def test_must_not_put_data_in_the_header_line_nor_null_anywhere(served: Served) -> None:
    async with connected(served.port) as peer:
        await peer.send("describe")
        await peer.send("ping")
        await peer.send("synthesize", text="你好。")
        peer.writer.write_eof()
        raw = await peer.reader.read()
    headers = [json.loads(line) for line in re.findall(rb'\{"type": "[a-z-]+", "version"[^\n]*\}\n', raw)]
    assert {header["type"] for header in headers} == {"info", "pong", *SPOKEN}
    assert all("data" not in header and None not in header.values() for header in headers)


async def test_must_keep_to_one_format_and_one_start_for_the_whole_reply(peer: Peer) -> None:
    events = await stream(peer, *[LONG_TEXT] * 3, voice={"name": "tone"})
    assert kinds(events) == STREAMED
    assert len({(event.data["rate"], event.data["width"], event.data["channels"]) for event in events[:-2]}) == 1


@pytest.mark.parametrize("text", ["", " ", "\n\n", "😀", "😀🎉", "...", "。", "？！", "——", "**", "\u200b"])
async def test_must_end_a_request_with_nothing_to_say_after_a_moment_of_silence(peer: Peer, text: str) -> None:
    await peer.send("synthesize", text=text)
    whole = await peer.read_until("audio-stop")
    streamed = await stream(peer, text)
    assert (kinds(whole), kinds(streamed)) == (SPOKEN, STREAMED)
    assert audio_s(whole) == audio_s(streamed) == pytest.approx(0.1)


@pytest.mark.parametrize("is_stream", [False, True])
async def test_must_end_a_failure_with_error_audio_stop_stopped_and_close(peer: Peer, is_stream: bool) -> None:
    if is_stream:
        await peer.send("synthesize-start", voice={"name": "broken"})
        await peer.send("synthesize-chunk", text=LONG_TEXT)
    else:
        await peer.send("synthesize", text=LONG_TEXT, voice={"name": "broken"})
    ends = ["synthesize-stopped"] if is_stream else []
    events = await peer.read_all()  # up to the close
    assert kinds(events) == ["audio-start", "audio-chunk", "error", "audio-stop", *ends]


async def test_must_bear_that_the_client_hangs_up_on_an_error(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        async with connected(served.port) as peer:
            await peer.send("synthesize", text=LONG_TEXT, voice={"name": "broken"})
            await peer.read_until("error")
    assert (await HomeAssistant("127.0.0.1", served.port).speak("你好。")).seconds == pytest.approx(0.2)
    assert "Traceback" not in caplog.text


async def test_must_take_both_flows_and_several_requests_on_one_connection(peer: Peer) -> None:
    for _ in range(2):
        await peer.send("synthesize", text="一二。")
        assert audio_s(await peer.read_until("audio-stop")) == pytest.approx(0.2)
        assert audio_s(await stream(peer, "一二", "三。")) == pytest.approx(0.3)


async def test_must_take_a_stream_without_the_whole_text_at_its_end(peer: Peer) -> None:
    await peer.send("synthesize-start")
    await peer.send("synthesize-chunk", text="一二三。")
    await peer.send("synthesize-stop")
    assert audio_s(await peer.read_until("synthesize-stopped")) == pytest.approx(0.3)


async def test_must_not_say_the_whole_text_at_the_end_of_a_stream_again(peer: Peer) -> None:
    assert audio_s(await stream(peer, "一二三。")) == pytest.approx(0.3)


async def test_must_take_a_chunk_before_its_start_as_a_start(peer: Peer) -> None:
    await peer.send("synthesize-chunk", text="一二。")
    await peer.send("synthesize-stop")
    assert kinds(await peer.read_until("synthesize-stopped")) == STREAMED


async def test_must_drop_the_first_stream_at_a_second_start_and_end_both(peer: Peer) -> None:
    await peer.send("synthesize-start")
    await peer.send("synthesize-chunk", text=LONG_TEXT * 40)
    await peer.read_until("audio-chunk")
    await peer.send("synthesize-start")
    first = await peer.read_until("synthesize-stopped")
    assert audio_s(first) < 60  # of 84
    await peer.send("synthesize-chunk", text="一二。")
    await peer.send("synthesize-stop")
    assert audio_s(await peer.read_until("synthesize-stopped")) == pytest.approx(0.2)


@pytest.mark.parametrize("end", ["。", "！", "？", "\n"])
async def test_must_speak_at_the_first_sentence_end_without_another_character(end: str) -> None:
    async with running_core(CoreLimits(max_delay_s=60)) as core, serving(core) as door, connected(door.port) as peer:
        await peer.send("synthesize-start")
        await peer.send("synthesize-chunk", text=f"今天天气很好{end}")
        assert kinds(await peer.read_until("audio-chunk")) == ["audio-start", "audio-chunk"]


async def test_must_say_what_is_there_when_the_text_stalls_and_keep_the_stream_alive(peer: Peer) -> None:
    await peer.send("synthesize-start")
    await peer.send("synthesize-chunk", text="今天天气")  # no sentence end, and nothing follows
    heard: list[Event] = []
    async with asyncio.timeout(PATIENCE_S):
        while audio_s(heard) < 0.4:
            heard += await peer.read_until("audio-chunk")
    async with asyncio.timeout(PATIENCE_S):  # then silence, before a player gives up
        silence = await peer.read_until("audio-chunk")
    assert not any(silence[-1].payload or b"")
    await peer.send("synthesize-chunk", text="很好。")
    await peer.send("synthesize-stop")
    rest = await peer.read_until("synthesize-stopped")
    assert kinds(rest) == ["audio-chunk", "audio-stop", "synthesize-stopped"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("你好😀。", 2),
        ("**你好**。", 2),
        ("# 你好", 2),
        ("- 你好", 2),
        ("[happy]你好。", 2),
        ("[nonsense]你好。", 2),
        ("[你好](https://example.org/a?b=c)", 2),
        ("`你好`", 2),
    ],
)
async def test_must_not_read_emoji_markdown_links_or_tags_aloud(peer: Peer, text: str, said: int) -> None:
    await peer.send("synthesize", text=text)
    assert audio_s(await peer.read_until("audio-stop")) == pytest.approx(said / 10)


@pytest.mark.parametrize("voice", [{"name": "removed"}, {"name": "tone", "speaker": "removed"}, {"name": "tone||x"}])
async def test_must_speak_with_the_default_for_a_voice_or_speaker_that_is_gone(
    peer: Peer, voice: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    await peer.send("synthesize", text="你好。", voice=voice)
    assert kinds(await peer.read_until("audio-stop")) == SPOKEN
    ours = [record.levelname for record in caplog.records if record.name.startswith("tts_server")]
    assert ours == ["WARNING"]


async def test_must_send_chunks_of_20_to_100_ms(peer: Peer) -> None:
    events = await stream(peer, LONG_TEXT * 3)
    lengths = [audio_s([event]) for event in events if event.type == "audio-chunk"]
    assert max(lengths) <= 0.1
    assert sorted(lengths)[len(lengths) // 2] >= 0.02


async def test_must_run_ahead_of_real_time(peer: Peer) -> None:
    async with asyncio.timeout(10):
        assert audio_s(await stream(peer, LONG_TEXT * 10)) > 18


async def test_must_survive_the_nonce_of_wyoming_bench(peer: Peer) -> None:
    assert kinds(await stream(peer, "好的。 3fa9c1d2")) == STREAMED


async def test_must_ignore_unknown_events_and_take_null_data(peer: Peer) -> None:
    await peer.send_raw(b'{"type":"run-satellite","data":null}\n{"type":"nonsense"}\n{"type":"describe","data":null}\n')
    assert kinds(await peer.read_until("info")) == ["info"]
    await peer.send("synthesize", text="你好。", voice=None, context=None, text_format=None)
    assert kinds(await peer.read_until("audio-stop")) == SPOKEN


async def test_must_answer_describe_and_ping_while_it_speaks(peer: Peer) -> None:
    await peer.send("synthesize", text=LONG_TEXT * 40)
    await peer.read_until("audio-start")
    await peer.send("describe")
    await peer.send("ping", text="x")
    types = [event.type for event in await peer.read_until("audio-stop")]
    assert types.index("info") < types.index("pong") < len(types) - 50


async def test_must_notice_a_client_that_hangs_up_while_it_speaks(served: Served) -> None:
    async with connected(served.port) as peer:
        await peer.send("synthesize", text=LONG_TEXT * 40)
        await peer.read_until("audio-chunk")
    async with asyncio.timeout(10):
        await served.core.synthesizer.wait_idle()


@pytest.mark.parametrize(
    "asked",
    [
        {"voice": {"name": "tone||happy"}},
        {"voice": {"name": "tone", "speaker": "happy"}},
        {"context": {"emotion": "happy"}},
    ],
)
async def test_must_let_a_mood_in_by_voice_speaker_and_context(peer: Peer, asked: dict[str, object]) -> None:
    await peer.send("synthesize", text="今天天气很好。", voice={"name": "tone||happy"})
    happy = samples_of(await peer.read_until("audio-stop"))
    await peer.send("synthesize", text="今天天气很好。", **asked)
    assert samples_of(await peer.read_until("audio-stop")) == happy
    assert samples_of(await stream(peer, "今天天气很好。", **asked)) == happy


@pytest.mark.parametrize("text", ["[happy]今天天气很好。", "[开心]今天天气很好。", "😄今天天气很好。"])
async def test_must_let_a_mood_in_by_tag_and_where_it_is_asked_for_by_emoji(
    served: Served, peer: Peer, text: str
) -> None:
    core = served.core.synthesizer
    core.reconfigure(core.limits, core.default_emotion, SpeakingStyle(Markup(emoji=True)))

    async def pcm(said: str, **asked: object) -> bytes:
        await peer.send("synthesize", text=said, **asked)
        return samples_of(await peer.read_until("audio-stop"))

    assert await pcm(text) == await pcm("今天天气很好。", voice={"name": "tone||happy"})


@pytest.mark.parametrize("pieces", [["<speak>你好。</speak>"], ["<spe", "ak>你", "好。</spea", "k>"]])
async def test_must_take_ssml_when_it_is_named_and_read_no_mark_of_it_aloud(peer: Peer, pieces: list[str]) -> None:
    await peer.send("synthesize", text="".join(pieces), text_format="ssml")
    assert audio_s(await peer.read_until("audio-stop")) == pytest.approx(0.2)
    await peer.send("synthesize-start", text_format="ssml")
    for piece in pieces:
        await peer.send("synthesize-chunk", text=piece)
    await peer.send("synthesize-stop")
    assert audio_s(await peer.read_until("synthesize-stopped")) == pytest.approx(0.2)
