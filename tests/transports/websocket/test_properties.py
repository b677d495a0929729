"""The ordering guarantees O1 to O9 of the protocol, whatever clients do, with voices of random delays and failures."""

import asyncio
import contextlib
import itertools
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from protocol.frames import Frame
from tests.support.core import ENGINES, running_core
from tests.support.http_door import Door, open_door
from tests.support.websocket_peer import Peer, peer_of
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.settings import WebSocketSettings

T = TypeVar("T")

CONTEXTS = tuple("abcdefgh")
contexts = st.sampled_from(CONTEXTS)
pieces = st.sampled_from(
    ["你好。", "今天天气", "很好，", "我们走吧！", "a", "一", "第一句话。第二句话。", "😀", "**", " ", "\n"]
)
emotions = st.sampled_from(["happy", "sad", "neutral"])
ANSWERS = {
    "open": {"opened"},
    "text": {"flushed", None},  # only with `flush`
    "emotion": {"applied"},
    "flush": {"flushed"},
    "end": {None},
    "cancel": {"cancelled"},
    "ping": {"pong"},
}


class House:
    """One core and door for all examples, on a loop that runs only while an example waits."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self.door: Door = self.run(self._open())

    def run(self, waiting: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(waiting)

    def close(self) -> None:
        self.run(self._stack.aclose())
        self.loop.close()

    async def _open(self) -> Door:
        engines = {**ENGINES, "chaos": "tests.support.chaos:ChaosEngine"}
        core = await self._stack.enter_async_context(running_core(engines=engines))
        wide = WebSocketSettings(messages_burst=10_000, bad_messages=10_000)
        return await self._stack.enter_async_context(open_door(core, HttpSettings(websocket=wide)))


class Clients(RuleBasedStateMachine):
    """One client with up to eight contexts. Everything is checked when all have ended."""

    house: ClassVar[House]

    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        self.peer: Peer = self.house.run(self.stack.enter_async_context(peer_of(self.house.door)))
        self.refs = itertools.count()
        self.asked: dict[str, dict[str, Any]] = {}  # by ref
        self.paused: set[str] = set()  # nobody acknowledges what they say: the others must not wait for them (O4)
        self.send("ping")

    def send(self, type_: str, **fields: Any) -> None:
        ref = str(next(self.refs))
        self.asked[ref] = {"type": type_, **fields}
        self.house.run(self.peer.send(type_, ref=ref, **fields))

    @rule(
        ctx=contexts,
        voice=st.sampled_from(["tone", "chaos", "chaos", "broken"]),
        flow=st.sampled_from(["none", "none", "clock", "ack"]),
        rate=st.sampled_from([None, 8000, 24000]),
        preempt=st.sampled_from(["none", "none", "none", "same"]),
    )
    def open(self, ctx: str, voice: str, flow: str, rate: int | None, preempt: str) -> None:
        audio = {"frame_ms": 40, **({"rate": rate} if rate else {})}
        self.paused |= {ctx} if flow == "ack" else set()
        self.send("open", ctx=ctx, voice=voice, flow=flow, audio=audio, preempt=preempt)

    @rule(ctx=contexts, text=pieces, flush=st.booleans(), end=st.sampled_from([False, False, True]))
    def text(self, ctx: str, text: str, flush: bool, end: bool) -> None:
        self.send("text", ctx=ctx, text=text, flush=flush, end=end)

    @rule(ctx=contexts, emotion=emotions)
    def emotion(self, ctx: str, emotion: str) -> None:
        self.send("emotion", ctx=ctx, emotion=emotion)

    @rule(ctx=contexts)
    def flush(self, ctx: str) -> None:
        self.send("flush", ctx=ctx)

    @rule(ctx=contexts)
    def end(self, ctx: str) -> None:
        self.send("end", ctx=ctx)

    @rule(ctx=contexts, mode=st.sampled_from(["now", "segment"]))
    def cancel(self, ctx: str, mode: str) -> None:
        self.send("cancel", ctx=ctx, mode=mode)

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.05]))
    def listen(self, seconds: float) -> None:
        async def hear() -> None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while True:
                        await self.peer.receive()

        self.house.run(hear())

    @invariant()
    def frames_are_gapless_so_far(self) -> None:
        for ch in {frame.ch for frame in self.peer.frames()}:
            assert [frame.seq for frame in self.peer.frames(ch)] == list(range(len(self.peer.frames(ch))))

    def teardown(self) -> None:
        try:
            for ctx in CONTEXTS:
                self.send("end", ctx=ctx)
            self.house.run(self.hear_all_but_the_paused())
            for ctx in self.paused:
                self.send("cancel", ctx=ctx)
            self.send("bye", drain=True)
            self.house.run(self.peer.wait_closed())
            for spoken in contexts_of(self.peer):
                check_context(spoken)
            self.check_answers()
        finally:
            self.house.run(self.stack.aclose())

    async def hear_all_but_the_paused(self) -> None:
        """O4: they come to their end while others stand still."""
        async with asyncio.timeout(15):
            while self.alive() - self.paused:
                await self.peer.receive()

    def alive(self) -> set[str]:
        """Contexts that were opened, as far as we have heard, and are not done."""
        alive: set[str] = set()
        for message in self.peer.messages():
            if message["type"] == "opened":
                alive.add(message["ctx"])
            elif message["type"] == "done":
                alive.discard(message["ctx"])
        return alive

    def check_answers(self) -> None:
        """O8: one answer for each message with a ref that has one; an error counts."""
        answers: dict[str, list[str]] = {}
        for message in self.peer.messages():
            if "ref" in message:
                answers.setdefault(message["ref"], []).append(message["type"])
        for ref, message in self.asked.items():
            expected = {"bye"} if message["type"] == "bye" else ANSWERS[message["type"]]
            got = answers.get(ref, [])
            assert len(got) <= 1, (message, got)
            assert (got[0] if got else None) in {"error", *expected}, (message, got)
            assert got or not message.get("flush"), message


def contexts_of(peer: Peer) -> Iterator[list[Any]]:
    """All that came for each context, from its `opened` to its `done`."""
    spoken: dict[str, list[Any]] = {}
    by_channel: dict[int, str] = {}
    used: set[int] = set()  # O5: a channel is not given out again
    for message in peer.received:
        if isinstance(message, Frame):
            spoken[by_channel[message.ch]].append(message)
        elif message["type"] == "opened":
            assert message["ctx"] not in spoken
            spoken[message["ctx"]] = [message]
            assert message["ch"] not in used
            used.add(message["ch"])
            by_channel[message["ch"]] = message["ctx"]
        elif message.get("ctx") in spoken:
            spoken[message["ctx"]].append(message)
            if message["type"] == "done":
                yield spoken.pop(message["ctx"])
                by_channel = {ch: ctx for ch, ctx in by_channel.items() if ctx != message["ctx"]}
    assert not spoken, "a context without its done"


def check_context(messages: list[Any]) -> None:
    """O1, O2, O3, O5, O6 and O9 for one context."""
    pts = seq = count = 0
    position, emotion = 0, messages[0]["emotion"]
    segment: int | None = None
    is_over = False
    for message in messages[1:]:
        if isinstance(message, Frame):
            assert not is_over
            assert (message.seq, message.pts, message.segment) == (seq, pts, segment)
            seq, pts = seq + 1, pts + len(message.payload) // 2
            continue
        match message["type"]:
            case "segment":
                assert segment is None
                assert (message["segment"], message["pts"]) == (count, pts)
                assert message["from"] >= position
                assert message["emotion"] == emotion
                position, segment, count = message["to"], message["segment"], count + 1
            case "segment_end":
                assert (message["segment"], message["pts"]) == (segment, pts)
                segment = None
            case "applied":
                assert segment is None
                assert message["at"] >= position
                emotion = message["used"]
            case "flushed":
                assert segment is None
                assert message.get("segment", -1) == count - 1
            case "cancelled":
                assert message["already"] or message["sent_samples"] == pts
                is_over = True
            case "done":
                assert (message["samples"], message["segments"]) == (pts, count)
    assert messages[-1]["type"] == "done"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    opened = House()
    yield opened
    opened.close()


def test_whatever_clients_do_the_order_holds(house: House) -> None:
    Clients.house = house
    run_state_machine_as_test(
        Clients,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
