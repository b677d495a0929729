"""What one box spoke is heard at the others, over a real Valkey, and whatever becomes of that nobody waits for it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from valkey.exceptions import ResponseError

from tests.cache.test_doors import recordings
from tests.cache.test_segment_cache import OPTIONS, TEXT, audio, done, marks, opened, say
from tests.shared.valkey import ValkeyServer, free_port, valkey_server
from tests.support.core import Core, CoreLimits, running_core
from tts_server.cache import shared_flight, shared_store
from tts_server.cache.disk import DiskStore
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.cache.shared_store import Ours, Spoken, lease_of
from tts_server.events import Audio, DoneReason
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.shared import server as server_module
from tts_server.shared.server import SharedServer
from tts_server.shared.settings import SharedSettings
from tts_server.synthesis.synthesizer import Synthesizer

PATIENT_S = 1.0  # a loaded machine is no slow server; where the time matters, a test says so
SLOW = {"engine_settings": {"tone": {"slow_s": 0.05}}}
LONG = "今天天气不错我们出去走走晚上再回家吃饭吧好不好。"


@asynccontextmanager
async def boxes(
    core: Core, url: str, count: int = 2, timeout_s: float = PATIENT_S, folder: Path | None = None, is_up: bool = True
) -> AsyncGenerator[list[Synthesizer]]:
    """Boxes of one house: each has its own cache and line, all share the server, and the voice of the core."""
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(_box(core, url, timeout_s, folder, is_up)) for _ in range(count)]
        yield found


@asynccontextmanager
async def _box(core: Core, url: str, timeout_s: float, folder: Path | None, is_up: bool) -> AsyncGenerator[Synthesizer]:
    server, turns = SharedServer(SharedSettings(url, timeout_s)), Turns(Scheduler(2))
    store = DiskStore(folder, 2**20, 1000.0) if folder else None
    cache = SegmentCache(core.link, turns, KeyMaker({}, {}), 2**20, 1000.0, store, server)
    running = asyncio.create_task(cache.run())
    try:
        if is_up:
            await until(lambda: server.is_up)
        yield Synthesizer(core.link, turns, CoreLimits(max_contexts=64), cache=cache)
    finally:
        running.cancel()
        await asyncio.wait([running])


async def until(is_so: Callable[[], bool | Awaitable[bool]]) -> None:
    """Look again and again."""
    async with asyncio.timeout(10):
        while True:
            found = is_so()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)


async def told(server: ValkeyServer, count: int = 1) -> None:
    """Wait until so many recordings are kept there."""

    async def is_told() -> bool:
        return len(await server.values("segment")) >= count

    await until(is_told)


async def begun(server: ValkeyServer, pieces: int = 0) -> bytes:
    """Wait until a box speaks, and so many pieces are told; the name of their stream."""

    async def is_begun() -> bool:
        streams = [key async for key in server.client.scan_iter("tts1:flight:*")]
        return bool(streams) and await server.client.xlen(streams[0]) >= pieces

    await until(is_begun)
    (stream,) = [key async for key in server.client.scan_iter("tts1:flight:*")]
    return stream


async def ended(server: ValkeyServer) -> None:
    """Wait until the others are told that a box has spoken to the end."""
    stream = await begun(server, 1)

    async def is_ended() -> bool:
        ((_, fields),) = await server.client.xrevrange(stream, count=1)
        return b"end" in fields

    await until(is_ended)


async def test_what_one_box_spoke_is_a_hit_on_the_other_and_sounds_the_same(core: Core, tmp_path: Path) -> None:
    async with valkey_server() as valkey, boxes(core, valkey.url, folder=tmp_path) as (first, second):
        spoken = await say(first)
        await told(valkey)
        heard = await say(second)
        assert (audio(heard), marks(heard)) == (audio(spoken), marks(spoken))
        assert second.cache.counts.from_other_box == 1
        assert second.cache.counts.spoken == 0
        await say(second)
        assert second.cache.counts.from_memory == 1
        assert TEXT.encode() not in b"".join([*await valkey.client.keys("*")])


async def test_a_box_that_starts_with_an_empty_disk_finds_it_there_and_keeps_it(core: Core, tmp_path: Path) -> None:
    async with valkey_server() as valkey:
        async with boxes(core, valkey.url, 1) as (first,):
            spoken = await say(first)
            await told(valkey)
        async with boxes(core, valkey.url, 1, folder=tmp_path) as (second,):
            assert audio(await say(second)) == audio(spoken)
            await second.cache.written()
    assert recordings(tmp_path) == 1


@pytest.mark.timeout(90)
async def test_an_announcement_to_twenty_clients_on_four_boxes_is_spoken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All ask at once. However busy this machine is: nobody loses patience here, what happens then is tested below."""
    for module, name, patience in (
        (shared_flight, "FIRST_S", 20.0),
        (shared_flight, "_LONGEST_S", 20.0),
        (server_module, "_LONGEST_WAIT_S", 30.0),
        (shared_flight, "LEASE_MS", 60_000),
        (shared_store, "LEASE_MS", 60_000),
    ):
        monkeypatch.setattr(module, name, patience)
    async with running_core(**SLOW) as core, valkey_server() as valkey, boxes(core, valkey.url, 4, 20.0) as found:
        heard = await asyncio.gather(*(say(found[number % 4], LONG) for number in range(20)))
    assert {done(events).reason for events in heard} == {DoneReason.END}
    assert len({audio(events) for events in heard}) == 1
    assert sum(spoken(box) for box in found) == 1


