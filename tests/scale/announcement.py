"""An announcement to twenty clients on four boxes: how often is it spoken?   python -m tests.scale.announcement

Real daemons with the voice baker behind HAProxy, over one Valkey; all twenty ask at once, over HTTP. The boxes count
themselves: `tts_segments_total{source="engine"}`, and what another box had begun and was spoken here after all. Four
boxes share this machine's cores, and the cache may take longer than where each has its own: it is waited for 50 ms.
"""

import asyncio
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from tests.deploy import house
from tests.deploy.balancer import Box, balancer
from tests.scale.listeners import Seen, hear
from tests.shared.valkey import valkey_server
from tests.support.figures import figures_of

BOXES, CLIENTS = 4, 20
TEXTS = tuple(f"{number}号客人的饭菜已经准备好了请大家到餐厅来吃饭。" for number in "一二三四五六七八九十")


async def counted(boxes: Sequence[Box]) -> Counter[str]:
    """Where the audio of segments came from, over all boxes."""
    found: Counter[str] = Counter()
    for box in boxes:
        for (name, *labels), count in (await figures_of(box.http_port)).items():
            if name in ("tts_segments_total", "tts_segments_taken_over_total"):
                found[labels[0]] += round(count)
    return found


async def announced(port: int, boxes: Sequence[Box], text: str, seen: Seen) -> Counter[str]:
    """To all at once; what the boxes counted."""
    before = await counted(boxes)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CLIENTS):
            tasks.create_task(hear(port, text, seen))
    return await counted(boxes) - before


async def main() -> int:
    """Announce, count and print. 1 when anything was spoken twice for another reason than silence."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        valkey = await stack.enter_async_context(valkey_server())
        settings = {
            "TTS_SERVER__CACHE__MODE": "memory",
            "TTS_SERVER__CACHE__SHARED": valkey.url,
            "TTS_SERVER__CACHE__SHARED_TIMEOUT_MS": "50",
        }
        started = [await stack.enter_async_context(house.box(settings)) for _ in range(BOXES)]
        named = {f"box{number}": ports for number, (_, ports) in enumerate(started, 1)}
        before = await stack.enter_async_context(balancer(folder, named))
        await before.wait_for("UP", *named)
        await before.wait_for("L7OK", *named, column="agent_status")
        is_well = True
        print("| announcement | spoken | of these as nothing came within 150 ms | first audio 50 / 100 % | errors |")
        print("| --- | --- | --- | --- | --- |")
        for number, text in enumerate(TEXTS, 1):
            seen = Seen()
            found = await announced(before.http_port, tuple(named.values()), text, seen)
            spoken = found["engine"] + found["silent"] + found["lost"]
            is_well &= spoken == 1 + found["silent"] and seen.texts == CLIENTS
            first_ms = [1000 * each for each in seen.first_s]
            times = f"{statistics.median(first_ms):.0f} / {max(first_ms):.0f} ms"
            print(f"| {number} | {spoken} | {found['silent']} | {times} | {seen.errors} |", flush=True)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
