"""Every fault at every moment, with a client at every door: `make faults`.

    python -m tests.faults [--only WORDS] [--moment middle] [--write]

A cell holds when every client's text ends in a way that the fault allows, within END_S; when all doors speak again
within BACK_S; and when nothing stays behind: no text, no descriptor, no engine host. Ends with 1 if one does not.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tests.bench.tables import write_table
from tests.faults.box import Box, box
from tests.faults.clients import CUT, DOORS, ERROR, HANGS, WHOLE, Listener
from tests.faults.faults import ANY_END, FAULTS, Fault

END_S: Final = 25.0
BACK_S: Final = 30.0
AUDIO_S: Final = 4.0  # about, of the text
MOMENTS: Final = {
    "idle": "空闲",
    "loading": "加载中",
    "first chunk": "首块",
    "middle": "中间",
    "last chunk": "末块",
} | {"draining": "停机中"}
AT: Final = {"first chunk": 0.01, "middle": 0.5 * AUDIO_S, "last chunk": 0.9 * AUDIO_S, "draining": 0.01}
TELL: Final = ("Wyoming", "WebSocket")  # can tell of an error in the middle of audio, and must
ENDS: Final = {WHOLE: "完整", ERROR: "报错", CUT: "断开", HANGS: "挂起"}
PAPERS: Final = {"en": Path("docs/RELIABILITY.md"), "zh": Path("docs/RELIABILITY.zh-CN.md")}
_numbers = itertools.count(1)
_DIGITS: Final = str.maketrans("0123456789", "零一二三四五六七八九")


def fresh_text() -> str:
    """Of AUDIO_S, which nobody has said before: a syllable is 0.1 s."""
    return f"{next(_numbers):06d}".translate(_DIGITS) + "今天天气很好我们一起去公园散步" * 2 + "吧好不好。"


def lives(pid: int) -> bool:
    """Whether a process is there, and not only its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Cell:
    """One fault at one moment."""

    def __init__(self, fault: Fault, moment: str) -> None:
        self.fault, self.moment = fault, moment
        self.listeners = [Listener(door, fresh_text()) for door in DOORS]
        self.wrong: list[str] = []
        self.longest_s = 0.0

    async def run(self, box: Box) -> None:
        """Break, listen, look after it."""
        files, host = box.files(), box.host()
        if self.moment == "loading":
            assert host is not None
            os.kill(host, signal.SIGKILL)
            await asyncio.sleep(0.6)
        async with asyncio.TaskGroup() as tasks:
            if self.moment == "idle":
                await self._fault(box)
            listening = [tasks.create_task(listener.listen(box.daemon)) for listener in self.listeners]
            if self.moment == "loading":
                await asyncio.sleep(0.1)
                await self._fault(box)
            elif self.moment != "idle":
                await self._reached(AT[self.moment])
                if self.moment == "draining":
                    box.daemon.process.send_signal(signal.SIGTERM)
                    await asyncio.sleep(0.1)
                await self._fault(box)
            began = time.monotonic()
            await asyncio.wait(listening)
        self._judge(began)
        await self._after(box, files)

    async def _reached(self, audio_s: float) -> None:
        """Until half of the clients have heard so much: the first of them are not at their end, the last not behind."""
        waiting = {asyncio.ensure_future(listener.until(audio_s)) for listener in self.listeners}
        while len(waiting) > len(self.listeners) // 2:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()

    async def _fault(self, box: Box) -> None:
        self._acted_at = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            await self.fault.act(box)
        if self.moment == "idle" and self.fault.ends_daemon:
            async with asyncio.timeout(30):
                await box.daemon.process.wait()
            await box.start()

    def _judge(self, began: float) -> None:
        daemon_ends = self.fault.ends_daemon or self.moment == "draining"
        may = ANY_END if self.moment == "draining" else self.fault.ends
        if self.moment == "idle" and self.fault.ends_daemon:
            may = (WHOLE,)
        for listener in self.listeners:
            if listener.end == CUT and not daemon_ends and listener.door in TELL:
                self.wrong.append(f"{listener.door}: cut without a word: {listener.told[:200]}")
            self.longest_s = max(self.longest_s, listener.ended_at - self._acted_at)
            if listener.end not in may:
                self.wrong.append(f"{listener.door}: {listener.end} {listener.told[:200]}")
            if listener.end == WHOLE and listener.audio_s < 0.9 * AUDIO_S:
                self.wrong.append(f"{listener.door}: whole, with {listener.audio_s:.2f} s")
            if listener.ended_at - began > END_S:
                self.wrong.append(f"{listener.door}: {listener.ended_at - began:.0f} s")

    async def _after(self, box: Box, files: int) -> None:
        host = box.host()
        if self.moment == "draining" or (self.fault.ends_daemon and self.moment != "idle"):
            async with asyncio.timeout(30):
                await box.daemon.process.wait()
            if host is not None:
                await self._gone(host)
            await box.start()
        by = time.monotonic() + BACK_S
        while True:
            again = [Listener(door, fresh_text()) for door in DOORS]
            async with asyncio.timeout(BACK_S + 60):
                await asyncio.gather(*(listener.listen(box.daemon) for listener in again))
            if all(listener.end == WHOLE for listener in again):
                break
            if time.monotonic() > by:
                self.wrong.append(f"does not speak again: {[(one.door, one.end, one.told[:99]) for one in again]}")
                return
            await asyncio.sleep(0.2)
        await self._left(box, files)

    async def _left(self, box: Box, files: int) -> None:
        by = time.monotonic() + 10
        while (active := await box.figure("tts_active_streams")) or box.files() > files + 3:
            if time.monotonic() > by:
                self.wrong.append(f"left: {active:g} texts, {box.files()} descriptors for {files}")
                return
            await asyncio.sleep(0.1)

    async def _gone(self, host: int) -> None:
        by = time.monotonic() + 10
        while await asyncio.to_thread(lives, host):
            if time.monotonic() > by:
                self.wrong.append("the engine host outlives the daemon")
                return
            await asyncio.sleep(0.05)

    def told(self, language: str) -> str:
        """For the table."""
        ends = Counter(listener.end for listener in self.listeners)
        words = ", ".join(f"{count} {end if language == 'en' else ENDS[end]}" for end, count in ends.items())
        return ("**" + ("FAILED" if language == "en" else "失败") + "** " if self.wrong else "") + (
            f"{words}, {self.longest_s:.1f} s"
        )


