"""Compares a voice with recorded cases of the published code: our torch nets, and the exported graphs.

    python -m tts_server.engines.sambert.verify VOICE_DIR CASES_DIR

Prints the largest difference of each stage. Exit code 1 when one is above its tolerance, 2 when there is nothing to do.

NSF voices: a phase sums up f0 from the start of the utterance, and is rounded, as published, to steps that grow with it
So f0 that differs in its last bit makes another waveform. From units to waveform the graphs are therefore compared
with the torch vocoder on the very mel that the graphs made; that mel, and the graphs' vocoder on the recorded mel, are
compared with the record. How far the waveform is from the recorded one is printed, and not judged.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from tts_server.engines.sambert.export.cases import Case, decoder_inputs_of, read_case, source_of, streamed
from tts_server.engines.sambert.export.export import build_pack
from tts_server.engines.sambert.nets.checkpoint import PublishedVoice, load_voice
from tts_server.engines.sambert.nets.vocoder import make_sines
from tts_server.engines.sambert.packs.layouts import find_voices
from tts_server.engines.sambert.runtime.graphs import Nets
from tts_server.engines.sambert.runtime.stream import Stream
from tts_server.errors import VoiceDataMissing

TORCH_TOLERANCE: Final = 1e-5
TORCH_WAV_TOLERANCE: Final = 2e-5
GRAPH_TOLERANCE: Final = 1e-4
INT16_STEPS: Final = 1.0
UNJUDGED: Final = float("inf")
CHUNK_FRAMES: Final = (1, 3, 7, 20, 59)
WHOLE: Final = 1 << 30  # frames

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Finding:
    """How far one stage is from what it should be."""

    way: str  # "torch", "graphs", "graphs, 7 frames a chunk"
    stage: str
    difference: float
    tolerance: float

    @property
    def is_fine(self) -> bool:
        return self.difference <= self.tolerance


def verify_case(voice: PublishedVoice, nets: Nets, case: Case) -> Iterator[Finding]:
    """Both ways, whole and streamed."""
    for stage, made in _by_torch(voice, case).items():
        tolerance = {"wav": TORCH_WAV_TOLERANCE, "wav_int16": INT16_STEPS}.get(stage, TORCH_TOLERANCE)
        yield Finding("torch", stage, difference(made, case[stage]), tolerance)
    score, predicted = decoder_inputs_of(nets, case)
    mel, recorded = Stream(nets, score).next_mel(score.frames), case.get("mel_denorm", case["mel"])
    wav, whole = _vocoded(nets, case, recorded), streamed(nets, score, WHOLE, source_of(nets, case))
    for stage, made in (_comparable(predicted, case) | {"mel": mel, "wav": wav}).items():
        yield Finding("graphs", stage, difference(made, case[stage]), GRAPH_TOLERANCE)
    yield Finding("graphs", "wav_int16", difference(as_int16(wav), case["wav_int16"]), INT16_STEPS)
    expected = case["wav"]
    if "noise" in case:
        yield Finding("graphs, units to wav", "wav, other f0", difference(whole, expected), UNJUDGED)
        expected = _vocoded_by_torch(voice, case, nets.in_hertz(mel))
    yield Finding("graphs, units to wav", "wav", difference(whole, expected), GRAPH_TOLERANCE)
    yield Finding("graphs, units to wav", "wav_int16", difference(as_int16(whole), as_int16(expected)), INT16_STEPS)
    for frames in CHUNK_FRAMES:
        chunked = streamed(nets, score, frames, source_of(nets, case))
        yield Finding(f"graphs, {frames} frames a chunk", "wav", difference(chunked, whole), GRAPH_TOLERANCE)


def as_int16(wav: NDArray[np.float32]) -> NDArray[np.int16]:
    """As the published pipeline writes it."""
    return (32768 * wav).astype(np.int16)


def difference(made: NDArray[Any], expected: NDArray[Any]) -> float:
    """The largest one; infinite when the shapes differ."""
    if made.shape != expected.shape:
        return float("inf")
    return float(np.abs(made.astype(np.float64) - expected.astype(np.float64)).max(initial=0))


def _vocoded(nets: Nets, case: Case, mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """A mel, f0 in Hz, through the exported vocoder."""
    if (source := source_of(nets, case)) is None:
        return nets.vocode(mel, None, nets.vocoder.initial_state, True)[0]
    sines = source.make(mel[:, -2], mel[:, -1])
    return nets.vocode(mel[:, :-2], sines, nets.vocoder.initial_state, True)[0]


def _vocoded_by_torch(voice: PublishedVoice, case: Case, mel: NDArray[np.float32]) -> NDArray[np.float32]:
    shape, bands, sines = voice.vocoder.shape, torch.tensor(mel), None
    with torch.inference_mode():
        if shape.harmonics:
            phase, noise = torch.tensor(case["phase_used"]), torch.tensor(case["noise"])
            f0, uv, rate = bands[:, -2], bands[:, -1], voice.files.sample_rate
            sines, bands = make_sines(f0, uv, phase, noise, rate, shape.hop_length), bands[:, :-2]
        wav: NDArray[np.float32] = voice.vocoder(bands, sines).numpy()
    return wav


def _by_torch(voice: PublishedVoice, case: Case) -> dict[str, NDArray[Any]]:
    given = {name: torch.tensor(array) for name, array in case.items()}
    speakers = given["inputs_speaker"]
    forced = (given.get(f"forced_{name}") for name in ("durations", "pitch", "energy"))
    with torch.inference_mode():
        stages = voice.acoustic(
            given["inputs_ling"].long(),
            given["inputs_emotion"].long(),
            speakers if speakers.dim() == 2 else speakers.long(),
            *forced,
        )
    wav = _vocoded_by_torch(voice, case, case.get("mel_denorm", case["mel"]))
    names = {"text": "text_hid", "decoded": "dec_raw"}
    made = {names.get(name, name): value.numpy() for name, value in stages._asdict().items() if name in STAGES}
    return _comparable(made, case) | {"wav": wav, "wav_int16": as_int16(wav)}


STAGES: Final = ("text", "pitch", "energy", "log_durations", "memory", "decoded", "mel")


def _comparable(made: Arrays, case: Case) -> dict[str, NDArray[Any]]:
    """Without what the case forced: it recorded the forced values, or what training would have predicted."""
    replaced = {"log_durations": "forced_durations", "pitch": "forced_pitch", "energy": "forced_energy"}
    return {name: array for name, array in made.items() if replaced.get(name) not in case}


def main(arguments: list[str] | None = None) -> int:
    """Verify all cases; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice_dir", type=Path, help="a voice's folder, or a model folder of one voice")
    parser.add_argument("cases_dir", type=Path, help="a folder of .npz files")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    paths = sorted(chosen.cases_dir.glob("*.npz"))
    if not paths:
        print(f"{chosen.cases_dir} has no .npz files", file=sys.stderr)  # noqa: T201
        return 2
    try:
        voice = load_voice(find_voices(chosen.voice_dir)[0])
        with tempfile.TemporaryDirectory() as folder:
            nets = Nets(build_pack(voice, Path(folder, "pack")))
            findings = [(path.stem, finding) for path in paths for finding in verify_case(voice, nets, read_case(path))]
    except (VoiceDataMissing, KeyError, ValueError) as error:
        print(f"cannot verify: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for name, finding in findings:
        verdict = "ok" if finding.is_fine else f"ABOVE {finding.tolerance:g}"
        verdict = "not judged" if finding.tolerance == UNJUDGED else verdict
        print(f"{name:20} {finding.way:26} {finding.stage:14} {finding.difference:10.2e}  {verdict}")  # noqa: T201
    judged = [finding for _, finding in findings if finding.tolerance != UNJUDGED]
    bad = sum(not finding.is_fine for finding in judged)
    print(f"{len(judged) - bad} of {len(judged)} stages within tolerance")  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
