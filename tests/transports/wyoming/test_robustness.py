"""Clients that vanish, stall, lie and flood: each costs itself something and nobody else anything."""

import asyncio
import logging
import os
import random
import resource
import signal
import socket
import struct
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.support.core import Core, CoreLimits, running_core
from tests.support.http_door import core_without_engines
from tests.transports.wyoming.engines import DIARY_ENGINES, read_diary_until, reading_diary
from tests.transports.wyoming.peers import TIMEOUT_S, audio_s, connected, kinds, serving
from tts_server.errors import ShuttingDown
from tts_server.transports.wyoming.door import WyomingDoor, WyomingLimits

LONG_TEXT = "今天天气很好，我们出去走走吧。" * 60  # 78 s of tone


async def assert_speaks(port: int) -> None:
    async with connected(port) as peer:
        await peer.send("synthesize", text="你好。")
        assert audio_s(await peer.read_until("audio-stop")) == pytest.approx(0.2)


@pytest.mark.parametrize("is_reset", [False, True])
async def test_the_engine_stops_when_the_client_hangs_up(tmp_path: Path, is_reset: bool) -> None:
    path = tmp_path / "diary"
    async with reading_diary(path) as diary:
        settings = {"diary": {"diary": str(path), "slow_s": 0.02}}
        async with (
            running_core(
                # One thread, which closes what it was in; of two, the other would find it at work.
                engines=DIARY_ENGINES,
                engine_settings=settings,
                default_voice="diary",
                preload=["diary"],
                threads=1,
            ) as core,
            serving(core) as served,
        ):
            async with connected(served.port) as peer:
                await peer.send("synthesize", text=LONG_TEXT)
                await peer.read_until("audio-chunk")
                if is_reset:
                    linger = struct.pack("ii", 1, 0)
                    peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            lines = await read_diary_until(diary, "stopped")
            assert len(lines) < 60  # of 156 chunks and more
            await core.synthesizer.drain(TIMEOUT_S)


async def test_what_was_asked_is_spoken_after_the_client_half_closes(core: Core) -> None:
    async with serving(core) as served, connected(served.port) as peer:
        await peer.send("synthesize", text="今天天气很好。")
        await peer.send("synthesize-start")
        await peer.send("synthesize-chunk", text="你好")
        peer.writer.write_eof()
        events = await peer.read_all()
        assert kinds(events) == ["audio-start", "audio-chunk", "audio-stop"] * 2 + ["synthesize-stopped"]
        assert audio_s(events) == pytest.approx(0.8)


async def test_a_megabyte_of_random_bytes_gets_an_error_and_a_close(core: Core) -> None:
    noise = random.Random(1)
    async with serving(core) as served, connected(served.port) as listener:
        await listener.send("synthesize", text=LONG_TEXT)
        for _ in range(4):
            async with connected(served.port) as peer:
                await peer.send_raw(noise.randbytes(1_000_000))
                events = await peer.read_all()
                assert kinds(events) == ["error"]
                assert events[0].data["code"] in ("bad_json", "bad_message")
        assert audio_s(await listener.read_until("audio-stop")) == pytest.approx(78)


async def test_a_malformed_event_gets_its_error_although_more_follows(core: Core) -> None:
    async with serving(core) as served, connected(served.port) as peer:
        # Far more than the kernel's buffers hold: closed on the spot, the connection would be reset while it is sent.
        await peer.send_raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"x" * 16_000_000)
        [error] = await peer.read_all()
        assert error.data == {"text": "the header line is not JSON in UTF-8", "code": "bad_json"}


async def test_a_gigabyte_of_payload_is_refused_at_the_header_and_memory_is_flat(core: Core) -> None:
    async with serving(core) as served:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for key in ("payload_length", "data_length"):
            async with connected(served.port) as peer:
                await peer.send_raw(b'{"type":"audio-chunk","%s":1000000000}\n' % key.encode())
                [error] = await peer.read_all()
                assert error.data["code"] == "bad_message"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # KiB
        await assert_speaks(served.port)


async def test_a_malformed_event_inside_a_stream_ends_the_stream_with_an_error(core: Core) -> None:
    async with serving(core) as served, connected(served.port) as peer:
        await peer.send("synthesize-start")
        await peer.send("synthesize-chunk", text=LONG_TEXT)
        await peer.read_until("audio-chunk")
        await peer.send_raw(b"nonsense\n")
        events = await peer.read_all()
        assert kinds(events)[-3:] == ["error", "audio-stop", "synthesize-stopped"]
        assert kinds(events).count("error") == 1


@pytest.mark.parametrize("sent", [b"", b'{"type":"synth', b'{"type":"synthesize","data_length":100}\n{"text"'])
async def test_a_half_open_client_is_closed_after_the_idle_time(core: Core, sent: bytes) -> None:
    async with serving(core, WyomingLimits(idle_s=0.3)) as served, connected(served.port) as peer:
        await peer.send_raw(sent)
        events = await peer.read_all()
        assert kinds(events) == (["error"] if sent else [])


