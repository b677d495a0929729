"""A home's days, an hour or less each, on a daemon of its own: `make soak HOURS=2 RESUME=build/soak`.

    python -m tests.soak [--hours 2] [--day-minutes 60] [--record build/soak]

Every piece adds to the record, however it ends (SIGINT and SIGTERM end it in order); `tests.soak.report` reads it.
"""

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.soak.clock import DAY_MINUTES, HomeClock
from tests.soak.home import Home
from tests.soak.listeners import LISTENERS
from tests.soak.others import OTHERS, PACK, POLL_S, poll, settings
from tests.soak.player import Player
from tests.soak.record import Record
from tests.soak.sample import sample
from tests.soak.yardstick import Yardstick
from tests.support.daemon import Daemon

SAMPLE_S = 10.0
MODEL = Path(__file__).parents[1] / "golden" / "sambert" / PACK
SETTINGS = {
    "TTS_SERVER__CACHE__MEMORY_BYTES": str(2**20),  # full within an hour of the home
    "TTS_SERVER__CACHE__DISK_BYTES": str(4 * 2**20),
    "TTS_SERVER__DISCOVERY__ADDRESSES": '["127.0.0.1"]',
    "TTS_SERVER__DISCOVERY__NAME": "soak",
    "TTS_SERVER__CACHE__WARM": '["主人，欢迎回家。"]',
}


@asynccontextmanager
async def daemon_of(folder: Path, log: Path) -> AsyncGenerator[Daemon]:
    """The daemon with its probe; its log goes into a file."""
    places = {
        "TTS_SERVER__VOICES__FOLDER": str(folder / "voices"),
        "STATE_DIRECTORY": str(folder / "state"),
        "TTS_SERVER__CACHE__FOLDER": str(folder / "cache"),
    }
    command = (sys.executable, "-m", "tests.soak.box", str(folder / "probe.jsonl"), "run", "--host", "127.0.0.1")
    ports = ("--http-port", "0", "--wyoming-port", "0", "--config", str(folder / "config.toml"))
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command, *ports, env={**os.environ, **SETTINGS, **places}, stderr=stderr, stdout=stderr
        )
    daemon = Daemon(process)
    try:
        async with asyncio.timeout(120):
            told = await _line(log, "listening: Wyoming on port ")
            words = told.split("on port ")
            daemon.wyoming_port, daemon.http_port = int(words[1].split(",")[0]), int(words[2])
            await _line(log, "engine host ready")
        yield daemon
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await process.wait()


async def _line(log: Path, wanted: str) -> str:
    while True:
        for line in (await asyncio.to_thread(log.read_text, "utf-8", "replace")).splitlines():
            if wanted in line:
                return line
        await asyncio.sleep(0.2)  # a file tells nobody that it grew


