"""Measures the front end: CPU time of the load, of first and later sentences, and memory.

python -m tests.text.speed
"""

import statistics
import sys
import time
from pathlib import Path

SENTENCES = {
    "plain": (
        "今天的天气非常好，我们一起去公园里走走吧。", "他还没有把图书馆的书还给那位长得很高的老师。",
        "请把客厅的灯关掉，再把空调的温度调低一点。",
    ),
    "with digits or symbols": (
        "今天2℃，2026年3月5日有25%的人去。", "会议定在2026年3月15日下午2:30，票价¥35.5元。", 
        "距离3yd，浓度35μg/m³，比分98:87，打12345。",
    ),
    "mixed": ("我有iPhone 15和WiFi 6路由器，很好用。",),
}  # fmt: skip
BARS_MS = {"plain": 2.0, "with digits or symbols": 5.0, "mixed": 5.0}
ROUNDS = 300


def _megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def main() -> None:
    """Measure and print."""
    before, began = _megabytes(), time.process_time()
    from tests.text.cases import segment
    from tts_server.text import frontend

    frontend.load()
    sys.stdout.write(f"load {time.process_time() - began:.2f} s (bar 1.3), {_megabytes() - before:.0f} MB (bar 180)\n")
    for kind, texts in SENTENCES.items():
        for text in texts:
            said, times = segment(text), []
            for _ in range(ROUNDS):
                began = time.process_time()
                frontend.analyse(said)
                times.append((time.process_time() - began) * 1000)
            median = statistics.median(times)
            sys.stdout.write(
                f"{kind}: first {times[0]:.2f} ms (bar 20), median {median:.2f} ms (bar {BARS_MS[kind]})  {text}\n"
            )


if __name__ == "__main__":
    main()
