"""Voices come into memory when used; the one unused for longest goes when there is too little."""

import threading
from collections.abc import Callable, Generator

import pytest

from tests.support.engines import ToneEngine, voice
from tts_server.engine import AudioChunk, Prosody, Run, Syllable, Utterance, Voice
from tts_server.engine_host.eviction import EvictableEngine, VoiceEviction, resident_bytes
from tts_server.errors import EngineFailed

HELLO = Run("zh", "你好", 0, 1, syllables=(Syllable("你", "ni3", "ni3", 0, 1, 0),), prosody=Prosody())


class HeavyEngine(ToneEngine):
    """Voices a, b, c and d; each that is loaded weighs 100."""

    name = "heavy"

    def __init__(self) -> None:
        super().__init__({})
        self.loaded: list[str] = []

    @property
    def voices(self) -> list[Voice]:
        return [voice(name, self.name) for name in "abcd"]

    def load(self, voice: str) -> None:
        if voice == "d":
            raise EngineFailed("voice d is not well")
        if voice not in self.loaded:
            self.loaded.append(voice)

    def unload(self, voice: str) -> None:
        self.loaded.remove(voice)

    def weight(self) -> int:
        return 100 * len(self.loaded)


class KeepingEngine(ToneEngine):
    """Cannot unload."""

    name = "keeping"


def heavy(ceiling: int) -> tuple[HeavyEngine, EvictableEngine, VoiceEviction]:
    engine = HeavyEngine()
    eviction = VoiceEviction(ceiling, engine.weight)
    return engine, EvictableEngine(engine, eviction), eviction


def say(engine: EvictableEngine, name: str) -> Generator[AudioChunk]:
    engine.load(name)
    return engine.synthesize(Utterance(name, (HELLO,)), lambda: 0.01)


def test_the_voice_unused_for_longest_goes() -> None:
    engine, resident, eviction = heavy(250)
    for name in ("a", "b", "a", "c"):
        resident.load(name)
    assert engine.loaded == ["a", "c"]
    assert eviction.loaded == ["a", "c"]


def test_speaking_counts_as_use() -> None:
    engine, resident, _ = heavy(250)
    resident.load("a")
    resident.load("b")
    list(say(resident, "a"))
    resident.load("c")
    assert engine.loaded == ["a", "c"]


def test_a_voice_that_is_speaking_never_goes_and_goes_when_it_is_done() -> None:
    engine, resident, _ = heavy(150)
    speech = say(resident, "a")
    next(speech)
    resident.load("b")
    resident.load("c")
    assert engine.loaded == ["a", "c"]
    list(speech)
    assert engine.loaded == ["a"], "the one used last stays"


def test_a_listener_who_leaves_lets_the_voice_go() -> None:
    engine, resident, _ = heavy(150)
    speech = say(resident, "a")
    next(speech)
    resident.load("b")
    speech.close()
    resident.load("b")
    assert engine.loaded == ["b"]


def test_the_voice_used_last_stays_even_when_it_alone_is_too_much() -> None:
    engine, resident, _ = heavy(50)
    resident.load("a")
    assert engine.loaded == ["a"]


def test_without_a_ceiling_all_stay() -> None:
    engine, resident, _ = heavy(0)
    for name in "abc":
        resident.load(name)
    assert engine.loaded == ["a", "b", "c"]


def test_a_voice_that_fails_to_load_is_not_counted() -> None:
    _, resident, eviction = heavy(1000)
    with pytest.raises(EngineFailed):
        resident.load("d")
    assert eviction.loaded == []


def test_an_engine_that_cannot_unload_keeps_its_voice() -> None:
    engine = HeavyEngine()
    eviction = VoiceEviction(50, lambda: 100 + engine.weight())
    keeping = EvictableEngine(KeepingEngine({}), eviction)
    keeping.load("keeping")
    EvictableEngine(engine, eviction).load("a")
    assert eviction.loaded == ["keeping", "a"]


def test_many_threads_leave_the_count_right() -> None:
    engine, resident, eviction = heavy(250)

    def work(name: str) -> None:
        for _ in range(50):
            for _ in say(resident, name):
                assert name in engine.loaded

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc" * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    resident.load("a")
    assert sorted(eviction.loaded) == sorted(engine.loaded)
    assert len(engine.loaded) <= 2


def test_the_memory_of_this_process_is_known() -> None:
    before = resident_bytes()
    ballast: Callable[[], bytearray] = lambda: bytearray(b"x" * (64 << 20))  # noqa: E731
    kept = ballast()
    assert resident_bytes() - before > 60 << 20
    del kept