def prepare(folder: Path) -> None:
    """Places for the daemon's files, and a voice pack to be installed now and then."""
    shutil.rmtree(folder / "voices", ignore_errors=True)
    for name in ("voices", "state", "cache", "pack"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if not (folder / "pack" / PACK).exists():
        install = (sys.executable, "-m", "tts_server", "voices", "install", str(MODEL), "--voice", PACK)
        subprocess.run(install, check=True, env={**os.environ, "TTS_SERVER__VOICES__FOLDER": str(folder / "pack")})
    (folder / "probe.jsonl").unlink(missing_ok=True)


async def live(record: Record, hours: float, day_minutes: float, stop: asyncio.Event) -> None:
    """One piece."""
    folder = record.folder / "box"
    await asyncio.to_thread(prepare, folder)
    piece, lived_s = record.lived()
    chance = random.Random(piece)
    (folder / "config.toml").write_text(settings(HomeClock(lived_s), chance), encoding="utf-8")
    log = record.folder / f"daemon-{piece}.log"
    async with daemon_of(folder, log) as daemon:
        home = Home(daemon, HomeClock(lived_s, day_minutes), chance, folder)
        async with asyncio.TaskGroup() as tasks:
            yardstick = Yardstick()
            working = [tasks.create_task(yardstick.run()), tasks.create_task(polls(home, record))]
            working += [tasks.create_task(sampled(home, record, piece, log))]
            working += [tasks.create_task(spoken_to(home, record, name, yardstick)) for name in LISTENERS]
            working += [tasks.create_task(done_to(home, record, name)) for name in OTHERS]
            ended = tasks.create_task(daemon.process.wait())
            stopped = tasks.create_task(stop.wait())
            await asyncio.wait([ended, stopped], timeout=3600 * hours, return_when=asyncio.FIRST_COMPLETED)
            record.add("heard", what="piece", piece=piece, ok=not ended.done(), error="the daemon ended" * ended.done())
            for task in (*working, ended, stopped):
                task.cancel()


async def sampled(home: Home, record: Record, piece: int, log: Path) -> None:
    """A line every ten seconds."""
    probe_file = home.folder / "probe.jsonl"
    while True:
        await asyncio.sleep(SAMPLE_S)
        with noted(record, "sample"):
            lines = Record(home.folder).lines("probe")
            probe_file.write_text("", encoding="utf-8")
            probe = {name: max(line[name] for line in lines) for name in lines[0]} if lines else {}
            record.add("samples", **await sample(home, piece, probe, os.stat(log).st_size))


async def polls(home: Home, record: Record) -> None:
    """Home Assistant asks for ever."""
    while True:
        await home.clock.sleep(POLL_S)
        with noted(record, "poll"):
            await poll(home)


async def spoken_to(home: Home, record: Record, name: str, yardstick: Yardstick) -> None:
    """One of the listeners, again and again; several may be at it at once."""
    a_day, listen = LISTENERS[name]

    async def once() -> None:
        player, began = Player(), time.monotonic()
        error = ""
        try:
            async with asyncio.timeout(120):
                await listen(home, player)
        except Exception as failure:  # whatever it is, it stands in the record
            error = repr(failure)[:300]
        record.add(
            "heard", what=name, ok=not error, error=error, day=round(home.clock.now_s / 86400, 5),
            took_s=round(time.monotonic() - began, 2), first_s=player.first_s, audio_s=round(player.audio_s, 2),
            gaps_s=[round(gap, 4) for gap in player.gaps_s], waits=len(player.waits_s),
            late_s=round(yardstick.late_s(began), 3),
        )  # fmt: skip

    await again(home, a_day, once)


async def done_to(home: Home, record: Record, name: str) -> None:
    """One of the others, again and again, one at a time."""
    a_day, act = OTHERS[name]
    while True:
        await home.clock.until_next(home.chance, a_day)
        with noted(record, name):
            async with asyncio.timeout(60):
                await act(home)


async def again(home: Home, a_day: float, once: Callable[[], Awaitable[None]]) -> None:
    """As often a day, by chance, whether the last one is done or not."""
    async with asyncio.TaskGroup() as tasks:
        while True:
            await home.clock.until_next(home.chance, a_day)
            tasks.create_task(once())  # type: ignore[arg-type]


@contextlib.contextmanager
def noted(record: Record, name: str):  # type: ignore[no-untyped-def]
    """A line of the record, with what went wrong."""
    try:
        yield
    except Exception as failure:  # whatever it is, it stands in the record
        record.add("heard", what=name, ok=False, error="".join(traceback.format_exception_only(failure))[-300:])
    else:
        if name not in ("poll", "sample"):
            record.add("heard", what=name, ok=True, error="")


async def main_loop(record: Record, hours: float, day_minutes: float) -> None:
    """Live until it is time, or until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await live(record, hours, day_minutes, stop)


def main() -> None:
    """Live."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--day-minutes", type=float, default=DAY_MINUTES, help="how long a day of the home lasts")
    parser.add_argument("--record", type=Path, default=Path("build/soak"))
    wanted = parser.parse_args()
    record = Record(wanted.record)
    record.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main_loop(record, wanted.hours, wanted.day_minutes))


if __name__ == "__main__":
    main()