async def test_a_stream_that_is_never_stopped_ends_by_itself_and_so_does_its_connection() -> None:
    async with (
        running_core(CoreLimits(context_idle_s=0.3)) as core,
        serving(core, WyomingLimits(idle_s=0.3)) as served,
        connected(served.port) as peer,
    ):
        await peer.send("synthesize-start")
        await peer.send("synthesize-chunk", text="今天天气很好。")
        assert kinds(await peer.read_all()) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]


async def test_a_client_that_asks_now_and_then_is_not_idle(core: Core) -> None:
    async with serving(core, WyomingLimits(idle_s=0.3)) as served, connected(served.port) as peer:
        until = asyncio.get_running_loop().time() + 1.0
        while asyncio.get_running_loop().time() < until:
            await peer.send("ping")
            await peer.read_until("pong")


async def test_single_bytes_do_not_keep_an_event_open_for_ever(core: Core) -> None:
    async with serving(core, WyomingLimits(idle_s=0.5)) as served, connected(served.port) as peer:

        async def drip() -> None:
            while True:
                await peer.send_raw(b" ")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert kinds(await peer.read_all()) == ["error"]
        dripping.cancel()
        await asyncio.wait([dripping])


async def test_a_client_that_only_listens_is_not_idle(tmp_path: Path) -> None:
    slow = {"tone": {"slow_s": 0.3}}
    async with (
        running_core(engine_settings=slow) as core,
        serving(core, WyomingLimits(idle_s=0.2)) as served,
        connected(served.port) as peer,
    ):
        await peer.send("synthesize", text="今天天气很好，我们出去走走吧。")
        assert kinds(await peer.read_until("audio-stop")) == ["audio-start", "audio-chunk", "audio-stop"]


