"""Boxes restarted in turn for as long as you like, under listeners at all doors: nobody may notice.

    python -m tests.scale.rolling --minutes 30

Two real daemons with the voice baker, Valkey, Debian's HAProxy with the configuration of `deploy`, and the script of
`deploy` that restarts boxes. Texts shorter than the grace, over HTTP, WebSocket and Wyoming; whatever is heard is
compared with the same text at the beginning, sample by sample. Each text is also heard the way it was spoken: by
WebSocket as it is played, so that restarts fall into the middle of texts.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from protocol.client import Chunk, TtsClient
from tests.deploy.balancer import balancer
from tests.deploy.house import ROOT, House, RestartedBox, over_http, over_websocket, over_wyoming
from tests.shared.valkey import ValkeyServer, valkey_server

TEXTS = tuple(f"{number}点了，今天天气不错，我们出去走走，晚上再回家吃饭吧。" for number in "一二三四五六七八九十")
RATE = 24_000  # of the voice, a second
BREATH_S = 1.0  # between two texts of a listener
BETWEEN_S = 5.0  # rounds
TOLD_LINES = 12  # of the balancer's log, with a fault


async def played(house: House, text: str) -> bytes:
    """Over WebSocket, as fast as it is listened to."""
    url = f"ws://127.0.0.1:{house.balancer.http_port}"
    async with TtsClient(url) as tts, tts.open() as speech:
        await speech.say_all(text)
        return b"".join([event.pcm async for event in speech if isinstance(event, Chunk)])


DOORS = {"HTTP": over_http, "WebSocket": over_websocket, "Wyoming": over_wyoming, "WebSocket, as played": played}


@dataclass
class Heard:
    """What became of the texts."""

    whole: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_s: float = 0.0

    def fault(self, what: str, house: House) -> None:
        """Told at once, with what the balancer saw last."""
        self.faults.append(what)
        last = house.balancer.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TOLD_LINES:]
        print(f"{datetime.now(UTC):%H:%M:%S} {what}", *last, sep="\n    ", flush=True)


async def listen(house: House, door: str, wanted: dict[str, bytes], heard: Heard, is_over: asyncio.Event) -> None:
    """One text after the other at one door."""
    for text in itertools.cycle(TEXTS):
        if is_over.is_set():
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(40):
                pcm = await DOORS[door](house, text)
        except Exception as error:  # whatever a client may see is what we count
            heard.fault(f"{door}: {type(error).__name__}: {error}", house)
        else:
            pcm = without_filler(pcm, wanted[text])
            if pcm == wanted[text]:
                heard.whole[door] += 1
            else:
                heard.fault(f"{door}: {difference(pcm, wanted[text])}", house)
        heard.slowest_s = max(heard.slowest_s, time.monotonic() - began)
        await asyncio.sleep(BREATH_S)


def without_filler(heard: bytes, wanted: bytes) -> bytes:
    """Without the 0.1 s of silence that a listener over Wyoming is sent where a busy box has nothing for it."""
    filler = bytes(2 * RATE // 10)
    while len(heard) > len(wanted):
        quiet = len(heard[: first_difference(heard, wanted)].rstrip(b"\0"))
        quiet += quiet % 2
        if not heard.startswith(filler, quiet):
            break
        heard = heard[:quiet] + heard[quiet + len(filler) :]
    return heard


def first_difference(heard: bytes, wanted: bytes) -> int:
    """At which byte the shorter one ends, or both begin to differ."""
    pairs = zip(heard, wanted, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(heard), len(wanted)))


def difference(heard: bytes, wanted: bytes) -> str:
    """In words."""
    same = first_difference(heard, wanted)
    return f"{len(heard)} bytes of {len(wanted)}, others from byte {same} on"


async def restarted(house: House, boxes: dict[str, RestartedBox], valkey: ValkeyServer, until: float) -> int:
    """All boxes in turn, again and again; how many rounds. Each begins with an empty cache, or little is spoken."""
    for rounds in itertools.count():
        if time.monotonic() >= until:
            return rounds
        await valkey.client.flushall()
        script = await asyncio.create_subprocess_exec(
            *(sys.executable, ROOT / "deploy/haproxy/rolling_restart.py", "--socket", house.balancer.socket),
            *(f"{name}={box.restart_command}" for name, box in boxes.items()),
            stdout=asyncio.subprocess.DEVNULL,
        )
        if await script.wait():
            raise RuntimeError("a box did not come back")
        await asyncio.sleep(BETWEEN_S)
    raise AssertionError


async def main() -> int:
    """Restart and count. 1 when anybody noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    wanted_s = 60 * parser.parse_args().minutes
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        valkey = await stack.enter_async_context(valkey_server())
        settings = {"TTS_SERVER__CACHE__MODE": "memory", "TTS_SERVER__CACHE__SHARED": valkey.url}
        boxes = {
            name: await stack.enter_async_context(RestartedBox(name, folder, settings).running())
            for name in ("box1", "box2")
        }
        before = await stack.enter_async_context(balancer(folder, {name: box.ports for name, box in boxes.items()}))
        await before.wait_for("UP", *boxes)
        house, heard, is_over = House(before, {}), Heard(), asyncio.Event()
        wanted = {text: await over_http(house, text) for text in TEXTS}
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for door in DOORS:
                tasks.create_task(listen(house, door, wanted, heard, is_over))
            rounds = await restarted(house, boxes, valkey, began + wanted_s)
            is_over.set()
        told = ", ".join(f"{count} over {door}" for door, count in heard.whole.items())
        print(f"{(time.monotonic() - began) / 60:.1f} minutes, each box restarted {rounds} times")
        print(f"heard whole: {told}; the slowest took {heard.slowest_s:.1f} s; faults: {len(heard.faults)}")
        return 1 if heard.faults or not rounds else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
