"""Makes a voice pack of a published voice (the extra `sambert` is needed for that, and only for that).

python -m tts_server.engines.sambert.export.export VOICE_DIR PACK_DIR
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from tts_server.engines.onnx_export.graph import Weights
from tts_server.engines.sambert.export import acoustic as export_acoustic
from tts_server.engines.sambert.export.selfcheck import check_pack
from tts_server.engines.sambert.export.step import build_step, pack_step
from tts_server.engines.sambert.export.vocoder import build_vocoder
from tts_server.engines.sambert.nets.checkpoint import PublishedVoice, load_voice
from tts_server.engines.sambert.nets.vocoder import NOISE_LEVEL, make_sines
from tts_server.engines.sambert.packs.layouts import find_voices
from tts_server.engines.sambert.packs.pack import FILES, FORMAT, MANIFEST, Pack, read_pack, sha256
from tts_server.engines.sambert.packs.shape import as_dict
from tts_server.engines.sambert.runtime.decoder import unpacked

CHECK_UNITS: Final = 12
CHECK_FRAMES: Final = (4, 9, 0, 6, 11, 7, 3, 8, 5, 10, 6, 2)  # forced, so that no rounding can flip
CHECK_SEED: Final = 7

# What the voices of each name were trained on. Canonical name -> the checkpoint's category.
SEVEN: Final = {name: name for name in ("neutral", "happy", "angry", "sad", "fear")} | {
    "disgust": "hate",
    "surprise": "surprise",
}
EMOTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "zhitian_emo": SEVEN,
    "zhibei_emo": SEVEN,
    "zhiyan_emo": {**SEVEN, "excited": "arousal"},
    "zhizhe_emo": {**SEVEN, "excited": "arousal"},
}


def build_pack(
    voice: PublishedVoice, folder: Path, *, source: str = "", revision: str = "", licence: str = "Apache-2.0"
) -> Pack:
    """Write a pack, and check it. The folder appears when all is well, or not at all. Raises VoiceDataMissing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as temporary:
        built = Path(temporary, "pack")
        built.mkdir()
        _write_graphs(voice, built)
        _write_tables(voice, built)
        np.savez(built / "check.npz", allow_pickle=False, **_check_case(voice))
        manifest = _manifest(voice, built, source or voice.files.name, revision or "local", licence)
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (built / MANIFEST).write_text(text, encoding="utf-8")
        check_pack(read_pack(built))
        if folder.exists():
            shutil.rmtree(folder)
        built.rename(folder)
    return read_pack(folder)


def _write_graphs(voice: PublishedVoice, folder: Path) -> None:
    acoustic, weights = voice.acoustic.shape, _arrays(voice.acoustic)
    step = pack_step(acoustic, weights)
    np.save(folder / "step.npy", step, allow_pickle=False)
    graphs: dict[str, onnx.ModelProto] = {
        "encoder": export_acoustic.build_encoder(acoustic, weights),
        "variance": export_acoustic.build_variance(acoustic, weights),
        "durations": export_acoustic.build_durations(acoustic, weights),
        "memory": export_acoustic.build_memory(acoustic, weights),
        "step": build_step(acoustic, unpacked(step, acoustic)),
        "postnet": export_acoustic.build_postnet(acoustic, weights),
        "vocoder": build_vocoder(voice.vocoder.shape, _arrays(voice.vocoder)),
    }
    for name, model in graphs.items():
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def _write_tables(voice: PublishedVoice, folder: Path) -> None:
    weights = _arrays(voice.acoustic)
    speaker = weights["spk_tokenizer.weight"] if voice.speaker_vector is None else voice.speaker_vector[None]
    tables = {"emotion": weights["emo_tokenizer.weight"], "speaker": speaker}
    if voice.acoustic.shape.FP:
        tables["fillers"] = torch.stack(voice.acoustic.fillers()).numpy()
    np.savez(folder / "tables.npz", allow_pickle=False, **tables)


def _check_case(voice: PublishedVoice) -> dict[str, NDArray[Any]]:
    """A made-up utterance and what the torch nets say."""
    random, shape = np.random.Generator(np.random.PCG64(CHECK_SEED)), voice.acoustic.shape
    case: dict[str, NDArray[Any]] = {
        "units": np.stack([random.integers(0, rows, CHECK_UNITS) for rows in shape.tables], axis=1),
        "emotions": random.integers(0, shape.emotions, CHECK_UNITS),
        "speakers": np.zeros(CHECK_UNITS, np.int64),
    }
    given = {name: torch.tensor(array) for name, array in case.items()}
    speakers = given["speakers"]
    if voice.speaker_vector is not None:
        speakers = torch.tensor(voice.speaker_vector).expand(CHECK_UNITS, -1)
    with torch.inference_mode():
        # as many as there are units with the filled pauses
        count = len(voice.acoustic(given["units"], given["emotions"], speakers).repeats)
        case["repeats"] = np.resize(np.array(CHECK_FRAMES, np.int64), count)
        stages = voice.acoustic(given["units"], given["emotions"], speakers, torch.tensor(case["repeats"]))
        mel, sines = stages.mel, None
        if (scale := voice.f0_scale) is not None:
            hop, harmonics = voice.vocoder.shape.hop_length, voice.vocoder.shape.harmonics
            noise = NOISE_LEVEL * random.standard_normal((harmonics, len(mel) * hop))
            case["phase"] = random.uniform(-np.pi, np.pi, (harmonics, 1)).astype(np.float32)
            case["noise"] = noise.astype(np.float32)
            f0 = (mel[:, -2] * scale.scale + scale.offset).clamp(min=30)
            rate = voice.files.sample_rate
            sines = make_sines(f0, mel[:, -1], torch.tensor(case["phase"]), torch.tensor(case["noise"]), rate, hop)
            mel = mel[:, :-2]
        samples = voice.vocoder(mel, sines)
    made = {"log_durations": stages.log_durations, "mel": stages.mel, "samples": samples}
    return case | {name: tensor.numpy() for name, tensor in made.items()}


def _manifest(voice: PublishedVoice, folder: Path, source: str, revision: str, licence: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": voice.files.name,
        "source": source,
        "revision": revision,
        "licence": licence,
        "language": voice.files.language,
        "sample_rate": voice.files.sample_rate,
        "speakers": voice.files.speakers,
        "emotions": EMOTIONS.get(voice.files.name, {"neutral": "neutral"}),
        "acoustic": as_dict(voice.acoustic.shape),
        "vocoder": as_dict(voice.vocoder.shape),
        "f0_scale": None
        if voice.f0_scale is None
        else {"scale": voice.f0_scale.scale, "offset": voice.f0_scale.offset},
        "files": {name: {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)} for name in FILES},
    }


def _arrays(net: torch.nn.Module) -> Weights:
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


def main() -> None:
    """Build packs of all voices in a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice_dir", type=Path, help="a model folder or a single voice's folder")
    parser.add_argument("pack_dir", type=Path, help="where the packs go, each in a folder of its voice's name")
    parser.add_argument("--source", default="", help="where the checkpoint came from")
    parser.add_argument("--revision", default="")
    arguments = parser.parse_args()
    for files in find_voices(arguments.voice_dir):
        folder = arguments.pack_dir / files.name
        build_pack(load_voice(files), folder, source=arguments.source, revision=arguments.revision)


if __name__ == "__main__":
    main()
