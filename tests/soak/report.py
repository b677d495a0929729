"""The record of a soak as tables and a plot: `python -m tests.soak.report RECORD [--write]`.

Needs the packages of requirements/soak.txt alone. With --write, docs/RELIABILITY.md, its translation and the plot are
written anew. Ends with 1 if something is over its bar.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from tests.bench.tables import write_table
from tests.soak import plot
from tests.soak.record import Record
from tests.soak.slopes import SETTLES_DAYS, slope

PAPERS: Final = {"en": Path("docs/RELIABILITY.md"), "zh": Path("docs/RELIABILITY.zh-CN.md")}
PLOT: Final = Path("docs/images/soak.png")
GROWS: Final = {  # what is fitted: its names, and the bar for the upper end of the interval
    "daemon_rss_mib": ("daemon, RSS (MiB)", "守护进程 RSS（MiB）", 1.0),
    "host_rss_mib": ("engine host, RSS (MiB)", "引擎进程 RSS（MiB）", 1.0),
    "daemon_files": ("daemon, descriptors", "守护进程文件描述符", 1.0),
    "host_files": ("engine host, descriptors", "引擎进程文件描述符", 1.0),
    "daemon_threads": ("daemon, threads", "守护进程线程", 1.0),
    "host_threads": ("engine host, threads", "引擎进程线程", 1.0),
    "tasks": ("daemon, tasks", "守护进程任务", 1.0),
    "timers": ("daemon, timers", "守护进程定时器", None),
}
LATE_S: Final = 0.05  # in all, of an idle loop meanwhile: the machine had other things to do
HEADS: Final = {
    "en": ("growth a day of the home", "fitted", "95 % interval", "bar for its upper end"),
    "zh": ("家中每天的增长", "拟合值", "95 % 区间", "上端的界限"),
}
COUNTED: Final = {"en": ("counted", "found", "bar"), "zh": ("计数", "结果", "界限")}
NAMES: Final = {  # of the rows, and their bars
    "time": ("time of the home / real time", "家中的时间 / 真实时间", "24 h / 2 h"),
    "spoken": ("texts spoken to their end", "完整说出的文本", "–"),
    "failed": ("failures, of all clients and all that was done", "失败（所有客户端和操作）", "0"),
    "gaps": ("gaps heard", "听到的断音", "0"),
    "late": ("gaps while a loop with nothing to do was held up too", "空闲循环同时也被耽搁时的断音", "–"),
    "first": ("first sound, median / 99 %", "首个声音，中位 / 99 %", "–"),
    "lag": ("worst lag of the event loop", "事件循环最大延迟", "–"),
    "own": ("of it, the loop's own work at one time", "其中循环自身的连续计算", "–"),
    "restarts": ("restarts of the engine host", "引擎进程重启", "0"),
    "cache": ("cache on disk (limit 4 MiB)", "磁盘缓存（上限 4 MiB）", "4 MiB"),
    "log": ("log a day of the home, at INFO", "家中每天的日志（INFO）", "5 MB"),
}


def main() -> None:
    """Print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", type=Path)
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    record = Record(wanted.record)
    samples, heard = record.lines("samples"), record.lines("heard")
    over: list[str] = []
    tables = {
        language: growth(samples, language, over) + "\n" + counts(samples, heard, language) for language in PAPERS
    }
    sys.stdout.write(tables["en"])
    sys.stdout.write("".join(f"\nfailed: {line}" for line in failures(heard)) + "\n")
    if wanted.write:
        for language, paper in PAPERS.items():
            write_table(paper, "make soak", tables[language])
        plot.draw(samples, PLOT)
    sys.stdout.write("".join(f"\nover its bar: {what}\n" for what in over))
    sys.exit(bool(over))


def growth(samples: list[dict[str, Any]], language: str, over: list[str]) -> str:
    """The table of slopes."""
    rows = [HEADS[language]]
    for name, (english, chinese, bar) in GROWS.items():
        found = slope(samples, name)
        cells = ("–", "–")
        if found is not None:
            cells = (f"{found.a_day:+.2f}", f"{found.lowest:+.2f} … {found.highest:+.2f}")
            if bar is not None and found.highest >= bar and language == "en":
                over.append(f"{english}: {cells[1]}")
        rows.append((english if language == "en" else chinese, *cells, f"{bar:g}" if bar is not None else "–"))
    return _table(rows)


def counts(samples: list[dict[str, Any]], heard: list[dict[str, Any]], language: str) -> str:
    """The table of what was counted."""
    found = counted(samples, heard)
    rows = [COUNTED[language]]
    for name, (english, chinese, bar) in NAMES.items():
        rows.append((english if language == "en" else chinese, found[name], bar))
    return _table(rows)


def counted(samples: list[dict[str, Any]], heard: list[dict[str, Any]]) -> dict[str, str]:
    """By the names of the rows."""
    by_piece = {number: [s for s in samples if s["piece"] == number] for number in {s["piece"] for s in samples}}
    begun = {number: piece[0]["day"] for number, piece in by_piece.items()}
    settled = [s for s in samples if s["day"] - begun[s["piece"]] >= SETTLES_DAYS] or samples
    days = sum(piece[-1]["day"] - begun[number] for number, piece in by_piece.items())
    ours_h = sum(piece[-1]["at"] - piece[0]["at"] for piece in by_piece.values()) / 3600
    log_mb = sum(piece[-1]["log_bytes"] for piece in by_piece.values()) / 1e6
    spoken = [line for line in heard if "gaps_s" in line]
    gaps = [(gap, line.get("late_s", 0.0)) for line in spoken for gap in line["gaps_s"]]
    ours = [gap for gap, late_s in gaps if late_s < LATE_S]
    first = sorted(1000 * line["first_s"] for line in spoken if line["first_s"] is not None)
    lags, own = (max(s[name] for s in settled if name in s) for name in ("lag_ms", "own_lag_ms"))
    return {
        "time": f"{24 * days:.1f} h / {ours_h:.2f} h, pieces: {len(by_piece)}",
        "spoken": f"{sum(line['ok'] for line in spoken)}",
        "failed": f"{sum(not line['ok'] for line in heard)} / {len(heard)}",
        "gaps": f"{len(ours)}" + (f" ({', '.join(f'{1000 * gap:.0f} ms' for gap in ours[:9])})" if ours else ""),
        "late": f"{len(gaps) - len(ours)}",
        "first": f"{first[len(first) // 2]:.0f} ms / {first[len(first) * 99 // 100]:.0f} ms",
        "lag": f"{lags:.0f} ms",
        "own": f"{own:.0f} ms",
        "restarts": f"{max(s.get('restarts', 0) for s in samples):.0f}",
        "cache": f"{max(s['cache_mib'] for s in samples):.2f} MiB",
        "log": f"{log_mb / days:.2f} MB",
    }


def failures(heard: list[dict[str, Any]]) -> list[str]:
    """Each kind, and how often."""
    kinds = Counter(f"{line['what']}: {line['error']}" for line in heard if not line["ok"])
    return [f"{count} x {kind}" for kind, count in kinds.most_common(20)]


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]]) + "\n"


if __name__ == "__main__":
    main()
