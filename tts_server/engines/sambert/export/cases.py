"""Recorded cases of the published code (see tests/golden/sambert/README.md), put through the exported graphs."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Samples
from tts_server.engines.sambert.runtime.graphs import DecoderInputs, Nets, UnitInputs
from tts_server.engines.sambert.runtime.source import Source, given_source
from tts_server.engines.sambert.runtime.stream import Stream

Case = Mapping[str, NDArray[Any]]


def read_case(path: Path) -> Case:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def inputs_of(nets: Nets, case: Case) -> UnitInputs:
    """The case's inputs."""
    speakers, emotions = case["inputs_speaker"], case["inputs_emotion"]
    speaker = nets.speakers[speakers] if speakers.ndim == 1 else speakers.astype(np.float32)
    return UnitInputs(case["inputs_ling"].astype(np.int64), speaker, nets.emotions[emotions])


def decoder_inputs_of(nets: Nets, case: Case) -> tuple[DecoderInputs, dict[str, NDArray[np.float32]]]:
    """The case's utterance, its forced values included; and what was predicted on the way, by the case's names."""
    lines = nets.fill(inputs_of(nets, case))
    encoded = nets.encode(lines)
    made = {"text_hid": encoded.text, "pitch": encoded.pitch, "energy": encoded.energy}
    forced = {name: case[f"forced_{name}"] for name in ("pitch", "energy") if f"forced_{name}" in case}
    inflected, log_durations = nets.predict_durations(lines, replace(encoded, **forced))
    score = nets.compose(lines, inflected, case.get("forced_durations", np.exp(log_durations) - 1))
    return score, {**made, "log_durations": log_durations, "memory": score.memory}


def source_of(nets: Nets, case: Case) -> Source | None:
    """The case's phase and noise."""
    if "noise" not in case:
        return None
    return given_source(case["phase_used"], case["noise"], nets.pack.sample_rate, nets.pack.vocoder.hop_length)


def streamed(nets: Nets, score: DecoderInputs, frames: int, source: Source | None = None) -> Samples:
    """An utterance spoken in chunks of so many frames."""
    stream, parts = Stream(nets, score, source), []
    while not stream.is_done:
        parts.append(stream.next(frames))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
