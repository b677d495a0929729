"""Files of others that are damaged, or not what they seem: one clear line each, and nothing is installed."""

import contextlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.engines.onnx_voices.conftest import Quiet
from tests.engines.onnx_voices.tiny import vits, voice_json, write_voice
from tts_server.engines.onnx_voices.install.install import install
from tts_server.engines.onnx_voices.install.sources import find_piper
from tts_server.engines.onnx_voices.packs.pack import find_packs
from tts_server.errors import VoiceDataMissing

Graph = Callable[[onnx.ModelProto], Any]


def refused(model: Path, folder: Path) -> str:
    with pytest.raises(VoiceDataMissing) as refusal:
        install(model, folder, Quiet())
    message = str(refusal.value)
    assert "\n" not in message
    assert str(folder) not in message
    assert len(message) < 400
    assert find_packs(folder) == []
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []
    return message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_symbols": 10}, "phoneme_id_map"),
        ({"num_symbols": 10**9}, "num_symbols is 1000000000"),
        ({"audio": {"sample_rate": 10**6}}, "audio.sample_rate is 1000000; a whole number from 8000 to 48000"),
        ({"audio": {}}, "sample_rate"),
        ({"audio": {"sample_rate": True}}, "audio.sample_rate is True"),
        ({"inference": {"noise_scale": float("nan")}}, "inference.noise_scale is nan"),
        ({"inference": {"length_scale": 0}}, "inference.length_scale is 0"),
        ({"inference": []}, "no Piper voice"),
        ({"phoneme_id_map": {}}, "has 0 symbols"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "a": [2]}}, "lacks $"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": [-2]}}, "is -2; a whole number from 0"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": 2}}, "no list of 1 to 8 ids"),
        ({"phoneme_type": "hebrew"}, "phoneme_type 'hebrew' is not known here"),
        ({"num_speakers": 10**6}, "num_speakers"),
        ({"num_speakers": 2}, "has the inputs"),
        ({"language": {"code": "de_DE"}, "phoneme_type": "text"}, "front ends for English"),
        ({"language": {"code": "zh_CN"}, "phoneme_type": "espeak"}, "Mandarin (pinyin)"),
    ],
)
def test_a_json_that_cannot_be_right_is_refused(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert said in refused(write_voice(tmp_path / "from", "voice", **changes), tmp_path / "voices")


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '"\\ud800"', "null", "{} {}"])
def test_what_is_no_json_is_refused(text: str, tmp_path: Path) -> None:
    model = write_voice(tmp_path / "from", "voice")
    Path(f"{model}.json").write_text(text, encoding="utf-8")
    refused(model, tmp_path / "voices")


def test_a_missing_json_is_told(tmp_path: Path) -> None:
    model = write_voice(tmp_path / "from", "voice")
    Path(f"{model}.json").unlink()
    assert "voice.onnx.json belongs beside the .onnx file" in refused(model, tmp_path / "voices")


def test_values_of_any_kind_in_any_place_are_no_crash(tmp_path: Path) -> None:
    """A seeded fuzz: each of many JSONs is either a voice or refused in one line."""
    chance, installed = random.Random(5), 0
    odd = [None, [], {}, "", "x" * 5000, -1, 2**70, float("inf"), True, [[]], {"a": 1}]
    model = write_voice(tmp_path / "from", "voice")
    for number in range(60):
        told = voice_json()
        for _ in range(chance.randint(1, 3)):
            place = told
            while (
                isinstance(inner := place[key := chance.choice(list(place))], dict) and inner and chance.random() < 0.8
            ):
                place = inner
            place[key] = chance.choice(odd)
        Path(f"{model}.json").write_text(json.dumps(told), encoding="utf-8")
        folder = tmp_path / f"voices{number}"
        with contextlib.suppress(VoiceDataMissing):
            install(model, folder, Quiet())
        installed += len(find_packs(folder))
    assert 0 < installed < 60


def foreign(model: onnx.ModelProto) -> None:
    model.graph.node[3].domain = "com.example"


def unknown(model: onnx.ModelProto) -> None:
    model.graph.node[3].op_type = "RunProgram"


def branching(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("If", ["c"], ["d"], then_branch=body, else_branch=body))


def with_functions(model: onnx.ModelProto) -> None:
    model.functions.add(name="f", domain="x")


def not_numbers(model: onnx.ModelProto) -> None:
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 3:
            array = onnx.numpy_helper.to_array(tensor).copy()
            array[0] = np.nan
            tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))


def silent(model: onnx.ModelProto) -> None:
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 3:
            tensor.CopyFrom(onnx.numpy_helper.from_array(0 * onnx.numpy_helper.to_array(tensor), tensor.name))


def huge_durations(model: onnx.ModelProto) -> None:
    for tensor in model.graph.initializer:
        if onnx.numpy_helper.to_array(tensor).size == 1 and onnx.numpy_helper.to_array(tensor) == 90.0:
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.asarray(1e9, np.float32), tensor.name))


def empty(model: onnx.ModelProto) -> None:
    del model.graph.node[:]


def other_noise(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        if node.op_type == "RandomNormalLike":
            node.op_type = "RandomUniformLike"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (foreign, "operator com.example:"),
        (unknown, "operator :RunProgram is not one of ONNX's own"),
        (branching, "If holds a graph of its own"),
        (with_functions, "defines operators of its own"),
        (not_numbers, "no numbers"),
        (silent, "which is no speech"),
        (huge_durations, "cannot speak"),
        (empty, "no ONNX graph"),
        (other_noise, "draws its noise"),
    ],
)
def test_a_graph_that_no_voice_has_is_refused(change: Graph, said: str, tmp_path: Path) -> None:
    path, model = write_voice(tmp_path / "from", "voice"), vits()
    change(model)
    path.write_bytes(model.SerializeToString())
    assert said in refused(path, tmp_path / "voices")


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"PK\x03\x04", b"\xff" * 1000])
def test_what_is_no_graph_is_refused(content: bytes, tmp_path: Path) -> None:
    path = write_voice(tmp_path / "from", "voice")
    path.write_bytes(content)
    refused(path, tmp_path / "voices")


def test_a_graph_cut_short_is_refused(tmp_path: Path) -> None:
    path = write_voice(tmp_path / "from", "voice")
    path.write_bytes(path.read_bytes()[:-2000])
    refused(path, tmp_path / "voices")


@pytest.mark.parametrize("name", ["baker", "..", "a b", "x" * 80])
def test_a_name_that_no_voice_may_have_is_refused(name: str, tmp_path: Path) -> None:
    model = write_voice(tmp_path / "from", name)
    with pytest.raises(VoiceDataMissing, match="cannot be the name"):
        install(model, tmp_path / "voices", Quiet())


def test_another_kind_of_voice_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "voices/voice").mkdir(parents=True)
    (tmp_path / "voices/voice/manifest.json").write_text("{}")
    with pytest.raises(VoiceDataMissing, match="holds another kind of voice"):
        install(write_voice(tmp_path / "from", "voice"), tmp_path / "voices", Quiet())


def test_a_folder_with_several_voices_asks_which(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_voice(tmp_path, name)
    with pytest.raises(VoiceDataMissing, match=r"several voices \(one.onnx, two.onnx\)"):
        find_piper(tmp_path)


def test_a_folder_without_a_pair_is_no_piper_voice(tmp_path: Path) -> None:
    assert find_piper(tmp_path) is None
    (tmp_path / "vocoder.onnx").write_bytes(b"x")
    assert find_piper(tmp_path) is None