async def test_what_comes_too_late_from_another_box_is_spoken_twice_and_counted() -> None:
    slow = {"engine_settings": {"tone": {"slow_s": 1.0}}}
    async with running_core(**slow) as core, valkey_server() as valkey, boxes(core, valkey.url) as (first, second):
        leading = asyncio.create_task(say(first))
        await until(lambda: first.cache.counts.spoken == 1)
        heard = await say(second)
        assert audio(await leading) == audio(heard)
        assert (spoken(first), spoken(second), second.cache.counts.after_silence) == (1, 1, 1)


def spoken(box: Synthesizer) -> int:
    """How often its engine spoke a segment, as it tells itself."""
    counts = box.cache.counts
    return counts.spoken + counts.after_silence + counts.after_loss


async def test_who_follows_hears_the_first_sound_while_the_other_box_still_speaks() -> None:
    async with running_core(**SLOW) as core, valkey_server() as valkey, boxes(core, valkey.url) as (first, second):
        leading = asyncio.create_task(say(first, LONG + LONG))
        await begun(valkey)
        context = opened(second, LONG + LONG)
        async for event in context.events():
            if isinstance(event, Audio):
                assert not leading.done()
                break
        context.cancel()
        assert second.cache.counts.followed == 1
        await leading


async def lie(valkey: ValkeyServer, stream: bytes) -> None:
    """Put a piece that is none where the next one belongs, sooner than the other box if need be at the second try."""
    while True:
        with contextlib.suppress(ResponseError):  # the other box was there first
            await valkey.client.xadd(stream, {"piece": b"x" * 1000}, f"{await valkey.client.xlen(stream) + 1}-0")
            return


@pytest.mark.parametrize("way", ["stops", "is silent", "lies", "leaves one out"])
async def test_one_who_follows_goes_on_by_itself_when_the_other_box(way: str) -> None:
    """All is heard, nothing twice: what the other box told is passed over by the engine here."""
    async with running_core(**SLOW) as core, valkey_server() as valkey, boxes(core, valkey.url) as (first, second):
        alone = await say(first, LONG, replace(OPTIONS, voice="tone"))
        await told(valkey)
        await ended(valkey)  # or its end would stand there again, after everything is gone
        await valkey.client.flushall()
        for box in (first, second):
            box.cache._memory._drop(next(iter(box.cache._memory._recordings), ""))
        leader = opened(first, LONG)
        leading = leader.events()
        async for event in leading:
            if isinstance(event, Audio) and event.position > 8000:
                break
        stream = await begun(valkey, 2)
        match way:
            case "stops":
                await leading.aclose()
            case "lies":
                await lie(valkey, stream)
            case "leaves one out":
                await valkey.client.xdel(stream, "2-0")
        heard = await say(second, LONG)
        await leading.aclose()
    assert (done(heard).reason, done(heard).samples) == (DoneReason.END, done(alone).samples)
    assert audio(heard) == audio(alone)
    assert marks(heard) == marks(alone)
    counts = second.cache.counts
    assert (counts.followed, counts.after_silence + counts.after_loss) == (1, 1)
    if way in ("lies", "leaves one out"):
        assert counts.after_loss == 1


