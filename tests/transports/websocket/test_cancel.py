"""How speech is stopped over the WebSocket door: by its client, by others, at the door's end."""

import asyncio

import av
import numpy as np
import pytest

from protocol.frames import Frame, FrameFlags
from tests.support import fixtures
from tests.support.core import Core
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tests.support.http_door import Door
from tests.support.websocket_peer import Peer, peer_of
from tests.transports.websocket.heard import audio_of, check_order
from tts_server.errors import Preempted
from tts_server.events import DoneReason, SpeechOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")

core = fixtures.core


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


async def test_an_alarm_silences_the_other_doors_too(core: Core, peer: Peer) -> None:
    elsewhere = core.synthesizer.open(SpeechOptions(voice="tone"))
    await peer.send("open", preempt="all", ref="1")
    await peer.wait_for("opened")
    events = [event async for event in elsewhere.events()]
    assert [(event.reason, type(event.error)) for event in events] == [(DoneReason.PREEMPTED, Preempted)]


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
