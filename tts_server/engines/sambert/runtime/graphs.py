"""Runs a voice pack's graphs with onnxruntime. Safe to use from several threads: what a stream remembers is its own."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tts_server import heap
from tts_server.engine import Samples
from tts_server.engines.sambert.packs.pack import VOCODER_IN_8_BITS, Pack, read_array, read_arrays
from tts_server.engines.sambert.packs.shape import F0_FLOOR, VOICED, AcousticShape
from tts_server.engines.sambert.runtime import backends
from tts_server.engines.sambert.runtime.decoder import Decoder, GraphSteps, NumpySteps, StepKernel, fed, unpacked
from tts_server.engines.sambert.runtime.kernel import native
from tts_server.engines.sambert.runtime.precision import Precision
from tts_server.engines.sambert.units.fillers import filled
from tts_server.errors import ConfigInvalid, VoiceDataMissing
from tts_server.processors import dot_products

PROVIDERS: Final = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
}
VOCODER_FRAMES: Final = 40  # at once: longer chunks are 2 % faster, and each 40 frames more take 27 MB
MAX_UNIT_FRAMES: Final = 800  # 10 s: more is a fault of the weights, and would fill the memory

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
State = tuple[Floats, ...]  # what a streamed graph remembers


@dataclass(frozen=True, slots=True)
class UnitInputs:
    """What an utterance is made of: U units, and the rows of speaker and emotion for each."""

    units: Integers  # (U, tables)
    speaker: Floats  # (U, speaker_units)
    emotion: Floats  # (U, emotion_units)
    text: Floats | None = None  # (U, projection), where it is known already: filled pauses are among the units
    owners: Integers | None = None  # (U,), which unit it was, or stands before


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoder says about U units."""

    text: Floats  # (U, projection)
    pitch: Floats  # (U,), z-scores
    energy: Floats  # (U,), z-scores


@dataclass(frozen=True, slots=True)
class DecoderInputs:
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
        # without an arena each large value is new memory from the system: up to three times the time
        session = open_session(path, device, has_arena=True)
        self._session: backends.Session = session
        metadata = session.get_modelmeta().custom_metadata_map
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

    def with_session(self, session: backends.Session) -> "StreamedGraph":
        """The same graph, run by another run time."""
        other = copy.copy(self)
        other._session = session
        return other

    @property
    def session(self) -> backends.Session:
        """What runs it."""
        return self._session


