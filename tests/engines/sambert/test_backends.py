"""Which run time speaks the vocoder: the faster one, if nobody can hear the difference."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tts_server.engines.sambert import backends
from tts_server.engines.sambert.backends import MAX_DISTANCE_DB, Floats, choose, log_mel_distance_db

RATE = 16_000
TIME_S = np.arange(RATE, dtype=np.float32) / RATE
VOICED = (0.3 * np.sin(2 * np.pi * 220 * TIME_S) * (1 + np.sin(2 * np.pi * 3 * TIME_S))).astype(np.float32)


class Tone:
    """A session that multiplies matrices for a while and then gives the same tone, perhaps with noise."""

    def __init__(self, work: int, noise: float = 0.0) -> None:
        self.work, self.noise = work, noise

    def run(self, outputs: Sequence[str], given: Mapping[str, Any]) -> list[Floats]:
        end = time.thread_time() + self.work / 1000
        while time.thread_time() < end:
            pass
        return [VOICED + self.noise * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)]


def speak(session: backends.Session, frames: int) -> Floats:
    samples: Floats = session.run(["samples"], {})[0]
    return samples


SLOW, FAST, NEARLY_AS_FAST = Tone(20), Tone(5), Tone(18)
NOISY, NEARLY_CLEAN = Tone(5, noise=0.05), Tone(5, noise=1e-5)


@pytest.mark.parametrize(
    ("other", "is_taken"), [(FAST, True), (NEARLY_CLEAN, True), (NEARLY_AS_FAST, False), (NOISY, False)]
)
def test_the_other_one_is_taken_when_it_is_clearly_faster_and_sounds_the_same(other: Tone, is_taken: bool) -> None:
    chosen = choose(SLOW, lambda: other, speak, RATE)
    assert chosen is (other if is_taken else SLOW)


def test_one_that_cannot_be_made_is_not_taken() -> None:
    def fails() -> Tone:
        raise RuntimeError("no such instruction")

    assert choose(SLOW, fails, speak, RATE) is SLOW


def test_the_distance_is_nothing_for_the_same_and_grows_with_the_noise() -> None:
    assert log_mel_distance_db(VOICED, VOICED, RATE) == 0.0
    noise = np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    near, far = (log_mel_distance_db(VOICED, VOICED + level * noise, RATE) for level in (1e-4, 5e-2))
    assert near < far
    assert far > MAX_DISTANCE_DB


def test_without_openvino_there_is_nothing_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not backends.is_possible()