@pytest.mark.parametrize("way", ["damaged", "of another key", "of another type", "too long"])
async def test_a_value_that_is(way: str, core: Core) -> None:
    """It is a miss, and spoken anew."""
    async with valkey_server() as valkey, boxes(core, valkey.url) as (first, second):
        spoken = await say(first)
        await told(valkey)
        ((key, value),) = (await valkey.values("segment")).items()
        match way:
            case "damaged":
                await valkey.client.set(key, value[:-1] + bytes([value[-1] ^ 1]))
            case "of another key":
                await say(first, "好。")
                await told(valkey, 2)
                (other,) = set((await valkey.values("segment")).values()) - {value}
                await valkey.client.set(key, other)
            case "of another type":
                await valkey.client.delete(key)
                await valkey.client.lpush(key, "x")
            case "too long":
                await valkey.client.set(key, value + bytes(9 * 2**20))
        assert audio(await say(second)) == audio(spoken)
        assert second.cache.counts.from_other_box == 0
        assert second.cache.counts.spoken + second.cache.counts.followed == 1  # what was told of it still stands


async def test_a_full_server_costs_nothing_but_the_hits(core: Core, caplog: pytest.LogCaptureFixture) -> None:
    full = ("--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
    async with valkey_server(*full) as valkey, boxes(core, valkey.url) as found:
        with pytest.raises(Exception, match="maxmemory"):  # noqa: PT012
            while True:
                await valkey.client.rpush("filler", bytes(100_000))
        for box in found:
            assert done(await say(box)).reason is DoneReason.END
        for box in found:
            await box.cache.written()
            assert box.cache.counts.spoken + box.cache.counts.followed == 1  # a lease may just have had room
            assert box.cache.counts.from_other_box == 0
    assert "the shared cache has no bound" in caplog.text
    assert caplog.text.count("the shared cache refuses") <= len(found)


@pytest.mark.parametrize("way", ["killed", "frozen"])
async def test_a_server_that_is(way: str, core: Core, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits longer than the timeout, after three times nobody at all; and it is used again when it is back."""
    caplog.set_level("INFO", "tts_server.shared")
    timeout_s = 0.1
    port = free_port()
    async with boxes(core, f"valkey://127.0.0.1:{port}", 1, timeout_s, is_up=False) as (box,):
        server = box.cache._server
        assert server is not None
        async with valkey_server(port=port) as valkey:
            await until(lambda: server.is_up)
            await say(box)
            await told(valkey)
            if way == "killed":
                await valkey.kill()
            else:
                valkey.freeze()
            waits = []
            for number in range(6):
                began = time.monotonic()
                context = opened(box, f"第{number}句。")
                async for event in context.events():
                    if isinstance(event, Audio) and len(waits) == number:
                        waits.append(time.monotonic() - began)
            assert len(waits) == 6
            assert not server.is_up
            if way == "frozen":
                assert min(waits[:3]) >= timeout_s > max(waits[3:])
                valkey.thaw()
                await until(lambda: server.is_up)
                await say(box, "又来了。")
                await told(valkey, 2)
    assert caplog.text.count("the shared cache is away") == 2  # before it came, and when it went


async def test_the_lease_of_a_box_that_died_costs_a_moment_only(core: Core) -> None:
    async with valkey_server() as valkey, boxes(core, valkey.url) as (first, second):
        spoken = await say(first)
        await told(valkey)
        await ended(valkey)
        ((key, _),) = (await valkey.values("segment")).items()
        await valkey.client.flushall()
        await valkey.client.set(lease_of(key.decode().rpartition(":")[2]), "dead-box", px=60_000)
        began = time.monotonic()
        assert audio(await say(second)) == audio(spoken)
        assert time.monotonic() - began >= shared_flight.FIRST_S
        assert (second.cache.counts.followed, second.cache.counts.after_silence) == (1, 1)


async def test_those_who_ask_together_have_one_token(core: Core) -> None:
    """Whoever of them begins to speak: the boxes that were told of the other one would hear nothing."""
    async with valkey_server() as valkey, boxes(core, valkey.url) as (first, second):
        one, other = (box.cache._shared for box in (first, second))
        assert one is not None
        assert other is not None
        ours, too = await asyncio.gather(*(first.cache._look(one, "k") for _ in range(2)))
        assert isinstance(ours, Ours)
        assert ours == too
        assert await second.cache._look(other, "k") == Spoken(ours.token)
        assert await first.cache._look(one, "k") != ours  # that flight may be over, and its pieces must not be mixed


async def test_a_server_with_a_password_wants_it(core: Core) -> None:
    async with valkey_server("--requirepass", "correct horse") as valkey:
        server = SharedServer(SharedSettings(valkey.url, PATIENT_S, "correct horse"))
        other = SharedServer(SharedSettings(valkey.url, PATIENT_S))
        await server._probe()
        await other._probe()
        assert (server.is_up, other.is_up) == (True, False)
        for each in (server, other):
            await each.close()
