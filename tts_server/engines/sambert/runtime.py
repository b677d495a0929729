"""Runs a voice pack's graphs with onnxruntime. Safe to use from several threads: what a stream remembers is its own."""

import contextlib
import ctypes
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Samples
from tts_server.engines.sambert.pack import Pack, read_arrays
from tts_server.engines.sambert.shape import F0_FLOOR, VOICED
from tts_server.errors import ConfigInvalid, VoiceDataMissing

PROVIDERS: Final = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
}
MAX_UNIT_FRAMES: Final = 800  # 10 s: more is a fault of the weights, and would fill the memory

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
State = tuple[Floats, ...]  # what a streamed graph remembers


@dataclass(frozen=True, slots=True)
class Lines:
    """What an utterance is made of: U units, and the rows of speaker and emotion that colour each."""

    units: Integers  # (U, tables)
    speaker: Floats  # (U, speaker_units)
    emotion: Floats  # (U, emotion_units)


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoder says about U units."""

    text: Floats  # (U, projection)
    pitch: Floats  # (U,), z-scores
    energy: Floats  # (U,), z-scores


@dataclass(frozen=True, slots=True)
class Score:
    """An utterance ready for the decoder."""

    repeats: Integers  # (U,), frames of each unit
    memory: Floats  # (S, memory_units)
    band: int  # steps that the decoder sees backwards, and memory steps that it sees ahead

    @property
    def frames(self) -> int:
        return int(self.repeats.sum())


class StreamedGraph:
    """A graph with states. Its output lags its input by `lag` frames or samples, until the last chunk."""

    def __init__(self, path: Path, output: str, device: str = "cpu") -> None:
        self._session = open_session(path, device)
        metadata = self._session.get_modelmeta().custom_metadata_map
        shapes = json.loads(metadata["states"])
        self.lag: int = json.loads(metadata["lag"])
        self._names = [name for name, _ in shapes]
        self._outputs = [output, *(name.replace("state", "next") for name in self._names)]
        self.initial_state: State = tuple(np.zeros(shape, np.float32) for _, shape in shapes)

    def run(self, given: dict[str, Floats], state: State, is_last: bool) -> tuple[Floats, State]:
        """One chunk. A first chunk that is not the last must be longer than the lag."""
        states = dict(zip(self._names, state, strict=True))
        y, *after = self._session.run(self._outputs, {**given, **states, "is_last": np.array([is_last], np.int64)})
        return y, tuple(after)


class Nets:
    """A voice's nets, loaded."""

    def __init__(self, pack: Pack, device: str = "cpu") -> None:
        """device: "cpu" or "cuda". Raises VoiceDataMissing, and ConfigInvalid for a device that is not there."""
        check_device(device)
        self.pack = pack
        tables = read_arrays(pack, "tables.npz")
        self.emotions: Floats = tables["emotion"]  # (rows, emotion_units)
        self.speakers: Floats = tables["speaker"]  # (rows, speaker_units); one row: the voice's vector
        try:
            paths = (pack.folder / f"{name}.onnx" for name in ("encoder", "durations", "memory"))
            self._encoder, self._durations, self._memory = (open_session(path, device) for path in paths)
            self._step = open_session(pack.folder / "step.onnx", device, has_arena=True)
            self.postnet = StreamedGraph(pack.folder / "postnet.onnx", "mel", device)
            self.vocoder = StreamedGraph(pack.folder / "vocoder.onnx", "samples", device)
        except Exception as error:  # onnxruntime has a class of its own for each way a file can be bad
            raise VoiceDataMissing(f"{pack.folder}: a graph cannot be loaded: {str(error)[:200]}") from error
        return_free_memory()

    def encode(self, lines: Lines) -> Encoded:
        positions = unit_positions(len(lines.units), self.pack.acoustic.embedding_dim)
        given = {"units": lines.units, "positions": positions, "speaker": lines.speaker, "emotion": lines.emotion}
        return Encoded(*self._encoder.run(["text", "pitch", "energy"], given))

    def predict_durations(self, lines: Lines, encoded: Encoded) -> tuple[Floats, Floats]:
        """The text with pitch and energy in it (U, projection), and log durations (U,)."""
        given = {
            "text": encoded.text,
            "pitch": encoded.pitch,
            "energy": encoded.energy,
            "speaker": lines.speaker,
            "emotion": lines.emotion,
        }
        inflected, log_durations = self._durations.run(["inflected", "log_durations"], given)
        return inflected, log_durations

    def compose(self, lines: Lines, inflected: Floats, durations: Floats) -> Score:
        """Spread units over frames, and group frames into steps. durations: frames (U,), not yet rounded."""
        shape = self.pack.acoustic
        group = shape.outputs_per_step
        durations = np.clip(durations, 0, MAX_UNIT_FRAMES).astype(np.float32)
        repeats = (durations + np.float32(0.5)).astype(np.int64)
        band = int(durations.max(initial=0) / np.float32(group) + np.float32(0.5))
        padding = ((0, -int(repeats.sum()) % group), (0, 0))
        owner = np.repeat(np.arange(len(repeats)), repeats)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(repeats) - repeats, repeats) + 1
        text = np.pad(inflected[owner], padding) + frame_positions(np.pad(place, padding[0]), inflected.shape[1])
        speaker, emotion = (np.pad(rows[owner], padding)[::group] for rows in (lines.speaker, lines.emotion))
        memory = np.concatenate([text.reshape(len(text) // group, group * text.shape[1]), speaker, emotion], axis=1)
        return Score(repeats, memory, band)

    def project(self, memory: Floats) -> tuple[Floats, Floats]:
        """memory: (S, memory_units). Returns the steps' input (S, units), and keys and values (S, all blocks)."""
        given, ahead = self._memory.run(["given", "ahead"], {"memory": memory})
        return given, ahead

    def step(self, frame: Floats, given: Floats, past: Floats, ahead: Floats) -> tuple[Floats, Floats]:
        """One decoder step: the one function behind which another kernel may stand.

        frame: the last one (1, n_mels); given: (1, units); past, ahead: keys and values (steps, all blocks) within the
        band, `ahead` with this step's own. Returns frames (1, group * n_mels) and own keys and values (1, all blocks).
        """
        inputs = {"frame": frame, "given": given, "past": past[None], "ahead": ahead[None]}
        frames, own = self._step.run(["frames", "own"], inputs)
        return frames, own[0]

    def in_hertz(self, mel: Floats) -> Floats:
        """The mel (T, n_mels) of an NSF voice with f0 in Hz and uv 0 or 1, as its vocoder takes them."""
        if (scale := self.pack.f0_scale) is None:
            return mel
        f0 = np.maximum(mel[:, -2] * np.float32(scale.scale) + np.float32(scale.offset), np.float32(F0_FLOOR))
        voiced = (mel[:, -1] >= VOICED).astype(np.float32)
        return np.concatenate([mel[:, :-2], f0[:, None], voiced[:, None]], axis=1)

    def vocode(self, mel: Floats, sines: Floats | None, state: State, is_last: bool) -> tuple[Samples, State]:
        """mel: (T, n_mels) without f0 and uv, sines: (harmonics, T * hop_length)."""
        given = {"mel": np.ascontiguousarray(mel.T)[None, :, None]}
        if sines is not None:
            given["sines"] = sines[None, :, None]
        return self.vocoder.run(given, state, is_last)


def unit_positions(count: int, width: int) -> Floats:
    """Places 1 to count: sines in the first half, cosines in the second. (count, width)"""
    half = width // 2
    angles = np.arange(1, count + 1)[:, None] * 10000.0 ** (-np.arange(half) / (half - 1))
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)


def frame_positions(place: Integers, width: int) -> Floats:
    """place: (T,), from 1; 0 past the end. Sines and cosines take turns. (T, width)"""
    index = np.arange(width)
    scales = (10000.0 ** (2 * (index // 2) / width)).astype(np.float32)
    angles = place[:, None].astype(np.float32) / scales
    places: Floats = np.where(index % 2 == 0, np.sin(angles), np.cos(angles)).astype(np.float32)
    return places


def return_free_memory() -> None:
    """Give back what the C library keeps after loading. Only glibc has this call."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def check_device(device: str) -> None:
    """Raises ConfigInvalid when onnxruntime cannot run there."""
    import onnxruntime

    if device not in PROVIDERS:
        raise ConfigInvalid(f"engines.sambert.device is {device!r}; it may be {' or '.join(PROVIDERS)}")
    if PROVIDERS[device][0] not in onnxruntime.get_available_providers():
        raise ConfigInvalid(f"engines.sambert.device is {device!r}; the onnxruntime installed here cannot use it")


def open_session(path: Path, device: str = "cpu", *, has_arena: bool = False) -> Any:
    """One thread, no spinning: parallel work is several streams.

    Arenas cost memory and save no time, but for the decoder step: hundreds of tiny values, 5 % of its time.
    """
    import onnxruntime  # 0.2 s and 20 MB, only when a voice is loaded

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = has_arena
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=list(PROVIDERS[device]))
