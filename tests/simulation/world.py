"""A house in simulated time: boxes that share a cache, clients of every kind, and what must hold whatever happens."""

import asyncio
import itertools
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np

from tests.simulation.loop import SimulatedLoop
from tests.simulation.parts import SimulatedLink, SimulatedServer, SimulatedValkey, Weather
from tests.support.core import CoreLimits
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.errors import EngineBusy, TTSError
from tts_server.events import Audio, Done, DoneReason, SpeechOptions
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.context import Context
from tts_server.synthesis.synthesizer import Synthesizer

TEXTS = ("你好。", "主人，欢迎回家。", "今天有三封邮件。记得带伞。", "晚饭已经准备好了，请大家到餐厅来。吃饭。快点。")
ENDS_WITHIN_S = 1000.0  # of simulated time, whatever happens
CLIENTS = 40


@dataclass
class Box:
    """One daemon's core."""

    link: SimulatedLink
    turns: Turns
    synthesizer: Synthesizer


@dataclass
class Outcome:
    """What one seed showed."""

    seed: int
    steps: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def simulate(seed: int, weather: Weather, boxes: int = 2, rounds: int = 2) -> Outcome:
    """A house on one day. The same seed gives the same day."""
    outcome, loop = Outcome(seed), SimulatedLoop(seed)
    try:
        loop.run_until_complete(_live(loop, outcome, weather, boxes, rounds))
    except BaseExceptionGroup as group:
        outcome.faults += [f"{type(each).__name__}: {each}" for each in _leaves(group)]
    except RuntimeError as stuck:
        outcome.faults.append(str(stuck))
    finally:
        outcome.steps = loop.steps
        loop.close()
    return outcome


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [
        leaf
        for each in group.exceptions
        for leaf in (_leaves(each) if isinstance(each, BaseExceptionGroup) else [each])
    ]


async def _live(loop: SimulatedLoop, outcome: Outcome, weather: Weather, count: int, rounds: int) -> None:
    valkey = SimulatedValkey(loop.chance, weather)
    limits = CoreLimits(max_contexts=200, when_full=loop.chance.choice(("queue", "refuse")))
    house: list[Box] = []
    async with asyncio.TaskGroup() as tasks:
        background = []
        for _ in range(count):
            link, turns = SimulatedLink(loop.chance, weather), Turns(Scheduler(2))
            server = SimulatedServer(valkey)
            cache = SegmentCache(link, turns, _keys(), 2**16, 1000.0, shared=server)  # type: ignore[arg-type]
            background.append(tasks.create_task(cache.run()))
            house.append(Box(link, turns, Synthesizer(link, turns, limits, cache=cache)))  # type: ignore[arg-type]
        clients = [tasks.create_task(_client(loop, loop.chance.choice(house), outcome, rounds)) for _ in range(CLIENTS)]
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await asyncio.wait(clients)
        except TimeoutError:
            outcome.faults.append(f"{sum(not each.done() for each in clients)} clients got no end")
        for task in (*clients, *background):
            task.cancel()
    outcome.faults += [fault for box in house for fault in _left_behind(box)]


def _keys(known: list[KeyMaker] = []) -> KeyMaker:  # noqa: B006  # made once: it reads the whole program
    if not known:
        known.append(KeyMaker({}, {}))
    return known[0]


def _left_behind(box: Box) -> list[str]:
    """What should be gone when everybody is."""
    left = {
        "contexts": box.synthesizer.active,
        "streams": len(box.turns.scheduler._streams),
        "turns": len(box.turns.scheduler._running) + len(box.turns._waiting),
        "places in line": box.turns.queued,
        "utterances in the engine host": len(box.link.open_utterances),
        "flights": len(box.synthesizer.cache._flights),
    }
    return [f"{number} {what} stayed" for what, number in left.items() if number]


async def _client(loop: SimulatedLoop, box: Box, outcome: Outcome, rounds: int) -> None:
    """Says something now and then; each time in another manner."""
    for _ in range(rounds):
        await asyncio.sleep(loop.chance.uniform(0, 2))
        text = loop.chance.choice(TEXTS)
        try:
            context = box.synthesizer.open(SpeechOptions(voice="tone", split="sentence"))
        except TTSError as refused:
            _count(outcome, type(refused).__name__)
            continue
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(_write(loop, context, text))
            await _listen(loop, context, text, outcome)
            writing.cancel()


async def _write(loop: SimulatedLoop, context: Context, text: str) -> None:
    """At once, or as a language model does."""
    try:
        if loop.chance.random() < 0.5:
            context.text(text)
        else:
            for sign in text:
                context.text(sign)
                await asyncio.sleep(loop.chance.uniform(0, 0.05))
        context.end()
    except TTSError:
        pass  # it was over already


async def _listen(loop: SimulatedLoop, context: Context, text: str, outcome: Outcome) -> None:
    manner = loop.chance.choice(("fast", "fast", "plays", "slow", "cancels", "leaves", "is preempted"))
    patience, audio, dones = loop.chance.randint(0, 12), [], 0
    async with aclosing(context.events()) as events:
        for number in itertools.count():
            event = await anext(events, None)
            if event is None:
                break
            if dones:
                outcome.faults.append(f"{type(event).__name__} after Done")
            if isinstance(event, Audio):
                audio.append(event.samples)
            if isinstance(event, Done):
                dones += 1
                _count(outcome, str(event.reason) if event.error is None else type(event.error).__name__)
                _check(event, manner, audio, text, outcome)
            if number == patience:
                if manner == "cancels":
                    context.cancel()
                elif manner == "is preempted":
                    context.preempt()
                elif manner == "leaves":
                    _count(outcome, "left")
                    return
            if manner in ("plays", "slow"):
                await asyncio.sleep(0.1 if manner == "plays" else loop.chance.uniform(0, 1.0))
    if dones != 1:
        outcome.faults.append(f"{dones} times Done")


def _check(
    done: Done, manner: str, audio: "list[np.ndarray[tuple[int], np.dtype[np.float32]]]", text: str, outcome: Outcome
) -> None:
    heard = np.concatenate([*audio, np.zeros(0, np.float32)])
    if len(heard) != done.samples:
        outcome.faults.append(f"{len(heard)} samples came, {done.samples} were told")
    if done.reason is DoneReason.END:
        expected = _REFERENCE.setdefault(text, heard)
        if len(heard) != len(expected) or not np.allclose(heard, expected, atol=2e-4):
            outcome.faults.append(f"{text!r} sounds otherwise than before: {len(heard)} and {len(expected)} samples")
    elif done.reason is DoneReason.ERROR and done.error is None:
        outcome.faults.append("an error without a reason")
    elif isinstance(done.error, EngineBusy) and len(heard):
        outcome.faults.append("who was heard already was refused")


_REFERENCE: "dict[str, np.ndarray[tuple[int], np.dtype[np.float32]]]" = {}


def _count(outcome: Outcome, end: str) -> None:
    outcome.ends[end] = outcome.ends.get(end, 0) + 1
