"""What is done to the box, and what its clients may notice of it."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.box import Box
from tests.faults.clients import CUT, ERROR, WHOLE
from tests.support.http_door import leave

ANY_END: Final = (WHOLE, ERROR, CUT)
UNHARMED: Final = (WHOLE,)
HALF: Final = (b'{"type": "synthesize", "data_length": 1000}\n{"te', b"POST /api/tts HTTP/1.1\r\nHost: a\r\nContent-Le")
PIDS: Final = next((place for place in map(Path, ("/sys/fs/cgroup/pids", "/sys/fs/cgroup")) if place.is_dir()), Path())
WHOLE_FILE: Final = '{"text": "今天天气很好。", "format": "mp3", "stream": false}'.encode()
LONG: Final = "很长的一段话，" * 60


@dataclass(frozen=True)
class Fault:
    """act: does it, and undoes it before it returns; ends: how texts may end; ends_daemon: another one is started."""

    name: str
    chinese: str
    act: Callable[[Box], Awaitable[None]]
    ends: tuple[str, ...] = UNHARMED
    ends_daemon: bool = False
    is_preloaded: bool = False  # done by preload.c, within the daemon


def _signal(pid: int | None, number: signal.Signals) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


async def host_killed(box: Box) -> None:
    _signal(box.host(), signal.SIGKILL)


async def host_stopped(box: Box) -> None:
    _signal(box.host(), signal.SIGSTOP)  # nobody lets it go on: it is ended after chunk_timeout_s


async def _asked(box: Box, what: str, for_s: float) -> None:
    file = box.folder / "asked" / what
    file.touch()
    await asyncio.sleep(for_s)
    file.unlink()


async def garbage(box: Box) -> None:
    await _asked(box, "garbage", 0.3)


async def slow(box: Box) -> None:
    await _asked(box, "slow", 2.0)


async def out_of_memory(box: Box) -> None:
    if (host := box.host()) is not None:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(host, resource.RLIMIT_DATA, (2**29, resource.RLIM_INFINITY))
            await _asked(box, "memory", 0.3)
            resource.prlimit(host, resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


async def reloaded(box: Box) -> None:
    _signal(box.pid, signal.SIGHUP)
    await asyncio.sleep(0.05)
    _signal(box.pid, signal.SIGHUP)


async def daemon_stopped(box: Box) -> None:
    _signal(box.pid, signal.SIGSTOP)
    await asyncio.sleep(1)
    _signal(box.pid, signal.SIGCONT)


async def daemon_terminated(box: Box) -> None:
    _signal(box.pid, signal.SIGTERM)


async def daemon_killed(box: Box) -> None:
    _signal(box.pid, signal.SIGKILL)


async def _connected(box: Box, door: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    port = (box.daemon.wyoming_port, box.daemon.http_port)[door]
    return await asyncio.open_connection("127.0.0.1", port, limit=2048)


def _request(door: int) -> bytes:
    if door == 0:
        return b'{"type": "synthesize", "data": {"text": "%s"}}\n' % LONG.encode()
    return _posted(b'{"text": "%s"}' % LONG.encode())


def _posted(body: bytes) -> bytes:
    head = b"POST /api/tts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


async def resets(box: Box) -> None:
    with contextlib.suppress(OSError):
        for door in (0, 1):
            reader, writer = await _connected(box, door)
            writer.write(_request(door))
            await reader.read(100)
            leave(writer)


async def half_open(box: Box) -> None:
    with contextlib.suppress(OSError):
        pairs = [await _connected(box, door) for door in (0, 1) for _ in range(4)]
        for number, (_, writer) in enumerate(pairs):
            writer.write(HALF[number // 4])
        await asyncio.sleep(1)
        for _, writer in pairs:
            leave(writer)


async def slow_reader(box: Box) -> None:
    with contextlib.suppress(OSError):
        pairs = [await _connected(box, door) for door in (0, 1)]
        for door, (_, writer) in enumerate(pairs):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            writer.write(_request(door))
        for _ in range(20):
            for reader, _ in pairs:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await reader.read(1)
        for _, writer in pairs:
            leave(writer)


async def byte_writer(box: Box) -> None:
    with contextlib.suppress(OSError):
        pairs = [await _connected(box, door) for door in (0, 1)]
        for at in range(60):
            for door, (_, writer) in enumerate(pairs):
                writer.write(_request(door)[at : at + 1])
            await asyncio.sleep(0.02)
        for _, writer in pairs:
            leave(writer)


async def no_descriptors(box: Box) -> None:
    with contextlib.suppress(OSError, ProcessLookupError):
        most = resource.prlimit(box.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(box.pid, resource.RLIMIT_NOFILE, (box.files() + 1, most[1]))
        pairs = [await _connected(box, door) for door in (0, 1) for _ in range(3)]
        await asyncio.sleep(0.5)
        for _, writer in pairs:
            leave(writer)
        resource.prlimit(box.pid, resource.RLIMIT_NOFILE, most)


async def disk_full(box: Box) -> None:
    with contextlib.suppress(ProcessLookupError):
        most = resource.prlimit(box.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(box.pid, resource.RLIMIT_FSIZE, (0, most[1]))
        await asyncio.sleep(2)
        resource.prlimit(box.pid, resource.RLIMIT_FSIZE, most)


async def cache_gone(box: Box) -> None:
    folder = box.folder / "cache"
    away = folder.with_name("away")
    folder.rename(away)
    folder.write_text("a file where the folder was")
    await asyncio.sleep(1)
    folder.unlink()
    away.rename(folder)


async def cache_corrupt(box: Box) -> None:
    for file in (box.folder / "cache").rglob("*"):
        if file.is_file():
            file.write_bytes(os.urandom(500))


async def clock_jumps(box: Box) -> None:
    file = box.folder / "asked" / "clock"
    for days in (40, -3, 0):
        file.write_text(str(86_400 * days))
        await asyncio.sleep(0.3)
    file.unlink()


async def no_entropy(box: Box) -> None:
    await _asked(box, "entropy", 1.0)


async def slow_disk(box: Box) -> None:
    await _asked(box, "disk", 2.0)


async def no_threads(box: Box) -> None:
    """Neither the daemon nor its engine host may have one more task than it has; RLIMIT_NPROC does not bind root."""
    group = PIDS / f"tts-faults-{box.pid}"
    group.mkdir()
    try:
        for pid in (box.pid, box.host()):
            if pid is not None:
                (group / "cgroup.procs").write_text(str(pid))
        (group / "pids.max").write_text((group / "pids.current").read_text())
        with contextlib.suppress(OSError):
            pairs = [await _connected(box, 1) for _ in range(8)]
            for _, writer in pairs:
                writer.write(_posted(WHOLE_FILE))  # is coded on a thread
            await asyncio.sleep(2)
            for _, writer in pairs:
                leave(writer)
    finally:
        (group / "pids.max").write_text("max")
        await _emptied(group)


async def _emptied(group: Path) -> None:
    """Its processes are where they were; one that is ending leaves it later."""
    for _ in range(100):
        if _moved_back(group):
            return
        await asyncio.sleep(0.1)


def _moved_back(group: Path) -> bool:
    with contextlib.suppress(OSError):
        for pid in (group / "cgroup.procs").read_text().split():
            (PIDS / "cgroup.procs").write_text(pid)
        group.rmdir()
    return not group.exists()


FAULTS: Final = (
    Fault("engine host killed", "杀死引擎进程", host_killed, ANY_END),
    Fault("engine host stopped", "引擎进程停住", host_stopped, ANY_END),
    Fault("garbage on the link", "内部连接上的乱码", garbage, ANY_END),
    Fault("slow engine", "引擎变慢", slow),
    Fault("engine out of memory (RLIMIT_DATA)", "引擎内存不足（RLIMIT_DATA）", out_of_memory, ANY_END),
    Fault("daemon: SIGHUP twice", "守护进程：两次 SIGHUP", reloaded),
    Fault("daemon stopped for 1 s", "守护进程停住 1 秒", daemon_stopped),
    Fault("daemon: SIGTERM", "守护进程：SIGTERM", daemon_terminated, ANY_END, ends_daemon=True),
    Fault("daemon killed", "杀死守护进程", daemon_killed, ANY_END, ends_daemon=True),
    Fault("clients reset", "客户端 RST", resets),
    Fault("clients half open", "客户端半开", half_open),
    Fault("clients that read a byte at a time", "每次只读一字节的客户端", slow_reader),
    Fault("clients that write a byte at a time", "每次只写一字节的客户端", byte_writer),
    Fault("no descriptors left", "文件描述符用尽", no_descriptors, ANY_END),
    Fault("no threads left", "线程用尽", no_threads, ANY_END),
    Fault("disk refuses every write", "磁盘拒绝写入", disk_full),
    Fault("cache folder gone", "缓存目录消失", cache_gone),
    Fault("cache entries corrupt", "缓存内容损坏", cache_corrupt),
    Fault("clock jumps 40 days on and 43 back", "时钟前跳 40 天又后跳 43 天", clock_jumps, is_preloaded=True),
    Fault("no entropy for 1 s", "1 秒内没有熵", no_entropy, is_preloaded=True),
    Fault("slow disk", "磁盘变慢", slow_disk, is_preloaded=True),
)
