"""A session outlives its connection: what a client hears after a lost one is what it would have heard without."""

import asyncio
import os
import signal
from typing import Any

import pytest

from protocol.frames import Frame, FrameFlags
from tests.support import fixtures
from tests.support.bad_line import BadLine, bad_line
from tests.support.core import Core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tests.support.http_door import Door, open_door
from tests.support.websocket_peer import Peer, peer_of
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.settings import WebSocketSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "今天天气很好。我们去公园走走吧。晚上再回来。"  # 19 characters that are said
SOUNDS = 19


core, door, line = fixtures.core, fixtures.door, fixtures.line


def through(line: BadLine, door: Door) -> Door:
    """The door, seen at the other end of the line."""
    return Door(door.door, line.port, door.client)


async def say_hello(peer: Peer, **fields: Any) -> dict[str, Any]:
    await peer.send("hello", ref="h", **fields)
    return await peer.wait_for("ready")


def resume_of(ready: dict[str, Any], have: dict[str, int]) -> dict[str, Any]:
    return {"session": ready["session"], "token": ready["resume"]["token"], "have": have}


def pcm_of(*parts: list[Frame]) -> bytes:
    return b"".join(frame.payload for frames in parts for frame in frames)


async def whole(door: Door) -> bytes:
    """What is heard of TEXT over a good line."""
    async with peer_of(door) as peer:
        await peer.send("open", flow="none")
        await peer.send("text", text=TEXT, end=True)
        await peer.wait_for("done")
        return pcm_of(peer.frames())


@pytest.mark.parametrize("frames_before", [0, 1, 7, 20])
async def test_speech_goes_on_to_the_sample_after_a_reset(door: Door, line: BadLine, frames_before: int) -> None:
    async with peer_of(through(line, door)) as before:
        ready = await say_hello(before)
        await before.send("open", ctx="a", flow="none")
        await before.send("text", ctx="a", text=TEXT, end=True)
        await before.wait_for("opened")
        while len(before.frames()) < frames_before:
            await before.receive()
        line.cut()
    heard = before.frames()[:frames_before]
    async with peer_of(door) as after:
        back = await say_hello(after, resume=resume_of(ready, {"a": frames_before}))
        assert (back["session"], back["resumed"], back["ref"]) == (ready["session"], True, "h")
        (context,) = back["contexts"]
        assert (context["ctx"], context["next_seq"], context["received"]) == ("a", frames_before, len(TEXT))
        done = await after.wait_for("done", ctx="a")
    assert [frame.seq for frame in heard + after.frames()] == list(range(len(heard + after.frames())))
    assert pcm_of(heard, after.frames()) == await whole(door)
    assert (done["reason"], done["samples"]) == ("end", SOUNDS * SAMPLES_PER_CHARACTER)
    assert not any(frame.flags & FrameFlags.DISCONTINUITY for frame in after.frames())


async def test_the_text_goes_on_where_the_server_has_it(door: Door, line: BadLine) -> None:
    async with peer_of(through(line, door)) as before:
        ready = await say_hello(before)
        await before.send("text", ctx="a", text=TEXT[:7])
        await before.wait_for("segment_end")
        line.cut()
    async with peer_of(door) as after:
        (context,) = (await say_hello(after, resume=resume_of(ready, {"a": 0})))["contexts"]
        assert context["received"] == 7
        await after.send("text", ctx="a", text="不", at=9, ref="x")
        assert (await after.wait_for("error"))["code"] == "bad_offset"
        await after.send("text", ctx="a", text=TEXT[7:], at=7, end=True)
        await after.wait_for("done")
        assert pcm_of(after.frames()) == await whole(door)