async def test_a_client_that_takes_no_audio_is_let_go_and_others_do_not_notice(
    core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tts_server.transports.wyoming.door")
    async with serving(core, WyomingLimits(write_stall_s=0.5)) as served, connected(served.port) as peer:
        peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.send("synthesize-start")
        for _ in range(3):
            await peer.send("synthesize-chunk", text=LONG_TEXT)  # more than all buffers between us hold
        await peer.send("synthesize-stop")
        await assert_speaks(served.port)
        await core.synthesizer.drain(TIMEOUT_S)
    assert "took no audio for 0.5 s" in caplog.text


async def test_connections_over_the_limits_get_an_error_and_a_close(core: Core) -> None:
    for limits in (WyomingLimits(max_connections=3), WyomingLimits(max_connections_per_address=3)):
        async with serving(core, limits) as served, AsyncExitStack() as stack:
            for _ in range(3):
                peer = await stack.enter_async_context(connected(served.port))
                await peer.send("ping", text="x")
                await peer.read_until("pong")
            async with connected(served.port) as refused:
                await refused.send("describe")
                [error] = await refused.read_all()
                assert error.data["code"] == "too_many_connections"
                assert "3" in error.data["text"]
            peer.writer.write_eof()
            assert await peer.read_all() == []
            await assert_speaks(served.port)


async def test_connections_that_ask_for_nothing_keep_nobody_out(core: Core) -> None:
    async with serving(core, WyomingLimits(max_connections_per_address=4)) as served, AsyncExitStack() as stack:
        talking = await stack.enter_async_context(connected(served.port))
        await talking.send("ping", text="x")
        await talking.read_until("pong")
        for _ in range(40):
            await stack.enter_async_context(connected(served.port))
        async with connected(served.port) as peer:
            await peer.send("describe")
            await peer.read_until("info")
        await talking.send("ping", text="y")
        await talking.read_until("pong")


async def test_one_that_has_been_silent_makes_room_and_one_that_is_spoken_to_does_not(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_server.transports.wyoming.door._SILENT_S", 60.0)
    async with serving(core, WyomingLimits(max_connections_per_address=2)) as served, AsyncExitStack() as stack:
        spoken_to, silent = [await stack.enter_async_context(connected(served.port)) for _ in range(2)]
        await spoken_to.send("synthesize-start")
        await spoken_to.send("synthesize-chunk", text="你好。")
        await spoken_to.read_until("audio-chunk")
        await silent.send("ping", text="x")
        await silent.read_until("pong")
        async with connected(served.port) as refused:
            [error] = await refused.read_all()
            assert error.data["code"] == "too_many_connections"
        monkeypatch.setattr("tts_server.transports.wyoming.door._SILENT_S", 0.0)
        await assert_speaks(served.port)
        assert await silent.read_all() == []
        await spoken_to.send("synthesize-stop")
        await spoken_to.read_until("synthesize-stopped")


async def test_a_public_address_is_refused_whatever_networks_are_allowed() -> None:
    door = WyomingDoor(core_without_engines().synthesizer, WyomingLimits(networks=(ip_network("0.0.0.0/0"),)))
    refusal = door._refusal("203.0.113.9")
    assert refusal is not None
    assert "no tokens" in refusal.text
    assert door._refusal("127.0.0.1") is None


async def test_an_address_outside_the_allowed_networks_is_refused(core: Core) -> None:
    elsewhere = WyomingLimits(networks=(ip_network("192.168.0.0/16"),))
    async with serving(core, elsewhere) as served, connected(served.port) as peer:
        await peer.send("describe")
        [error] = await peer.read_all()
        assert error.data["code"] == "forbidden"
        assert "127.0.0.1" in error.data["text"]


async def test_refused_clients_do_not_fill_the_journal(core: Core, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tts_server")
    elsewhere = WyomingLimits(networks=(ip_network("192.168.0.0/16"),))
    async with serving(core, elsewhere) as served:
        for _ in range(30):
            async with connected(served.port) as peer:
                await peer.read_all()
    assert len([record for record in caplog.records if "refused" in record.getMessage()]) == 1


async def test_clients_of_a_unix_socket_need_no_address_and_share_a_limit(core: Core, tmp_path: Path) -> None:
    path = str(tmp_path / "wyoming")
    limits = WyomingLimits(networks=(ip_network("192.168.0.0/16"),), max_connections_per_address=2)
    async with serving(core, limits, path), AsyncExitStack() as stack:
        for _ in range(2):
            peer = await stack.enter_async_context(connected(path))
            await peer.send("synthesize", text="你好。")
            assert audio_s(await peer.read_until("audio-stop")) == pytest.approx(0.2)
        refused = await stack.enter_async_context(connected(path))
        [error] = await refused.read_all()
        assert error.data["code"] == "too_many_connections"


async def test_what_is_cut_off_in_the_middle_is_reset_and_never_ends_as_if_it_were_all(core: Core) -> None:
    async with serving(core) as served, connected(served.port) as peer:
        await peer.send("synthesize-start")
        await peer.send("synthesize-chunk", text="今天天气很好。")
        await peer.read_until("audio-chunk")
        [connection] = served.door._connections
        connection._wire.abort()  # as the end of the process would
        with pytest.raises(ConnectionResetError):
            await peer.read_until("synthesize-stopped")


async def test_a_reply_that_is_complete_ends_with_an_orderly_close(core: Core) -> None:
    async with serving(core) as served, connected(served.port) as peer:
        await peer.send("synthesize", text="今天天气很好。")
        peer.writer.write_eof()
        assert kinds(await peer.read_all()) == ["audio-start", "audio-chunk", "audio-stop"]


async def test_a_flood_of_describes_nobody_reads_is_bounded(core: Core) -> None:
    async with serving(core, WyomingLimits(write_stall_s=0.5)) as served, connected(served.port) as peer:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        with pytest.raises((ConnectionError, TimeoutError)):  # noqa: PT012
            async with asyncio.timeout(TIMEOUT_S):
                while True:
                    await peer.send_raw(b'{"type":"describe"}\n' * 1000)
        await assert_speaks(served.port)


async def test_sigkill_of_the_engine_host_leaves_every_client_with_an_end_and_the_next_request_spoken() -> None:
    slow = {"tone": {"slow_s": 0.01}}
    async with running_core(engine_settings=slow) as core, serving(core) as served, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(connected(served.port)) for _ in range(4)]
        for peer in peers:
            await peer.send("synthesize-start")
            await peer.send("synthesize-chunk", text=LONG_TEXT)
            await peer.send("synthesize-stop")
        for peer in peers:
            await peer.read_until("audio-chunk")
        assert core.link.pid is not None
        os.kill(core.link.pid, signal.SIGKILL)
        for peer in peers:
            events = await peer.read_until("synthesize-stopped")
            assert kinds(events)[-2:] == ["audio-stop", "synthesize-stopped"]
            if audio_s(events) < 77:
                assert [event.data["code"] for event in events if event.type == "error"] == ["engine_failed"]
        await assert_speaks(served.port)
        assert core.link.restarts == 1


async def test_a_stopping_daemon_tells_who_is_still_listening(core: Core) -> None:
    async with serving(core) as served, connected(served.port) as peer, connected(served.port) as idle:
        await idle.send("ping")
        await idle.read_until("pong")
        await peer.send("synthesize-start")
        await peer.send("synthesize-chunk", text=LONG_TEXT)
        await peer.read_until("audio-chunk")
        served.door.stop_accepting()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", served.port)
        await core.synthesizer.drain(0.0)
        with pytest.raises(ShuttingDown):
            core.synthesizer.open(None)  # type: ignore[arg-type]
        async with asyncio.TaskGroup() as tasks:
            closing = tasks.create_task(served.door.close())
            events = await peer.read_all()
            assert await idle.read_all() == []
        assert closing.done()
        assert kinds(events)[-3:] == ["error", "audio-stop", "synthesize-stopped"]
        assert next(event for event in events if event.type == "error").data["code"] == "shutting_down"


async def test_a_closed_door_leaves_no_task_behind(core: Core) -> None:
    before = asyncio.all_tasks()
    async with serving(core) as served, AsyncExitStack() as stack:
        for _ in range(4):
            peer = await stack.enter_async_context(connected(served.port))
            await peer.send("synthesize", text=LONG_TEXT)
            await peer.read_until("audio-chunk")
    assert asyncio.all_tasks() == before
    await core.synthesizer.drain(0.0)  # nothing is being spoken either