class Nets:
    """A voice's nets, loaded."""

    def __init__(
        self, pack: Pack, device: str = "cpu", *, may_choose: bool = False, precision: Precision = "fp32"
    ) -> None:
        """device: "cpu" or "cuda". may_choose: the vocoder's run time, by what is fast here.

        Raises VoiceDataMissing, and ConfigInvalid for a device that is not there.
        """
        check_device(device)
        vocoder = VOCODER_IN_8_BITS if precision == "int8" else "vocoder.onnx"
        if vocoder != "vocoder.onnx" and vocoder not in pack.sha256:
            raise VoiceDataMissing(f"voice {pack.name} has no {vocoder}; install it again, or set precision to auto")
        self.pack = pack
        tables = read_arrays(pack, "tables.npz")
        self.emotions: Floats = tables["emotion"]  # (rows, emotion_units)
        self.speakers: Floats = tables["speaker"]  # (rows, speaker_units); one row: the voice's vector
        self._fillers: Floats = tables.get("fillers", np.zeros((0, 0, 0), np.float32))  # (fillers, 3, projection)
        step = unpacked(read_array(pack, "step.npy"), pack.acoustic)
        self._kernel: Callable[[int], StepKernel]
        try:
            names = ("encoder", "variance", "durations", "memory")
            paths = (pack.folder / f"{name}.onnx" for name in names)
            self._encoder, self._variance, self._durations, self._memory = (
                open_session(path, device) for path in paths
            )
            self.postnet = StreamedGraph(pack.folder / "postnet.onnx", "mel", device)
            self.vocoder = StreamedGraph(pack.folder / vocoder, "samples", device)
            if device == "cpu":
                self._kernel = steps_on_cpu(step, pack.acoustic, is_half=precision != "fp32")
            else:
                session = open_session(pack.folder / "step.onnx", device, weights=fed(step))
                self._kernel = partial(GraphSteps, session, pack.acoustic)
        except Exception as error:  # onnxruntime has a class of its own for each way a file can be bad
            raise VoiceDataMissing(f"{pack.folder}: a graph cannot be loaded: {str(error)[:200]}") from error
        if may_choose and device == "cpu" and precision != "int8" and backends.can_run(pack.vocoder):
            self._choose_vocoder()
        heap.give_back()

    def fill(self, lines: UnitInputs) -> UnitInputs:
        """With filled pauses among the units, where the voice predicts them."""
        if not self.pack.acoustic.FP:
            return lines
        text, scores = self._encoder.run(["text", "fillers"], self._units(lines))
        rows, owners = filled(scores.argmax(axis=1))
        around = np.arange(len(rows)) % len(text)  # as published: emotions and speakers begin anew after the last
        text = np.concatenate([text, *self._fillers])[rows]
        return UnitInputs(lines.units[owners], lines.speaker[around], lines.emotion[around], text, owners)

    def encode(self, lines: UnitInputs) -> Encoded:
        text = self._encoder.run(["text"], self._units(lines))[0] if lines.text is None else lines.text
        given = {"text": text, "speaker": lines.speaker, "emotion": lines.emotion}
        return Encoded(text, *self._variance.run(["pitch", "energy"], given))

    def _units(self, lines: UnitInputs) -> dict[str, Any]:
        positions = unit_positions(len(lines.units), self.pack.acoustic.embedding_dim)
        return {"units": lines.units, "positions": positions}

    def predict_durations(self, lines: UnitInputs, encoded: Encoded) -> tuple[Floats, Floats]:
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

    def compose(self, lines: UnitInputs, inflected: Floats, durations: Floats) -> DecoderInputs:
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
        return DecoderInputs(repeats, memory, band)

    def project(self, memory: Floats) -> tuple[Floats, Floats]:
        """memory: (S, memory_units). Returns the steps' input (S, units), and keys and values (S, all blocks)."""
        given, ahead = self._memory.run(["given", "ahead"], {"memory": memory})
        return given, ahead

    def decoder(self, score: DecoderInputs) -> Decoder:
        """A decoder at the start of an utterance."""
        return Decoder(self.pack.acoustic, score.memory, score.band, self.project, self._kernel)

    def _choose_vocoder(self) -> None:
        passage: Floats = read_arrays(self.pack, "check.npz")["mel"]

        def speak(session: backends.Session, frames: int) -> Floats:
            graph, parts = self.vocoder.with_session(session), []
            state = graph.initial_state
            for start in range(0, len(passage), frames):
                mel = np.ascontiguousarray(passage[start : start + frames].T)[None, :, None]
                samples, state = graph.run({"mel": mel}, state, start + frames >= len(passage))
                parts.append(samples)
            return np.concatenate(parts)

        path = self.pack.folder / "vocoder.onnx"
        chosen = backends.choose(
            self.vocoder.session, lambda: backends.OpenVinoSession(path, backends.cores()), speak, self.pack.sample_rate
        )
        self.vocoder = self.vocoder.with_session(chosen)

    def in_hertz(self, mel: Floats) -> Floats:
        """The mel (T, n_mels) of an NSF voice with f0 in Hz and uv 0 or 1, as its vocoder takes them."""
        if (scale := self.pack.f0_scale) is None:
            return mel
        f0 = np.maximum(mel[:, -2] * np.float32(scale.scale) + np.float32(scale.offset), np.float32(F0_FLOOR))
        voiced = (mel[:, -1] >= VOICED).astype(np.float32)
        return np.concatenate([mel[:, :-2], f0[:, None], voiced[:, None]], axis=1)

    def vocode(self, mel: Floats, sines: Floats | None, state: State, is_last: bool) -> tuple[Samples, State]:
        """mel: (T, n_mels) without f0 and uv, sines: (harmonics, T * hop_length)."""
        hop, parts = self.pack.vocoder.hop_length, []
        for start in range(0, len(mel), VOCODER_FRAMES):
            end = min(start + VOCODER_FRAMES, len(mel))
            given = {"mel": np.ascontiguousarray(mel[start:end].T)[None, :, None]}
            if sines is not None:
                given["sines"] = sines[None, :, None, start * hop : end * hop]
            samples, state = self.vocoder.run(given, state, is_last and end == len(mel))
            parts.append(samples)
        return np.concatenate(parts), state


def steps_on_cpu(matrices: Mapping[str, Floats], shape: AcousticShape, *, is_half: bool) -> Callable[[int], StepKernel]:
    """Makes a stream's decoder steps for rings of so many places: compiled ones where they were built, else numpy's."""
    if native.library() is None:
        return partial(NumpySteps, matrices, shape)
    return partial(native.NativeSteps, native.NativeWeights(matrices, shape, is_half=is_half))


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


def check_device(device: str) -> None:
    """Raises ConfigInvalid when onnxruntime cannot run there."""
    import onnxruntime

    if device not in PROVIDERS:
        raise ConfigInvalid(f"engines.sambert.device is {device!r}; it may be {' or '.join(PROVIDERS)}")
    if PROVIDERS[device][0] not in onnxruntime.get_available_providers():
        raise ConfigInvalid(f"engines.sambert.device is {device!r}; the onnxruntime installed here cannot use it")


def open_session(
    graph: Path | bytes, device: str = "cpu", *, has_arena: bool = False, weights: Mapping[str, Floats] | None = None
) -> Any:
    """One thread, no spinning: parallel work is several streams. weights: of a graph that only names them."""
    import onnxruntime  # 0.2 s and 20 MB, only when a voice is loaded

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = has_arena
    options.enable_mem_pattern = False
    # Errors only: a short chunk's kept samples are fewer than the graph tells, which it would warn of.
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not dot_products():  # sums of two products would be cut off at 16 bits; where there are some, this only costs
        options.add_session_config_entry("session.x64quantprecision", "1")
    given = graph if isinstance(graph, bytes) else graph.read_bytes() if weights else str(graph)
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(given, options, providers=list(PROVIDERS[device]))
