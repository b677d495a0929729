"""Which run time speaks a vocoder: onnxruntime in fp32, or OpenVINO in bf16 where it is installed and wins.

OpenVINO is the extra `openvino`. It has to be clearly faster at short and at long chunks, with all cores at work, and
to sound the same: its log-mel distance from fp32, over a passage that the pack brings, has to stay within a bound. Both
are found out anew at each load; no processor is trusted by its name.
"""

import importlib.util
import logging
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.sambert.packs.shape import VocoderShape
from tts_server.processors import usable_processors

log = logging.getLogger(__name__)

Floats = NDArray[np.float32]
MAX_DISTANCE_DB: Final = 1.0  # of log-mel spectra, rms: about what a listener can just tell
MIN_GAIN: Final = 1.2  # times faster, or it is not worth the memory (about 150 MB)
CHUNKS: Final = (10, 40)  # mel frames: a first chunk and a later one
ROUNDS: Final = 3
RANGE_DB: Final = 50.0  # below the loudest; what is quieter is not compared


class Session(Protocol):
    """What onnxruntime's session does, as far as it is used here."""

    def run(self, outputs: Sequence[str], given: Mapping[str, Any]) -> Sequence[Any]:
        """The outputs by name, as arrays."""


class OpenVinoSession:
    """A graph compiled by OpenVINO, in bf16 where the processor has it. As many threads may run it as it has streams.

    A stream is one thread of OpenVINO's own, which sleeps between two runs. With a single one, all callers would take
    turns on one core.
    """

    def __init__(self, path: Path, streams: int) -> None:
        """Raises RuntimeError when it cannot be compiled."""
        import openvino

        options = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": streams,
            "NUM_STREAMS": streams,
            "ENABLE_CPU_PINNING": False,
        }
        # Its bindings set up their way to numpy at the first array, and two threads that do so at once wait for each
        # other for ever: so it is done here, where there is one.
        _ = openvino.Tensor(np.zeros(1, np.float32)).data
        self._compiled = openvino.Core().compile_model(str(path), "CPU", options)
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()  # a request may be used by one thread at a time

    def run(self, outputs: Sequence[str], given: Mapping[str, Any]) -> list[Any]:
        """The outputs by name, as arrays of their own."""
        try:
            request = self._idle.get_nowait()
        except queue.Empty:
            request = self._compiled.create_infer_request()
        request.infer(dict(given))
        results = [request.get_tensor(name).data.copy() for name in outputs]
        self._idle.put(request)
        return results


def cores() -> int:
    """How many threads speak at once, as many as there are by default."""
    return usable_processors()


def is_possible() -> bool:
    """Whether OpenVINO is installed and this processor computes in bf16."""
    if importlib.util.find_spec("openvino") is None:
        return False
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def can_run(shape: VocoderShape) -> bool:
    """Whether a vocoder may be given to OpenVINO here: it gains nothing with those that look ahead."""
    return shape.causal and not shape.harmonics and is_possible()


def choose(
    default: Session, make_other: Callable[[], Session], speak: Callable[[Session, int], Floats], sample_rate: int
) -> Session:
    """The other session if it wins and sounds the same, else the default one.

    speak: runs a session over a fixed passage in chunks of so many frames; samples (N,). Called on several threads.
    """
    try:
        other = make_other()
        gains = [_gain(default, other, speak, frames) for frames in CHUNKS]
        distance = log_mel_distance_db(speak(default, CHUNKS[-1]), speak(other, CHUNKS[-1]), sample_rate)
    except Exception as error:  # whatever a foreign run time fails with, there is one that works
        log.warning("OpenVINO cannot run this voice: %s", error)
        return default
    is_better = min(gains) >= MIN_GAIN and distance <= MAX_DISTANCE_DB
    told = ", ".join(f"{gain:.2f}x" for gain in gains)
    log.info("OpenVINO is %s as fast, %.2f dB away: %s", told, distance, "used" if is_better else "not used")
    return other if is_better else default


def log_mel_distance_db(one: Floats, other: Floats, sample_rate: int) -> float:
    """Root mean square difference of two log-mel spectra, where the first is not silent."""
    spectra = [_mel_db(samples, sample_rate) for samples in (one, other)]
    floor = spectra[0].max() - RANGE_DB
    loud = spectra[0] > floor
    difference = np.maximum(spectra[0], floor) - np.maximum(spectra[1], floor)
    return float(np.sqrt(np.mean(difference[loud] ** 2)))


def _gain(default: Session, other: Session, speak: Callable[[Session, int], Floats], frames: int) -> float:
    """How many times faster the other one is, at its best and the default's best."""
    best = {id(default): np.inf, id(other): np.inf}
    with ThreadPoolExecutor(cores()) as threads:
        for _ in range(1 + ROUNDS):  # the first one warms up: it is never the best
            for session in (default, other):
                started = time.perf_counter()  # not the threads' own time: OpenVINO computes on others
                list(threads.map(lambda _, spoken=session: speak(spoken, frames), range(cores())))
                best[id(session)] = min(best[id(session)], time.perf_counter() - started)
    return float(best[id(default)] / best[id(other)])


def _mel_db(samples: Floats, sample_rate: int, size: int = 1024, hop: int = 256, bands: int = 80) -> Floats:
    """(T, bands), dB."""
    padded = np.pad(samples, (0, max(0, size - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames)) ** 2
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + sample_rate / 1400), bands + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(size, 1 / sample_rate)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    decibels: Floats = (10 * np.log10(power @ filters.T + 1e-10)).astype(np.float32)
    return decibels