async def tried(faults: list[Fault], moments: list[str], folder: Path, *, with_preload: bool) -> list[Cell]:
    """All cells, one after the other."""
    cells = []
    async with box(folder, with_preload=with_preload) as made:
        for fault, moment in itertools.product(faults, moments):
            cell = Cell(fault, moment)
            try:
                await cell.run(made)
            except (Exception, BaseExceptionGroup) as error:  # it stands in the table
                cell.wrong.append(f"{error!r}")
                if made.daemon.process.returncode is None:
                    await made.end(signal.SIGKILL)
                await made.start()
            cells.append(cell)
            sys.stdout.write(f"{fault.name}, {moment}: {cell.told('en')} {'; '.join(cell.wrong)}\n")
            sys.stdout.flush()
    return cells


def table(cells: list[Cell], language: str) -> str:
    """A row for each fault."""
    moments = [moment for moment in MOMENTS if any(cell.moment == moment for cell in cells)]
    heads = moments if language == "en" else [MOMENTS[moment] for moment in moments]
    rows = [f"| {'fault' if language == 'en' else '故障'} | {' | '.join(heads)} |", "|" + " --- |" * (len(heads) + 1)]
    for name, group in itertools.groupby(cells, lambda cell: cell.fault):
        told = " | ".join(cell.told(language) for cell in group)
        rows.append(f"| {name.name if language == 'en' else name.chinese} | {told} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Try, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="faults whose names hold this")
    parser.add_argument("--moment", choices=list(MOMENTS), action="append")
    parser.add_argument("--write", action="store_true", help="the tables of docs/RELIABILITY.md")
    wanted = parser.parse_args()
    chosen = [fault for fault in FAULTS if wanted.only in fault.name]
    moments = wanted.moment or list(MOMENTS)
    within = [fault for fault in chosen if fault.is_preloaded]
    if within and shutil.which("gcc") is None:
        sys.stdout.write("clock, entropy and slow disk are not tried: apt install gcc\n")
        within, chosen = [], [fault for fault in chosen if fault not in within]
    cells = []
    for faults, with_preload in (([fault for fault in chosen if fault not in within], False), (within, True)):
        if faults:
            with tempfile.TemporaryDirectory() as folder:
                cells += asyncio.run(tried(faults, moments, Path(folder), with_preload=with_preload))
    failed = [cell for cell in cells if cell.wrong]
    sys.stdout.write(f"{len(DOORS) * len(cells)} cells tried, {len(failed)} faults at a moment failed\n")
    if wanted.write:
        for language, paper in PAPERS.items():
            write_table(paper, "make faults", table(cells, language))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
