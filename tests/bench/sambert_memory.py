"""Memory of the engine host with one Sambert voice of full size: random weights, the front end, no embedded voice.

    python -m tests.bench.sambert_memory [--precision int8] [--utterances 500] [--csv FILE]

Utterances have 5 to 300 characters, short ones as often as long ones by ratio; English words and numbers are among
them. The voice has been through the gate; `precision` chooses all the same, as random weights may not pass it.
Exits 1 when the memory is above 320 MiB, or grows.
"""

import argparse
import asyncio
import csv
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tts_server.engine_host.installed import installed_engines
from tts_server.engine_host.link import EngineLink
from tts_server.engine_host.settings import HostSettings
from tts_server.engines.sambert.runtime.precision import WANTED
from tts_server.markup.segments import TextCutter
from tts_server.text.linguistic.segment import Segment

CEILING_MIB = 320
GROWTH_MIB = 8  # between the middles of the second fifth and the last
SHORTEST, LONGEST = 5, 300
THREADS = 1
CHUNK_S = 0.5
PIECES = (
    "今天天气很好", "我们一起去公园散步吧", "会议定在2026年3月15日下午两点半", "客厅的温度是23.5℃", "请打开WiFi",
    "然后连接Bluetooth", "如果明天下雨", "比赛就推迟到下个星期", "老师说", "学习语言需要耐心和长期的练习", "真没想到",
    "电量还剩20%", "Home Assistant已经更新", "中国的首都北京是一座历史悠久的城市", "把卧室的灯调暗一点",
    "行长走在银行里", "他重新整理了书架", "下一班地铁3分钟后到站", "晚安", "明天早上七点叫我起床", "请把音量调小一点",
    "室外只有7°",
)  # fmt: skip


def main() -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=500)
    parser.add_argument("--precision", choices=WANTED, default="int8")
    parser.add_argument("--csv", type=Path, help="write number, characters, audio seconds and MiB of each utterance")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(make_pack(Path(folder)))
        rows = asyncio.run(measure(Path(folder), chosen.utterances, chosen.precision))
    if chosen.csv:
        with chosen.csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("utterance", "characters", "audio_s", "rss_mib"), *rows])
    return verdict([rss for *_, rss in rows])


async def make_pack(folder: Path) -> None:
    """A pack of random weights, made in another process: torch must not be in this one's way."""
    program = (
        "import sys, torch; from pathlib import Path; from tests.bench.sambert import random_voice;"
        "from tts_server.engines.sambert.export.export import build_pack;"
        "from tts_server.engines.sambert.export.precisions import add_precisions;"
        "torch.set_num_threads(1); pack = build_pack(random_voice(), Path(sys.argv[1], 'random'));"
        "print(*add_precisions(pack), sep='\\n')"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(folder))
    assert await process.wait() == 0


async def measure(folder: Path, count: int, precision: str) -> list[tuple[int, int, float, float]]:
    """Number, characters, seconds of audio and memory afterwards of each utterance."""
    settings = HostSettings(
        engines=installed_engines(),
        engine_settings={"sambert": {"voices_dir": str(folder), "precision": precision}},
        preload=["default"],
        threads=THREADS,
        chunk_timeout_s=120,
        log_level="warning",
    )
    link, rows = EngineLink(settings), []
    async with asyncio.TaskGroup() as tasks:
        supervision = tasks.create_task(link.run())
        await link.wait_ready()
        voice = link.catalogue.choose().name
        assert link.pid is not None
        report("ready, nothing said yet", link.pid)
        started = time.perf_counter()
        for number, text in enumerate(texts(count), 1):
            seconds = sum([await listen(link, segment, voice) for segment in cut(text)])
            rows.append((number, len(text), round(seconds, 2), memory(link.pid)["VmRSS"]))
            if number % max(1, count // 20) == 0:
                report(f"{number} utterances, {time.perf_counter() - started:.0f} s", link.pid)
        loaded = modules(link.pid)
        sys.stdout.write(f"libraries of torch in the process: {', '.join(loaded) or 'none'}\n")
        supervision.cancel()
    return rows


async def listen(link: EngineLink, segment: Segment, voice: str) -> float:
    """Speak a segment; its seconds of audio."""
    seconds = 0.0
    with link.open(segment, voice) as utterance:
        while (chunk := await utterance.next_chunk(CHUNK_S)) is not None:
            seconds += len(chunk.samples) / chunk.sample_rate
    return seconds


def texts(count: int) -> Iterator[str]:
    """The same texts each time."""
    dice = random.Random(5)
    for number in range(count):
        share = number / max(1, count - 1) if count > 1 else 1.0
        length = round(SHORTEST * math.exp(math.log(LONGEST / SHORTEST) * (share * 37 % 1)))
        text = ""
        while len(text) < length:
            text += dice.choice(PIECES) + dice.choice("，，。？！；")
        yield text[:length]


def cut(text: str) -> Sequence[Segment]:
    """As the daemon cuts it."""
    cutter = TextCutter()
    return [*cutter.feed(text), *cutter.flush()]


def memory(pid: int) -> dict[str, float]:
    """MiB now (VmRSS), of it not from files (RssAnon), and at most (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return {
        line.split(":")[0]: int(line.split()[1]) / 1024
        for line in lines
        if line.startswith(("VmRSS", "RssAnon", "VmHWM"))
    }


def modules(pid: int) -> list[str]:
    """Shared libraries of torch that the process has mapped."""
    mapped = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    return sorted({Path(line.split()[-1]).name for line in mapped if "/torch/" in line})


def report(when: str, pid: int) -> None:
    """One line of the curve."""
    now = memory(pid)
    bar = "#" * round(now["VmRSS"] / 8)
    sys.stdout.write(f"{when:28} {now['VmRSS']:6.1f} MiB (own {now['RssAnon']:6.1f}, peak {now['VmHWM']:6.1f}) {bar}\n")
    sys.stdout.flush()


def verdict(curve: Sequence[float]) -> int:
    """0 when the memory stays below the ceiling and does not grow."""
    fifth = max(1, len(curve) // 5)
    early, late = (sorted(part)[len(part) // 2] for part in (curve[fifth : 2 * fifth] or curve, curve[-fifth:]))
    sys.stdout.write(f"highest {max(curve):.1f} MiB, ceiling {CEILING_MIB}; grew by {late - early:.1f} MiB\n")
    return int(max(curve) > CEILING_MIB or late - early > GROWTH_MIB)


if __name__ == "__main__":
    sys.exit(main())
