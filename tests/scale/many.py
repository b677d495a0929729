"""What 100 boxes and 10,000 listeners would need, on the scheduler itself:   python -m tests.scale.many

Time is simulated; the line of each box is the real one (`tts_server.scheduling`), before it a balancer that sends each
text to the box with the fewest, as HAProxy's leastconn does. Each listener hears a sentence, is silent for a while, by
chance, and asks again. So the number of those who are spoken to at the same moment varies, and the table tells how many
boxes it takes until nobody waits.
"""

import argparse
import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tests.scheduling.simulate import Engine, Order, measured, simulate

SENTENCE_S = (2.0, 6.0)  # of audio
MINUTES = 2.0
THREADS = 2


@dataclass(frozen=True)
class House:
    """So many boxes, and listeners who are silent for so long between two sentences, on the average."""

    boxes: int
    listeners: int
    silent_s: float
    voice: str
    engine: Engine


def room_of(engine: Engine) -> int:
    """How many speak at the same time on one box, as the scheduler measures it."""
    return measured(THREADS, engine).capacity("v")


def asked(house: House, seed: int) -> Iterator[tuple[float, float]]:
    """When each text is asked for, and how long it is; in order."""
    dice = random.Random(seed)
    begins = [(dice.uniform(0.0, house.silent_s + 4.0), number) for number in range(house.listeners)]
    heapq.heapify(begins)
    while begins:
        at, number = heapq.heappop(begins)
        if at < 60 * MINUTES:
            audio_s = dice.uniform(*SENTENCE_S)
            yield at, audio_s
            heapq.heappush(begins, (at + audio_s + dice.expovariate(1 / house.silent_s), number))


def balanced(house: House, seed: int) -> list[list[Order]]:
    """The texts of each box. A text is a connection until it has been computed, at least half as long as it plays."""
    orders: list[list[Order]] = [[] for _ in range(house.boxes)]
    loads = [(0, number) for number in range(house.boxes)]
    heapq.heapify(loads)
    leaving: list[tuple[float, int]] = []
    counts = [0] * house.boxes
    for at, audio_s in asked(house, seed):
        while leaving and leaving[0][0] <= at:
            number = heapq.heappop(leaving)[1]
            counts[number] -= 1
            heapq.heappush(loads, (counts[number], number))
        while True:
            count, number = heapq.heappop(loads)
            if count == counts[number]:
                break
        orders[number].append(Order(at, audio_s))
        counts[number] += 1
        heapq.heappush(loads, (counts[number], number))
        heapq.heappush(leaving, (at + audio_s, number))
    return orders


def row(house: House) -> str:
    """One line of the table."""
    outcomes = [
        outcome
        for orders in balanced(house, 1)
        for outcome in simulate(orders, house.engine, THREADS, measured(THREADS, house.engine))
    ]
    waits_ms = [1000 * outcome.wait_s for outcome in outcomes]
    mean_s = sum(SENTENCE_S) / 2
    speaking = house.listeners * mean_s / (mean_s + house.silent_s)
    room = room_of(house.engine)
    gaps = sum(outcome.gap_s > 0.01 for outcome in outcomes)
    return (
        f"| {house.voice} | {house.listeners} | {speaking:.0f} | {room} | {house.boxes} | "
        f"{speaking / (room * house.boxes):.0%} | {len(outcomes)} | {np.percentile(waits_ms, 50):.0f} / "
        f"{np.percentile(waits_ms, 99):.0f} / {max(waits_ms):.0f} ms | {gaps} |"
    )


def voices() -> Sequence[tuple[str, Engine]]:
    """As measured on two shared cores (README); each chunk takes a little more or less."""
    dice = random.Random(2)
    return (
        ("baker", Engine(0.035, 0.02, lambda: dice.uniform(0.9, 1.4))),
        ("Sambert 16 kHz", Engine(0.18, 0.016, lambda: dice.uniform(0.9, 1.2))),
    )


def boxes_for(listeners: int, silent_s: float, engine: Engine) -> int:
    """Boxes by the rule of docs/SCALE.md: those who are spoken to at the same moment, at 80 % of the room."""
    mean_s = sum(SENTENCE_S) / 2
    return max(1, round(listeners * mean_s / (mean_s + silent_s) / (0.8 * room_of(engine)) + 0.5))


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=10_000)
    parser.add_argument("--silent", type=float, default=26.0, help="seconds between two sentences, on the average")
    wanted = parser.parse_args()
    print("| voice | listeners | at once | room of a box | boxes | load | texts | waits 50 / 99 / 100 % | gaps |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for voice, engine in voices():
        by_rule = boxes_for(wanted.listeners, wanted.silent, engine)
        for boxes in sorted({round(0.75 * by_rule), by_rule, 100}):
            print(row(House(boxes, wanted.listeners, wanted.silent, voice, engine)), flush=True)


if __name__ == "__main__":
    main()