async def test_what_is_not_asked_for_again_is_dropped_and_its_name_is_free(door: Door, line: BadLine) -> None:
    async with peer_of(through(line, door)) as before:
        ready = await say_hello(before)
        for ctx in "ab":
            await before.send("text", ctx=ctx, text=TEXT, end=True)
        await before.wait_for_frame()
        line.cut()
    async with peer_of(door) as after:
        back = await say_hello(after, resume=resume_of(ready, {"a": 0, "nobody": 3}))
        assert [context["ctx"] for context in back["contexts"]] == ["a"]
        await after.send("text", ctx="b", text="好。", end=True)
        assert (await after.wait_for("done", ctx="b"))["samples"] == SAMPLES_PER_CHARACTER
        if not after.messages("done", "a"):
            await after.wait_for("done", ctx="a")
        assert len(after.messages("done")) == 2


async def test_a_context_that_was_done_is_heard_to_its_end(door: Door, line: BadLine) -> None:
    async with peer_of(through(line, door)) as before:
        ready = await say_hello(before)
        await before.send("open", ctx="a", flow="none")
        await before.send("text", ctx="a", text=TEXT, end=True)
        await before.wait_for("done")
        line.cut()
    async with peer_of(door) as after:
        (context,) = (await say_hello(after, resume=resume_of(ready, {"a": 10})))["contexts"]
        assert context["state"] == "DONE"
        await after.wait_for("done", ctx="a")
        assert pcm_of(before.frames()[:10], after.frames()) == pcm_of(before.frames())


async def test_a_cancel_that_was_lost_may_be_sent_again(door: Door, line: BadLine) -> None:
    async with peer_of(through(line, door)) as before:
        ready = await say_hello(before)
        await before.send("text", ctx="a", text=TEXT * 5, end=True)
        await before.wait_for_frame()
        await before.send("cancel", ctx="a")
        await before.wait_for("cancelled")
        line.cut()
    async with peer_of(door) as after:
        await say_hello(after, resume=resume_of(ready, {"a": 1}))
        await after.send("cancel", ctx="a", ref="c")
        assert (await after.wait_for("cancelled"))["already"]
        await after.send("ping")
        await after.wait_for("pong")
        assert after.frames() == []


async def test_frames_that_are_not_kept_any_more_leave_a_hole_that_is_told(core: Core) -> None:
    settings = HttpSettings(websocket=WebSocketSettings(replay_bytes=8000))
    async with open_door(core, settings) as door, bad_line(door.port) as line:
        async with peer_of(through(line, door)) as before:
            ready = await say_hello(before)
            await before.send("open", ctx="a", flow="none")
            await before.send("text", ctx="a", text=TEXT, end=True)
            await before.wait_for("segment_end", segment=2)
            line.cut()
        async with peer_of(door) as after:
            (context,) = (await say_hello(after, resume=resume_of(ready, {"a": 1})))["contexts"]
            await after.wait_for("done")
        first = after.frames()[0]
        assert first.seq == context["next_seq"] > 1
        assert [bool(frame.flags & FrameFlags.DISCONTINUITY) for frame in after.frames()[:2]] == [True, False]
        assert first.pts == pcm_of(before.frames()[: first.seq]).__len__() // 2


async def test_a_session_that_is_gone_or_somebody_elses_is_told_and_a_new_one_begins(door: Door) -> None:
    async with peer_of(door) as peer:
        ready = await say_hello(peer)
        wrong = [
            {"session": "s_0", "token": "r_0"},
            {"session": ready["session"], "token": "r_0"},
        ]
        for resume in wrong:
            async with peer_of(door) as other:
                new = await say_hello(other, resume=resume)
                (error,) = other.messages("error")
                assert (error["code"], error["fatal"]) == ("resume_gone", False)
                assert new["session"] != ready["session"]
                assert "resumed" not in new
                await other.send("text", text="好。", end=True)
                await other.wait_for("done")
        await peer.send("ping")
        await peer.wait_for("pong")


