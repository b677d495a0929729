"""What a house hears of xiaozhi's streaming: `python -m tests.load.volcengine_door`. Prints figures of one run.

1. First audio through the Volcengine door and through /ws/v1, by turns, cache off.
2. First audio after the first clause's last token, of a model that writes 20 tokens a second.
3. Eight such streams at once: how long a device that plays from the first frame on would have had nothing to play.
"""

import argparse
import asyncio
import json
import statistics
import time

from websockets.asyncio.client import connect

from tests.support.daemon import running_daemon
from tests.support.xiaozhi_double_stream import Heard, xiaozhi

SENTENCE = "今天天气很好，我们出去走走吧"
TOKENS = (
    "今天",
    "天气",
    "很",
    "好",
    "，",
    "我们",
    "一起",
    "出去",
    "走走",
    "吧",
    "。",
    "记得",
    "带上",
    "雨伞",
    "和",
    "外套",
    "。",
)
CLAUSE_TOKENS = 5
TOKEN_S = 1 / 20
RATE = 24000


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    async with running_daemon() as daemon:
        port = daemon.http_port
        ours, theirs = [], []
        for number in range(options.rounds + 2):
            if number % 2:
                ours.append(await over_our_websocket(port))
                theirs.append(await over_volcengine(port))
            else:
                theirs.append(await over_volcengine(port))
                ours.append(await over_our_websocket(port))
            if number == 1:  # the first ones load
                ours.clear()
                theirs.clear()
        ours_ms, theirs_ms = (1000 * statistics.median(times) for times in (ours, theirs))
        apart_ms = 1000 * statistics.median(their - our for our, their in zip(ours, theirs, strict=True))
        print(
            f"first audio: /ws/v1 {ours_ms:.1f} ms, volcengine {theirs_ms:.1f} ms, apart {apart_ms:+.1f} ms (medians)"
        )
        clauses = [await after_first_clause(port) for _ in range(options.rounds)]
        quartiles = statistics.quantiles(clauses, n=20)
        print(f"after the first clause: median {1000 * quartiles[9]:.0f} ms, p95 {1000 * quartiles[18]:.0f} ms")
        async with asyncio.TaskGroup() as tasks:
            streams = [tasks.create_task(whole_reply(port)) for _ in range(8)]
        dry = [dry_s(task.result()) for task in streams]
        print(f"eight at once: {sum(each > 0 for each in dry)} with a gap, longest {1000 * max(dry):.0f} ms")


async def over_our_websocket(port: int) -> float:
    """Seconds from the text to the first audio."""
    async with connect(f"ws://127.0.0.1:{port}/ws/v1", compression=None, proxy=None) as peer:
        started_at = time.perf_counter()
        await peer.send(json.dumps({"type": "open", "ctx": "main", "audio": {"rate": RATE}}))
        await peer.send(json.dumps({"type": "text", "text": SENTENCE, "end": True}))
        while not isinstance(await peer.recv(), bytes):
            pass
        first_s = time.perf_counter() - started_at
        await peer.send(json.dumps({"type": "cancel"}))
        while True:
            message = await peer.recv()
            if isinstance(message, str) and json.loads(message)["type"] == "done":
                return first_s


async def over_volcengine(port: int) -> float:
    """The same through the other door."""
    async with xiaozhi(port) as client:
        started_at = time.perf_counter()
        await client.start()
        await client.text(SENTENCE)
        await client.finish()
        await client.hear(until=[352])
        first_s = time.perf_counter() - started_at
        await client.cancel()
        await client.hear(until=[151, 152])
        return first_s


async def after_first_clause(port: int) -> float:
    """Seconds from the clause's last token to the first audio, of a model that writes on meanwhile."""
    async with xiaozhi(port) as client, asyncio.TaskGroup() as tasks:
        await client.start()
        hearing = tasks.create_task(client.hear(until=[352]))
        clause_at = 0.0
        for number, token in enumerate(TOKENS):
            if hearing.done():
                break
            await client.text(token)
            if number == CLAUSE_TOKENS - 1:
                clause_at = asyncio.get_running_loop().time()
            await asyncio.sleep(TOKEN_S)
        heard = await hearing
        await client.cancel()
        await client.hear(until=[151, 152])
        assert heard.first_audio_at is not None
        return heard.first_audio_at - clause_at


async def whole_reply(port: int) -> Heard:
    """A reply of eight clauses, written at 20 tokens a second, to its end."""
    async with xiaozhi(port) as client, asyncio.TaskGroup() as tasks:
        await client.start()
        hearing = tasks.create_task(client.hear())
        for token in TOKENS * 4:
            await client.text(token)
            await asyncio.sleep(TOKEN_S)
        await client.finish()
        return await hearing


def dry_s(heard: Heard) -> float:
    """For how long, at most, a device that plays from the first frame on has nothing to play."""
    assert heard.first_audio_at is not None
    runs_dry_at, longest_s = heard.first_audio_at, 0.0
    for at, samples in heard.frames_at:
        longest_s = max(longest_s, at - runs_dry_at)
        runs_dry_at = max(runs_dry_at, at) + samples / RATE
    return longest_s


if __name__ == "__main__":
    asyncio.run(main())
