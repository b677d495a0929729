"""Which run time speaks the vocoder: the faster one, if nobody can hear the difference."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts_server.engines.sambert.packs.pack import Pack
from tts_server.engines.sambert.runtime import backends
from tts_server.engines.sambert.runtime.backends import (
    MAX_DISTANCE_DB,
    Floats,
    OpenVinoSession,
    choose,
    log_mel_distance_db,
)
from tts_server.engines.sambert.runtime.graphs import Nets

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


def spoken(nets: Nets, mel: Floats) -> Floats:
    samples, _ = nets.vocode(mel, None, nets.vocoder.initial_state, True)
    return samples


def test_openvino_speaks_a_pack_on_several_threads_at_once(pack_of: Callable[[str], Pack]) -> None:
    """OpenVINO itself. In fp32 where the processor has no bf16, so the bound is the one that it has to keep to."""
    nets = Nets(pack_of("tiny_16k"))
    mel = np.random.default_rng(0).standard_normal((60, nets.pack.vocoder.in_channels)).astype(np.float32)
    expected = spoken(nets, mel)
    session = OpenVinoSession(nets.pack.folder / "vocoder.onnx", streams=3)
    nets.vocoder = nets.vocoder.with_session(session)
    with ThreadPoolExecutor(6) as threads:
        heard = list(threads.map(lambda _: spoken(nets, mel), range(12)))
    for samples in heard:
        assert log_mel_distance_db(expected, samples, nets.pack.sample_rate) <= MAX_DISTANCE_DB
        assert np.array_equal(samples, heard[0])


FIRST_USE = """
import sys, threading
from pathlib import Path
import numpy as np
from tts_server.engines.sambert.runtime.backends import OpenVinoSession
from tts_server.engines.sambert.packs.pack import read_pack
from tts_server.engines.sambert.runtime.graphs import Nets
nets = Nets(read_pack(Path(sys.argv[1])))
nets.vocoder = nets.vocoder.with_session(OpenVinoSession(Path(sys.argv[1]) / "vocoder.onnx", 2))
mel = np.zeros((9, nets.pack.vocoder.in_channels), np.float32)
together = threading.Barrier(6)
def speak():
    together.wait()
    nets.vocode(mel, None, nets.vocoder.initial_state, True)
threads = [threading.Thread(target=speak) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("all spoke")
"""


def test_the_first_use_of_openvino_may_be_by_several_threads(pack_of: Callable[[str], Pack]) -> None:
    command = [sys.executable, "-c", FIRST_USE, str(pack_of("tiny_16k").folder)]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=15).stdout == "all spoke\n"


@pytest.mark.parametrize(("least_gain", "is_taken"), [(0.0, True), (1e9, False)])
def test_a_voice_is_loaded_with_the_run_time_that_won(
    pack_of: Callable[[str], Pack], monkeypatch: pytest.MonkeyPatch, least_gain: float, is_taken: bool
) -> None:
    monkeypatch.setattr(backends, "is_possible", lambda: True)  # whatever this processor can do
    monkeypatch.setattr(backends, "MIN_GAIN", least_gain)
    nets = Nets(pack_of("tiny_16k"), may_choose=True)
    assert isinstance(nets.vocoder.session, OpenVinoSession) == is_taken
    assert not isinstance(Nets(pack_of("tiny_16k")).vocoder.session, OpenVinoSession)


def test_openvino_is_asked_what_the_processor_can_do() -> None:
    flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    assert backends.is_possible() == ("avx512_bf16" in flags or "amx_bf16" in flags or " bf16" in flags)


def test_without_openvino_there_is_nothing_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not backends.is_possible()
