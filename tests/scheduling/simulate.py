"""A world in which the scheduler lives: threads that compute, listeners that play, time that jumps from event to event.

python -m tests.scheduling.simulate     a table of first audio and gaps for 1 to 16 listeners at once
"""

import heapq
import itertools
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tts_server.scheduling.scheduler import Scheduler

NEVER = float("inf")
PLAYER_S = 0.02  # a player holds one frame before it begins
RETURN_S = 0.001  # between a chunk and its stream's next question


@dataclass(frozen=True)
class Order:
    """A text that somebody wants to hear."""

    at: float
    audio_s: float
    voice: str = "v"
    client: str = ""
    priority: int = 0
    leaves_at: float = NEVER  # the listener hangs up
    lead_s: float = NEVER  # the door takes no more than this ahead of the listener


@dataclass
class Outcome:
    """What became of an order."""

    order: Order
    first_audio_at: float | None = None
    ended_at: float | None = None
    gap_s: float = 0.0  # silence after the first audio that should not have been
    given_s: float = 0.0
    plays_until: float = 0.0
    places: list[tuple[float, int, float]] = field(default_factory=list)  # told at, place in line, estimated wait

    @property
    def wait_s(self) -> float:
        assert self.first_audio_at is not None
        return self.first_audio_at - self.order.at


@dataclass(frozen=True)
class Engine:
    """What a chunk costs: a fixed part for the first one, then by the second of audio; jitter multiplies it.

    From `slow_from` on another program takes its share.
    """

    rtf: float
    first_s: float = 0.0
    jitter: Callable[[], float] = lambda: 1.0
    slow_from: float = NEVER
    slower: float = 1.0

    def cost_s(self, audio_s: float, is_first: bool, now: float) -> float:
        share = self.slower if now >= self.slow_from else 1.0
        return ((self.first_s if is_first else 0.002) + self.rtf * audio_s) * self.jitter() * share


SAMBERT = Engine(rtf=0.18, first_s=0.016)
BAKER = Engine(rtf=0.015, first_s=0.022)


def simulate(orders: Sequence[Order], engine: Engine, slots: int, scheduler: Scheduler | None = None) -> list[Outcome]:
    """Run all orders to their end. Checks on the way that no thread idles while somebody who is let in waits."""
    world = _World(engine, scheduler or Scheduler(slots))
    return world.run(orders)


class _World:
    def __init__(self, engine: Engine, scheduler: Scheduler) -> None:
        self.engine = engine
        self.scheduler = scheduler
        self.outcomes: dict[int, Outcome] = {}
        self.order_of_events = itertools.count()
        self.events: list[tuple[float, int, Callable[[float], None]]] = []

    def run(self, orders: Sequence[Order]) -> list[Outcome]:
        for number, order in enumerate(orders):
            self.outcomes[number] = Outcome(order)
            self.at(order.at, lambda now, number=number: self.arrive(number, now))
            if order.leaves_at < NEVER:
                self.at(order.leaves_at, lambda now, number=number: self.leave(number, now))
        while self.events:
            now, _, happen = heapq.heappop(self.events)
            happen(now)
            while (turn := self.scheduler.pick(now)) is not None:
                self.start(turn.stream, turn.wanted_s, now)
            if self.scheduler.held_until is not None:
                self.at(self.scheduler.held_until, lambda now: None)
            for place in self.scheduler.places(now):
                told = self.outcomes[place.stream].places
                if not told or told[-1][1] != place.position:
                    told.append((now, place.position, place.eta_s))
        return list(self.outcomes.values())

    def at(self, when: float, happen: Callable[[float], None]) -> None:
        heapq.heappush(self.events, (when, next(self.order_of_events), happen))

    def arrive(self, number: int, now: float) -> None:
        order = self.outcomes[number].order
        self.scheduler.open(number, now, order.priority, order.client)
        self.scheduler.ask(number, now, order.voice, begins=True)

    def leave(self, number: int, now: float) -> None:
        if self.outcomes[number].ended_at is None:
            self.end(number, now)

    def end(self, number: int, now: float) -> None:
        self.outcomes[number].ended_at = now
        self.scheduler.close(number, now)

    def start(self, number: int, wanted_s: float, now: float) -> None:
        outcome = self.outcomes[number]
        audio_s = min(wanted_s, outcome.order.audio_s - outcome.given_s)
        cost_s = self.engine.cost_s(audio_s, outcome.first_audio_at is None, now)
        self.at(now + cost_s, lambda then: self.finish(number, audio_s, then))

    def finish(self, number: int, audio_s: float, now: float) -> None:
        outcome = self.outcomes[number]
        if outcome.ended_at is not None:
            return
        self.scheduler.finish(number, audio_s, now)
        if outcome.first_audio_at is None:
            outcome.first_audio_at = now
            outcome.plays_until = now + PLAYER_S
        outcome.gap_s += max(0.0, now - outcome.plays_until)
        outcome.plays_until = max(outcome.plays_until, now) + audio_s
        outcome.given_s += audio_s
        if outcome.given_s >= outcome.order.audio_s - 1e-9:
            self.end(number, now)
        else:
            asks_at = max(now + RETURN_S, outcome.plays_until - outcome.order.lead_s)
            self.at(asks_at, lambda then: self.ask(number, then))

    def ask(self, number: int, now: float) -> None:
        if self.outcomes[number].ended_at is None:
            self.scheduler.ask(number, now, self.outcomes[number].order.voice)


def measured(slots: int, engine: Engine, voice: str = "v") -> Scheduler:
    """A scheduler that has seen the voice speak."""
    scheduler = Scheduler(slots)
    simulate([Order(0.0, 10.0, voice)], engine, slots, scheduler)
    return scheduler


def give(scheduler: Scheduler, stream: int, audio_s: float, now: float, busy_s: float = 0.0) -> None:
    """Let a stream have its first chunk."""
    scheduler.ask(stream, now, begins=True)
    turn = scheduler.pick(now)
    assert turn is not None
    assert turn.stream == stream
    scheduler.finish(stream, audio_s, now + busy_s)


def main() -> None:
    """The table."""
    dice = random.Random(1)
    for name, engine, audio_s in (
        ("baker", Engine(0.015, 0.022, lambda: dice.uniform(0.9, 1.4)), 2.4),
        ("Sambert 16 kHz", Engine(0.18, 0.016, lambda: dice.uniform(0.9, 1.2)), 2.8),
    ):
        for count in (1, 2, 4, 8, 16):
            outcomes = simulate([Order(0.0, audio_s)] * count, engine, 2, measured(2, engine))
            waits = sorted(1000 * outcome.wait_s for outcome in outcomes)
            gaps = sum(outcome.gap_s > 0 for outcome in outcomes)
            print(f"{name:15} {count:2} at once: first audio median {statistics.median(waits):5.0f} ms,")
            print(f"{'':28} worst {waits[-1]:5.0f} ms, {gaps} with a gap")


if __name__ == "__main__":
    main()