async def test_a_token_is_good_for_one_time(door: Door, line: BadLine) -> None:
    async with peer_of(through(line, door)) as before:
        ready = await say_hello(before)
        line.cut()
    async with peer_of(door) as after, peer_of(door) as thief:
        back = await say_hello(after, resume=resume_of(ready, {}))
        assert back["resume"]["token"] != ready["resume"]["token"]
        await say_hello(thief, resume=resume_of(ready, {}))
        assert thief.messages("error")[0]["code"] == "resume_gone"


async def test_a_connection_that_only_looks_alive_gives_way(door: Door, line: BadLine) -> None:
    async with peer_of(door) as before:
        ready = await say_hello(before)
        await before.send("text", ctx="a", text=TEXT, end=True)
        await before.wait_for_frame()
        async with peer_of(door) as after:
            await say_hello(after, resume=resume_of(ready, {"a": 0}))
            assert (await before.wait_closed())[0] == 4410
            await after.wait_for("done")
            assert pcm_of(after.frames()) == await whole(door)


async def test_half_open_connections_are_left_behind(door: Door, line: BadLine) -> None:
    async with peer_of(through(line, door), close_timeout=0.1) as before:
        ready = await say_hello(before)
        await before.send("text", ctx="a", text=TEXT, end=True)
        await before.wait_for_frame()
        line.fall_silent()
        async with peer_of(door) as after:
            await say_hello(after, resume=resume_of(ready, {"a": 0}))
            await after.wait_for("done")
            assert pcm_of(after.frames()) == await whole(door)


async def test_nobody_comes_back_from_a_goodbye(door: Door) -> None:
    async with peer_of(door) as before:
        ready = await say_hello(before)
        await before.send("text", ctx="a", text=TEXT, end=True)
    async with peer_of(door) as after:
        await say_hello(after, resume=resume_of(ready, {"a": 0}))
        assert after.messages("error")[0]["code"] == "resume_gone"


async def test_a_client_that_does_not_come_back_is_forgotten_with_its_contexts(core: Core) -> None:
    settings = HttpSettings(websocket=WebSocketSettings(resume_s=0.3))
    async with open_door(core, settings) as door, bad_line(door.port) as line:
        async with peer_of(through(line, door)) as peer:
            await say_hello(peer)
            await peer.send("text", text=TEXT * 5)
            await peer.wait_for_frame()
            line.cut()
        assert core.synthesizer.active == 1
        async with asyncio.timeout(15):
            await core.synthesizer._idle.wait()


async def test_sessions_without_a_connection_hinder_no_stop(core: Core) -> None:
    async with open_door(core) as door, bad_line(door.port) as line:
        async with peer_of(through(line, door)) as peer:
            await say_hello(peer)
            await peer.send("text", text=TEXT * 5)
            await peer.wait_for_frame()
            line.cut()
        async with asyncio.timeout(15):
            await door.door.close()
    async with asyncio.timeout(15):
        await core.synthesizer._idle.wait()


async def test_an_engine_that_died_meanwhile_is_told_after_the_return(door: Door, line: BadLine, core: Core) -> None:
    async with peer_of(through(line, door)) as before:
        ready = await say_hello(before)
        await before.send("open", ctx="a", voice="stuck", flow="none")
        await before.send("text", ctx="a", text=TEXT, end=True)
        await before.wait_for_frame()
        line.cut()
    assert core.link.pid is not None
    os.kill(core.link.pid, signal.SIGKILL)
    async with peer_of(door) as after:
        await say_hello(after, resume=resume_of(ready, {"a": 0}))
        done = await after.wait_for("done", ctx="a")
        assert (done["reason"], done["error"]["code"]) == ("error", "engine_failed")
    await core.link.wait_ready()


async def test_who_has_not_said_hello_takes_its_contexts_with_it(door: Door, core: Core) -> None:
    async with peer_of(door) as peer:
        await peer.send("text", text=TEXT * 5)
        await peer.wait_for_frame()
        assert "resume" not in peer.messages("ready")[0]
        peer.websocket.transport.abort()
    async with asyncio.timeout(15):
        await core.synthesizer._idle.wait()
