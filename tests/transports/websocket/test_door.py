"""The WebSocket door over a real core: what each message does."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from protocol.answers import SERVER_MESSAGE
from protocol.frames import Frame, FrameFlags
from tests.support import fixtures
from tests.support.core import Core, CoreLimits, running_core
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tests.support.http_door import Door, core_without_engines, open_door
from tests.support.websocket_peer import Peer, peer_of
from tts_server.audio.pcm import from_s16le
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.errors import Preempted
from tts_server.events import DoneReason, SpeechOptions
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.settings import WebSocketSettings

SMALL = WebSocketSettings(max_contexts=3, messages_per_s=50, messages_burst=100, bad_messages=5)


pytestmark = pytest.mark.asyncio(loop_scope="module")


core = fixtures.core


@pytest_asyncio.fixture(loop_scope="module")
async def door(core: Core) -> AsyncGenerator[Door]:
    async with open_door(core, HttpSettings(websocket=SMALL)) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def peer(door: Door) -> AsyncGenerator[Peer]:
    async with peer_of(door) as connected:
        yield connected


def audio_of(peer: Peer, ch: int | None = None) -> np.ndarray:
    return from_s16le(b"".join(frame.payload for frame in peer.frames(ch)))


def check_order(peer: Peer, ctx: str, frame_samples: int | None = None) -> None:
    """O2, O3, O5 and O9 for one context of which everything has been received. frame_samples: not of PCM."""
    (opened,) = peer.messages("opened", ctx)
    own = [
        message
        for message in peer.received
        if (isinstance(message, Frame) and message.ch == opened["ch"])
        or (isinstance(message, dict) and message.get("ctx") == ctx)
    ]
    pts = seq = 0
    segment: int | None = None
    for message in own:
        if isinstance(message, Frame):
            assert (message.seq, message.pts, message.segment) == (seq, pts, segment)
            seq, pts = seq + 1, pts + (frame_samples or len(message.payload) // 2)
        elif message["type"] == "segment":
            assert segment is None
            assert message["pts"] == pts
            segment = message["segment"]
        elif message["type"] == "segment_end":
            assert (message["segment"], message["pts"]) == (segment, pts)
            segment = None
    assert own[-1]["type"] == "done"  # type: ignore[index]
    assert len(peer.messages("done", ctx)) == 1
    assert own[-1]["samples"] == pts  # type: ignore[index]


async def test_the_smallest_session_is_one_message(peer: Peer) -> None:
    await peer.send("text", text="你好，世界。", end=True)
    done = await peer.wait_for("done")
    assert [message["type"] for message in peer.messages()] == ["ready", "opened", "segment", "segment_end", "done"]
    assert (done["ctx"], done["reason"], done["segments"], done["chars"]) == ("main", "end", 1, 6)
    assert len(audio_of(peer)) == 4 * SAMPLES_PER_CHARACTER == done["samples"]
    assert done["first_ms"] >= 0
    check_order(peer, "main")


async def test_every_message_of_the_server_is_one_of_the_published_ones(peer: Peer) -> None:
    await peer.send("open", ref="1", emotion="serious", marks="char", audio={"rate": 24000})
    await peer.send("text", text="你好。再")
    await peer.send("emotion", ref="2", emotion="开心")
    await peer.send("set", ref="3", speed=1.2)
    await peer.send("describe", ref="4")
    await peer.send("ping", ref="5", t=1.5)
    await peer.send("flush", ref="6")
    await peer.send("nonsense", ref="7")
    await peer.send("text", text="见。")
    await peer.send("cancel", ref="8")
    await peer.wait_for("done")
    await peer.send("bye", ref="9")
    assert await peer.wait_closed() == (1000, "bye")
    for message in peer.messages():
        assert json.loads(SERVER_MESSAGE.validate_python(message).to_json()) == message
    refs = [message["ref"] for message in peer.messages() if "ref" in message]
    assert sorted(refs) == [str(number) for number in range(1, 10)]


async def test_hello_agrees_on_defaults_and_framing(peer: Peer) -> None:
    audio = {"rate": 8000, "frame_ms": 20}
    await peer.send(
        "hello", ref="h", defaults={"emotion": "happy", "audio": audio}, accept={"framing": ["x", "base64"]}
    )
    ready = await peer.wait_for("ready")
    assert (ready["ref"], ready["framing"], ready["protocol"]) == ("h", "base64", "1.0")
    assert ready["defaults"]["emotion"] == "happy"
    assert (ready["defaults"]["audio"]["rate"], ready["defaults"]["audio"]["frame_ms"]) == (8000, 20)
    assert ready["voices"][0]["id"] == "tone"
    assert ready["limits"]["max_contexts"] == 3
    await peer.send("text", text="你好。", end=True)
    await peer.wait_for("done")
    assert peer.messages("segment")[0]["emotion"] == "happy"
    pcm = b"".join(base64.b64decode(message["data"]) for message in peer.messages("audio"))
    assert len(pcm) == 2 * 8000 * 2 // 10
    await peer.send("hello", ref="again")
    assert (await peer.wait_for("error"))["code"] == "bad_state"


async def test_raw_frames_are_nothing_but_sound_and_one_context_speaks_at_a_time(door: Door) -> None:
    async with connect(f"ws://127.0.0.1:{door.port}/ws/v1", proxy=None) as websocket:
        await websocket.send('{"type":"hello","accept":{"framing":["raw"]}}')
        for ctx, text in (("a", "你好。再见。"), ("b", "谢谢。")):
            await websocket.send(json.dumps({"type": "text", "ctx": ctx, "text": text, "end": True}))
        order, size = [], 0
        while order.count("done") < 2:
            message = await websocket.recv()
            if isinstance(message, bytes):
                size += len(message)
            elif (parsed := json.loads(message))["type"] in ("segment", "done"):
                order.append(parsed["ctx"] if parsed["type"] == "segment" else "done")
    assert order in (["a", "a", "done", "b", "done"], ["b", "done", "a", "a", "done"])
    assert size == 2 * 6 * SAMPLES_PER_CHARACTER


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
async def test_audio_comes_at_the_rate_asked_for_in_frames_of_one_length(peer: Peer, rate: int) -> None:
    await peer.send("open", audio={"rate": rate, "frame_ms": 20})
    await peer.send("text", text="你好。再见。", end=True)
    done = await peer.wait_for("done")
    opened = peer.messages("opened")[0]
    assert (opened["sample_rate_native"], opened["resampled"]) == (RATE, rate != RATE)
    assert done["samples"] == len(audio_of(peer)) == 4 * rate // 10
    check_order(peer, "main")
    for frame in peer.frames():
        if not frame.flags & FrameFlags.LAST:
            assert len(frame.payload) // 2 == round(0.02 * rate)
    for segment in (0, 1):
        flags = [frame.flags for frame in peer.frames() if frame.segment == segment]
        assert flags[0] & FrameFlags.FIRST
        assert flags[-1] & FrameFlags.LAST
        assert not any(flag for flag in flags[1:-1])


@pytest.mark.parametrize(("rate", "frame_ms"), [(None, 20), (24000, 60), (48000, 40)])
async def test_opus_comes_as_one_packet_a_frame(peer: Peer, rate: int | None, frame_ms: int) -> None:
    audio = {"codec": "opus", "frame_ms": frame_ms, **({"rate": rate} if rate else {})}
    await peer.send("open", audio=audio, marks="char")
    await peer.send("text", text="你好。再见。", end=True)
    done = await peer.wait_for("done")
    used = peer.messages("opened")[0]["audio"]
    assert (used["codec"], used["rate"], used["bitrate"]) == ("opus", rate or RATE, 32000)
    check_order(peer, "main", frame_samples=used["rate"] * frame_ms // 1000)
    decoder = av.codec.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = 48000, "mono"
    heard = [frame.to_ndarray()[0] for packet in peer.frames() for frame in decoder.decode(av.Packet(packet.payload))]
    sound = np.concatenate(heard) / 32768
    assert len(sound) == done["samples"] * 48000 // used["rate"] >= 0.4 * 48000
    # The second segment begins where it and its marks say, and not before.
    second = peer.messages("segment")[1]
    begins = second["pts"] * 48000 // used["rate"]
    items = [item for message in peer.messages("marks") if message["segment"] == 1 for item in message["items"]]
    assert items[0][2] == pytest.approx(1000 * begins / 48000, abs=1)
    assert np.abs(sound[begins + 1000 : begins + 5000]).max() > 0.05
    assert done["samples"] == second["pts"] + peer.messages("segment_end")[1]["samples"]


async def test_who_has_to_wait_is_told_how_long() -> None:
    async with (
        running_core(engine_settings={"tone": {"slow_s": 0.1}}, threads=1) as slow,
        open_door(slow) as door,
        peer_of(door, max_queue=None) as peer,
    ):
        for number in range(8):
            await peer.send("open", ctx=str(number), flow="none")
            await peer.send("text", ctx=str(number), text="一二三四五六七八九十。" * 3, end=True)
        notice = await peer.wait_for("notice", code="queued")
        assert notice["position"] >= 1
        assert notice["eta_ms"] >= 0
        await peer.send("cancel", ctx="*")
        await peer.wait_for("cancelled", ctx="*")


async def test_an_alarm_silences_the_other_doors_too(core: Core, peer: Peer) -> None:
    elsewhere = core.synthesizer.open(SpeechOptions(voice="tone"))
    await peer.send("open", preempt="all", ref="1")
    await peer.wait_for("opened")
    events = [event async for event in elsewhere.events()]
    assert [(event.reason, type(event.error)) for event in events] == [(DoneReason.PREEMPTED, Preempted)]


async def test_segments_and_marks_tell_the_clients_own_text(peer: Peer) -> None:
    await peer.send("open", marks="char")
    await peer.send("text", text="**你好**。😀再见。", end=True)
    await peer.wait_for("done")
    first, second = peer.messages("segment")
    assert (first["text"], first["spoken"]) == ("你好**。", "你好。")
    assert (second["text"], second["spoken"], second["from"], second["to"]) == ("再见。", "再见。", 8, 11)
    items = [item for message in peer.messages("marks") for item in message["items"]]
    assert items == [[2, 3, 0, 100], [3, 4, 100, 200], [8, 9, 200, 300], [9, 10, 300, 400]]
    kinds = [message["type"] if isinstance(message, dict) else "frame" for message in peer.received]
    assert kinds.index("segment") < kinds.index("marks") < kinds.index("frame")


async def test_an_emotion_holds_from_its_place_in_the_text(peer: Peer) -> None:
    await peer.send("open", ref="1", emotion="happy")
    await peer.send("text", text="太好了，你赢了！可是")
    await peer.send("emotion", ref="2", emotion="难过")
    await peer.send("text", text="明天要下雨。")
    await peer.send("emotion", ref="3", emotion="happy", scope="segment")
    await peer.send("text", text="没事。走吧。", end=True)
    await peer.wait_for("done")
    said = [(segment["text"], segment["emotion"]) for segment in peer.messages("segment")]
    assert said == [
        *(("太好了，你赢了！", "happy"), ("可是", "happy"), ("明天要下雨。", "sad")),
        *(("没事。", "happy"), ("走吧。", "sad")),
    ]
    first, second = peer.messages("applied")
    assert (first["ref"], first["asked"], first["used"], first["at"]) == ("2", "难过", "sad", 10)
    assert second["at"] == 16
    places = [message.get("ref") or message["text"] for message in peer.messages() if message["type"] in
              ("segment", "applied")]  # fmt: skip
    assert places.index("2") < places.index("明天要下雨。")
    assert places.index("2") > places.index("可是")
    check_order(peer, "main")


async def test_an_emotion_the_voice_lacks_is_told_or_refused(peer: Peer) -> None:
    await peer.send("open", ref="1", emotion="angry")
    opened = await peer.wait_for("opened")
    assert opened["emotion"] == "neutral"
    assert peer.messages("notice")[0]["code"] == "emotion_fallback"
    await peer.send("open", ref="2", ctx="strict", emotion="angry", strict=True)
    assert (await peer.wait_for("error"))["code"] == "emotion_unknown"
    assert peer.messages("done", "strict") == []


async def test_a_word_that_is_no_emotion_is_told_and_a_mood_may_stand_behind_the_voice(peer: Peer) -> None:
    await peer.send("open", ref="1", ctx="a", emotion="hapy")
    assert (await peer.wait_for("opened"))["emotion"] == "neutral"
    notice = peer.messages("notice")[0]
    assert (notice["code"], notice["ctx"]) == ("emotion_unknown", "a")
    assert "'hapy'" in notice["message"]
    await peer.send("open", ref="2", ctx="b", voice="tone||happy")
    told = await peer.wait_for("opened", ctx="b")
    assert (told["voice"], told["emotion"]) == ("tone", "happy")
    assert len(peer.messages("notice")) == 1


async def test_set_changes_speed_for_the_next_segments(peer: Peer) -> None:
    await peer.send("set", ref="1", speed=2.0, voice="tone")
    await peer.send("text", text="你好。", end=True)
    await peer.wait_for("done")
    (applied,) = peer.messages("applied")
    assert (applied["what"], applied["used"], applied["at"]) == ("set", {"speed": 2.0, "voice": "tone"}, 0)


async def test_flushed_follows_the_audio_of_the_text_before_it(peer: Peer) -> None:
    await peer.send("text", text="没有句号")
    await peer.send("flush", ref="1")
    flushed = await peer.wait_for("flushed")
    assert (flushed["ref"], flushed["segment"]) == ("1", 0)
    assert len(audio_of(peer)) == 4 * SAMPLES_PER_CHARACTER
    await peer.send("text", text="还有", flush=True, ref="2")
    assert (await peer.wait_for("flushed"))["ref"] == "2"
    assert len(audio_of(peer)) == 6 * SAMPLES_PER_CHARACTER
    await peer.send("end")
    assert (await peer.wait_for("done"))["segments"] == 2


async def test_text_right_behind_a_cancel_opens_the_next_default_context(peer: Peer) -> None:
    await peer.send("text", text="很长的一段话，" * 30, end=True)
    await peer.wait_for_frame()
    await peer.send("cancel")
    for message in ({"text": "又来"}, {"text": "了。", "end": True}):
        await peer.send("text", **message)
    assert (await peer.wait_for("done"))["reason"] == "cancelled"
    done = await peer.wait_for("done")
    assert (done["reason"], done["chars"], done["samples"]) == ("end", 4, 3 * SAMPLES_PER_CHARACTER)
    assert not peer.messages("error")


async def test_an_emoji_cut_in_two_by_a_client_is_one_again(peer: Peer) -> None:
    for text in ("\ud83d", "\ude00好\\\ud83d", "\ude00。"):
        await peer.send("text", text=text)
    await peer.send("end")
    done = await peer.wait_for("done")
    assert (done["reason"], done["chars"], done["samples"]) == ("end", 5, SAMPLES_PER_CHARACTER)
    assert not peer.messages("error")


async def test_cancel_is_answered_at_once_and_nothing_follows_but_done(peer: Peer) -> None:
    await peer.send("text", text="很长的一段话，" * 30, end=True)
    await peer.wait_for_frame()
    await peer.send("cancel", ref="9")
    cancelled = await peer.wait_for("cancelled")
    done = await peer.wait_for("done")
    assert (cancelled["ref"], cancelled["already"], done["reason"]) == ("9", False, "cancelled")
    audio = audio_of(peer)
    assert cancelled["sent_samples"] == done["samples"] == len(audio)
    *_, last = [frame for frame in peer.received if isinstance(frame, Frame)]
    assert last.flags & FrameFlags.LAST
    assert len(last.payload) // 2 <= RATE // 100
    assert abs(audio[-1]) < 0.001  # the tone itself goes on
    steps = abs(np.diff(audio))
    assert steps[-RATE // 50 :].max() <= steps[: -RATE // 50].max()
    assert not [frame for frame in peer.received[-2:] if isinstance(frame, Frame)]
    await peer.send("cancel", ref="10")
    assert (await peer.wait_for("cancelled"))["already"] is True
    await peer.send("text", text="又来。", end=True)
    assert (await peer.wait_for("done"))["reason"] == "end"
    first, second = peer.messages("opened")
    assert first["ch"] != second["ch"]


async def test_opus_that_is_cancelled_dies_away_in_its_last_packet(peer: Peer) -> None:
    await peer.send("open", audio={"codec": "opus", "frame_ms": 20}, max_lead_ms=300)
    await peer.send("text", text="很长的一段话，" * 30, end=True)
    for _ in range(3):
        await peer.wait_for_frame()
    await peer.send("cancel")
    done = await peer.wait_for("done")
    decoder = av.codec.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = 48000, "mono"
    packets = [frame.payload for frame in peer.frames()]
    sound = np.concatenate([f.to_ndarray()[0] for data in packets for f in decoder.decode(av.Packet(data))]) / 32768
    assert done["samples"] == len(packets) * RATE // 50
    assert peer.frames()[-1].flags & FrameFlags.LAST
    before, last = sound[-2880:-960], sound[-960:]
    assert np.abs(before).max() > 0.05  # the tone itself goes on
    assert np.abs(last[-96:]).max() < 0.01  # 10 ms, and the codec's delay of 6.5 ms
    assert np.abs(np.diff(last)).max() <= 1.5 * np.abs(np.diff(before)).max()


async def test_what_was_heard_is_told_on_cancel(peer: Peer) -> None:
    await peer.send("open", max_lead_ms=5000)
    await peer.send("text", text="太好了，你赢了！可是明天要下雨。", end=True)
    await peer.wait_for("segment_end")
    await peer.send("cancel", played_samples=int(2.5 * SAMPLES_PER_CHARACTER))
    cancelled = await peer.wait_for("cancelled")
    assert cancelled["heard"] == {"to": 3, "text": "太好了"}


async def test_a_cancel_may_wait_for_the_end_of_the_segment(peer: Peer) -> None:
    await peer.send("text", text="第一句话很长很长很长很长很长。第二句话。", end=True)
    await peer.wait_for_frame()
    await peer.send("cancel", ref="1", mode="segment")
    done = await peer.wait_for("done")
    assert [message["type"] for message in peer.messages()][-3:] == ["segment_end", "cancelled", "done"]
    assert (done["reason"], done["segments"], done["samples"]) == ("cancelled", 1, 14 * SAMPLES_PER_CHARACTER)
    check_order(peer, "main")


async def test_all_contexts_are_cancelled_with_one_message(peer: Peer) -> None:
    for ctx in "abc":
        await peer.send("text", ctx=ctx, text="很长的一段话，" * 20, end=True)
    await peer.wait_for_frame()
    await peer.send("cancel", ctx="*", ref="1")
    for _ in range(3):
        assert (await peer.wait_for("done"))["reason"] == "cancelled"
    answered = peer.messages("cancelled")
    assert sorted(message["ctx"] for message in answered) == ["*", "a", "b", "c"]
    assert [message["ctx"] for message in answered if "ref" in message] == ["*"]


async def test_a_flush_whose_place_is_never_reached_is_answered_all_the_same(peer: Peer) -> None:
    await peer.send("text", text="很长的一段话，" * 20)
    await peer.send("flush", ref="f")
    await peer.wait_for_frame()
    await peer.send("cancel", ref="c")
    await peer.wait_for("done")
    assert [message["type"] for message in peer.messages() if message.get("ref") == "f"] == ["error"]


async def test_barge_in_is_one_message(door: Door) -> None:
    async with peer_of(door) as first, peer_of(door) as second:
        for peer in (first, second):
            await peer.send("text", ctx="old", text="很长的一段话，" * 20, end=True)
            await peer.wait_for_frame()
        await first.send("open", ctx="new", preempt="same")
        assert (await first.wait_for("done", ctx="old"))["reason"] == "preempted"
        await second.send("ping")
        await second.wait_for("pong")
        assert second.messages("done") == []
        await first.send("open", ctx="alarm", preempt="all", priority="high")
        assert (await second.wait_for("done"))["reason"] == "preempted"
        assert (await first.wait_for("done", ctx="new"))["reason"] == "preempted"
        await first.send("text", ctx="alarm", text="着火了！", end=True)
        assert (await first.wait_for("done", ctx="alarm"))["reason"] == "end"


async def test_audio_leaves_no_further_ahead_than_was_agreed(peer: Peer) -> None:
    await peer.send("open", max_lead_ms=300)
    await peer.send("text", text="一二三四五六七八九十，" * 2, end=True)
    await peer.wait_for_frame()
    loop = asyncio.get_running_loop()
    started_at = loop.time()
    while not peer.messages("done"):
        received = await peer.receive()
        if isinstance(received, Frame):
            lead_s = received.pts / RATE - (loop.time() - started_at)
            assert lead_s < 0.35
    assert loop.time() - started_at > 1.6
    check_order(peer, "main")


async def test_a_client_that_does_not_acknowledge_pauses_the_speech(peer: Peer) -> None:
    await peer.send("open", flow="ack", max_lead_ms=200)
    await peer.send("text", text="一二三四五六七八九十。", end=True)
    await peer.wait_for("segment")
    while (frame := await peer.wait_for_frame()).pts < 3200:
        pass
    await peer.send("ping")
    await peer.wait_for("pong")
    assert peer.frames()[-1] == frame
    await peer.send("ack", seq=frame.seq)
    while (frame := await peer.wait_for_frame()).pts < 3200 + 3840:
        pass
    await peer.send("ping")
    await peer.wait_for("pong")
    assert peer.frames()[-1] == frame
    await peer.send("ack", played_samples=10**9)
    while not peer.messages("done"):
        if isinstance(received := await peer.receive(), Frame):
            await peer.send("ack", played_samples=received.pts)
    check_order(peer, "main")


async def test_without_flow_control_speech_comes_as_fast_as_it_is_made(peer: Peer) -> None:
    started_at = asyncio.get_running_loop().time()
    await peer.send("open", flow="none")
    await peer.send("text", text="一二三四五六七八九十。" * 20, end=True)
    done = await peer.wait_for("done")
    assert done["samples"] == 200 * SAMPLES_PER_CHARACTER  # 20 s
    assert asyncio.get_running_loop().time() - started_at < 5


async def test_text_that_cannot_be_spoken_is_noticed(peer: Peer) -> None:
    await peer.send("text", text="😀", end=True)
    done = await peer.wait_for("done")
    assert (done["reason"], done["segments"], done["samples"]) == ("end", 0, 0)
    assert peer.messages("notice")[0]["code"] == "nothing_to_say"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"type": "open", "voice": "nobody"}, "voice_unknown"),
        ({"type": "open", "audio": {"codec": "mp3"}}, "format_unsupported"),
        ({"type": "open", "audio": {"codec": "opus", "rate": 44100}}, "format_unsupported"),
        ({"type": "open", "audio": {"codec": "opus", "frame_ms": 10}}, "format_unsupported"),
        ({"type": "open", "audio": {"rate": 12345}}, "format_unsupported"),
        ({"type": "open", "marks": "phoneme"}, "format_unsupported"),
        ({"type": "open", "text_format": "latex"}, "format_unsupported"),
        ({"type": "open", "speed": 9}, "bad_field"),
        ({"type": "text", "text": "字" * 2001}, "text_too_long"),
        ({"type": "text", "text": "好。", "at": 5}, "bad_offset"),
        ({"type": "set", "voice": "nobody"}, "voice_unknown"),
        ({"type": "flush"}, "bad_state"),
        ({"type": "end"}, "bad_state"),
        ({"type": "sing"}, "unknown_type"),
        ({"type": "hello", "defaults": {"voice": "nobody"}}, "voice_unknown"),
        ({"type": "hello", "accept": {"framing": ["morse"]}}, "format_unsupported"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60],
)
async def test_what_cannot_be_done_is_an_error_and_leaves_no_context(
    peer: Peer, sent: dict[str, Any], code: str
) -> None:
    await peer.send(**{"type_": sent["type"], **{key: sent[key] for key in sent if key != "type"}, "ref": "r"})
    error = await peer.wait_for("error")
    assert (error["code"], error["ref"], error["fatal"]) == (code, "r", False)
    assert peer.messages("opened") == []
    await peer.send("text", text="你好。", end=True)
    assert (await peer.wait_for("done"))["reason"] == "end"


@pytest.mark.parametrize(
    ("opened", "refused", "code"),
    [
        ({"text_format": "ssml"}, "<speak>你好</speek>", "bad_field"),
        ({}, "字" * 2001, "text_too_long"),
    ],
)
async def test_a_refused_text_that_carried_the_end_ends_its_context(
    peer: Peer, opened: dict[str, Any], refused: str, code: str
) -> None:
    await peer.send("open", **opened)
    await peer.send("text", ref="r", text=refused, end=True)
    assert (await peer.wait_for("error"))["code"] == code
    done = await peer.wait_for("done")
    assert (done["reason"], done["samples"]) == ("end", 0)


async def test_a_context_takes_nothing_more_after_its_end(peer: Peer) -> None:
    await peer.send("open")
    await peer.send("text", text="一二三四五六七八九十一二三四五六七八。", end=True)
    await peer.send("open", ref="1")
    assert (await peer.wait_for("error"))["code"] == "ctx_exists"
    await peer.send("text", text="还有", ref="2")
    assert (await peer.wait_for("error"))["code"] == "bad_state"
    assert (await peer.wait_for("done"))["reason"] == "end"


async def test_refused_text_leaves_no_hole(core: Core) -> None:
    async with open_door(core) as door, peer_of(door) as peer:
        await peer.send("open", flow="ack", max_lead_ms=100, split="none")
        await peer.send("text", text="字" * 1999)
        await peer.send("text", text="字" * 1999, ref="2")
        error = await peer.wait_for("error")
        assert (error["code"], error["received"], error["retryable"], error["ref"]) == ("text_backlog", 1999, True, "2")
        await peer.send("text", text="后来", ref="3")
        assert (await peer.wait_for("error"))["code"] == "text_backlog"
        await peer.send("text", text="后来", at=2000, ref="4")
        assert (await peer.wait_for("error"))["code"] == "text_backlog"
        await peer.send("text", text="后来", at=1999)
        await peer.send("cancel")
        assert (await peer.wait_for("done"))["chars"] == 2001


async def test_contexts_beyond_the_limit_are_refused(peer: Peer) -> None:
    for ctx in "abcd":
        await peer.send("open", ctx=ctx)
    error = await peer.wait_for("error")
    assert (error["code"], error["ctx"], error["retryable"]) == ("too_many_contexts", "d", True)


async def test_a_failing_voice_ends_its_own_context_only(peer: Peer) -> None:
    await peer.send("open", ctx="broken", voice="broken", flow="none")
    await peer.send("text", ctx="broken", text="一二三四五六七八九十一二三四五六七八九十。", end=True)
    await peer.send("text", ctx="well", text="一二三四五六七八九十。", end=True)
    broken = await peer.wait_for("done", ctx="broken")
    assert (broken["reason"], broken["error"]["code"]) == ("error", "engine_failed")
    if not peer.messages("done", "well"):
        await peer.wait_for("done", ctx="well")
    assert peer.messages("done", "well")[0]["reason"] == "end"
    check_order(peer, "broken")
    check_order(peer, "well")


async def test_a_silent_context_ends_by_itself(core: Core) -> None:
    async with open_door(core) as door, peer_of(door) as peer:
        await peer.send("open", ctx_idle_ms=5000)
        opened_at = asyncio.get_running_loop().time()
        done = await peer.wait_for("done")
        assert done["reason"] == "idle"
        assert 4.5 < asyncio.get_running_loop().time() - opened_at < 7


async def test_text_waits_for_its_sentence_end_no_longer_than_asked(peer: Peer) -> None:
    await peer.send("open", max_delay_ms=100)
    await peer.send("text", text="没有句号")
    assert (await peer.wait_for("segment_end"))["samples"] == 4 * SAMPLES_PER_CHARACTER


async def test_bye_may_wait_for_what_is_still_to_be_said(peer: Peer) -> None:
    await peer.send("text", text="一二三四五六。", end=True)
    await peer.send("bye", drain=True)
    await peer.send("open", ctx="late")
    assert (await peer.wait_closed())[0] == 1000
    assert [message["type"] for message in peer.messages()][-2:] == ["done", "bye"]
    assert peer.messages("error", "late")[0]["code"] == "shutting_down"
    check_order(peer, "main")


async def test_a_stopping_door_lets_clients_hear_the_end(door: Door) -> None:
    async with peer_of(door) as idle, peer_of(door) as peer:
        await idle.send("ping")
        await idle.wait_for("pong")
        await peer.send("text", text="一二三四五六七八九十，一二三四五六。", end=True)
        await peer.wait_for_frame()
        door.door.stop_accepting()
        assert await idle.wait_closed() == (1001, "shutting_down")
        await peer.send("open", ctx="late")
        assert await peer.wait_closed() == (1001, "shutting_down")
        assert peer.messages("notice")[0]["code"] == "draining"
        assert peer.messages("error", "late")[0]["code"] == "shutting_down"
        assert peer.messages("done", "main")[0]["samples"] == 16 * SAMPLES_PER_CHARACTER
        check_order(peer, "main")


async def test_a_door_that_closes_says_goodbye_to_those_who_speak_on(door: Door) -> None:
    async with peer_of(door) as peer:
        await peer.send("open", flow="ack", max_lead_ms=100)
        await peer.send("text", text="一二三四五六七八九十。")
        await peer.wait_for_frame()
        closing = asyncio.ensure_future(door.door.close())
        assert await peer.wait_closed() == (1001, "shutting_down")
        assert peer.messages("done")[0]["reason"] == "shutdown"
        await closing


async def test_a_page_elsewhere_may_not_connect(door: Door) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        with pytest.raises(InvalidStatus) as caught:
            async with peer_of(door, additional_headers=headers):
                pass
        assert caught.value.response.status_code == 403
        assert json.loads(caught.value.response.body or b"")["error"]["code"] == "forbidden"


async def test_an_address_outside_the_networks_may_not_connect() -> None:
    async with open_door(core_without_engines(), HttpSettings(networks=())) as door:
        with pytest.raises(InvalidStatus) as caught:
            async with peer_of(door):
                pass
        assert caught.value.response.status_code == 403


async def test_a_page_of_our_own_may_connect(door: Door) -> None:
    headers = {"Origin": f"http://127.0.0.1:{door.port}"}
    async with peer_of(door, additional_headers=headers, subprotocols=["tts-stream.v1"]) as peer:
        assert peer.websocket.subprotocol == "tts-stream.v1"
        await peer.send("ping", t=1)
        assert (await peer.wait_for("pong"))["t"] == 1


async def test_an_unknown_version_is_refused_before_the_upgrade(door: Door) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with peer_of(door, subprotocols=["tts-stream.v9"]):
            pass
    assert caught.value.response.status_code == 400
    assert json.loads(caught.value.response.body or b"")["error"]["code"] == "unsupported_version"


async def test_a_wrong_path_is_not_found_and_the_right_one_needs_an_upgrade(door: Door) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"ws://127.0.0.1:{door.port}/ws/v9", proxy=None):
            pass
    assert caught.value.response.status_code == 404
    answer = await door.client.get("/ws/v1")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert answer.json()["error"]["code"] == "unsupported_version"


@pytest.mark.parametrize("path", ["/asyncapi.yaml", "/schema/client.json", "/schema/server.json"])
async def test_the_protocol_is_served_to_those_who_write_clients(door: Door, path: str) -> None:
    answer = await door.client.get(path)
    assert answer.status_code == 200
    assert "tts-stream.v1" in answer.text


async def test_a_voice_that_is_not_loaded_yet_is_told_as_such() -> None:
    async with open_door(core_without_engines()) as door, peer_of(door) as peer:
        await peer.send("text", text="你好。", end=True, ref="1")
        error = await peer.wait_for("error")
        assert (error["code"], error["retryable"], error["ref"]) == ("engine_loading", True, "1")


async def test_a_silent_connection_is_closed() -> None:
    settings = HttpSettings(websocket=replace(SMALL, idle_s=0.1))
    async with open_door(core_without_engines(), settings) as door, peer_of(door) as peer:
        assert await peer.wait_closed() == (4409, "idle")


async def test_what_was_spoken_before_is_told_as_such(core: Core) -> None:
    turns = Turns(Scheduler(1))
    cache = SegmentCache(core.link, turns, KeyMaker({}, {}), memory_bytes=2**20)
    remembering = replace(core, synthesizer=Synthesizer(core.link, turns, CoreLimits(), cache=cache))
    async with open_door(remembering) as door, peer_of(door) as peer:
        for _ in range(2):
            await peer.send("text", text="你好。", end=True)
            await peer.wait_for("done")
    assert [segment["cached"] for segment in peer.messages("segment")] == [False, True]
    flags = [bool(frame.flags & FrameFlags.CACHED) for frame in peer.frames()]
    assert flags == [False] * (len(flags) // 2) + [True] * (len(flags) // 2)
