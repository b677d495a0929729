"""Weights in other files: inside the voice's folder they are taken, from anywhere else they are refused."""

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper

from tests.engines.onnx_voices.conftest import Quiet
from tests.engines.onnx_voices.test_refusals import refused
from tests.engines.onnx_voices.test_sources import packed
from tests.engines.onnx_voices.tiny import vits, write_voice
from tests.engines.onnx_voices.tiny_kokoro import write_model
from tts_server.engines.onnx_voices.families import load
from tts_server.engines.onnx_voices.install import graph_check
from tts_server.engines.onnx_voices.install.install import install
from tts_server.engines.onnx_voices.packs.pack import Pack
from tts_server.engines.onnx_voices.packs.trial import trial

DATA = "weights/voice.data"


def write_apart(folder: Path, data: str = DATA, *, one_file: bool = True) -> Path:
    """A voice as exporters write it that put the weights into another file. Returns the graph's path."""
    path = write_voice(folder, "voice")
    (folder / data).parent.mkdir(exist_ok=True)
    for old in folder.glob("*.data"):
        old.unlink()
    onnx.save_model(
        vits(), path, save_as_external_data=True, all_tensors_to_one_file=one_file, location=data, size_threshold=0,
        convert_attribute=True,
    )  # fmt: skip
    assert all(tensor.data_location == TensorProto.EXTERNAL for tensor in graph_alone(path).graph.initializer)
    return path


def graph_alone(path: Path) -> onnx.ModelProto:
    return onnx.load_model(path, load_external_data=False)


def said(pack: Pack) -> np.ndarray:
    return np.concatenate([chunk.samples for chunk in load(pack).speak(0, trial(pack.speaks[0]), lambda: 1.0)])


@pytest.mark.parametrize("one_file", [True, False], ids=["one file", "a file each"])
def test_a_voice_with_its_weights_apart_is_the_same_voice(one_file: bool, tmp_path: Path) -> None:
    whole = install(write_voice(tmp_path / "whole", "voice"), tmp_path / "voices", Quiet())
    spoken, revision = said(whole), whole.revision
    apart = install(write_apart(tmp_path / "apart", one_file=one_file), tmp_path / "voices", Quiet())
    assert np.array_equal(said(apart), spoken)
    assert apart.revision == revision
    assert sorted(path.name for path in apart.folder.iterdir()) == [
        *("decoder.onnx", "flow.onnx", "front.onnx", "voice.json")
    ]
    assert not any(external_data_helper.uses_external_data(tensor) for tensor in stored_tensors(apart))


def stored_tensors(pack: Pack) -> list[TensorProto]:
    graphs = [graph_alone(path).graph for path in pack.folder.glob("*.onnx")]
    nodes = chain.from_iterable(graph.node for graph in graphs)
    inside = [attribute.t for node in nodes for attribute in node.attribute if attribute.HasField("t")]
    return [*chain.from_iterable(graph.initializer for graph in graphs), *inside]


def test_other_numbers_in_the_other_file_are_another_revision(tmp_path: Path) -> None:
    graph = write_apart(tmp_path / "from")
    before = install(graph, tmp_path / "voices", Quiet())
    place = {entry.key: entry.value for entry in largest(graph_alone(graph)).external_data}
    with (tmp_path / "from" / DATA).open("r+b") as file:
        file.seek(int(place["offset"]))
        first = file.read(1)
        file.seek(int(place["offset"]))
        file.write(bytes([first[0] ^ 1]))  # the last bit of one weight: nobody hears it
    after = install(graph, tmp_path / "voices", Quiet())
    assert after.revision != before.revision


def test_other_families_and_archives_may_have_them_too(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "kokoro-tiny")
    model = onnx.load_model(folder / "model.onnx")
    onnx.save_model(
        model, folder / "model.onnx", save_as_external_data=True, location="model.onnx_data", size_threshold=0
    )
    assert install(folder, tmp_path / "voices", Quiet()).family == "kokoro"
    write_apart(tmp_path / "from", "voice.onnx.data")
    archive = packed(tmp_path / "from", tmp_path / "voice.tar.bz2", "")
    assert install(archive, tmp_path / "voices", Quiet()).family == "piper"


def told(key: str, value: str) -> Callable[[Path], None]:
    """Another value of a key in the first of the weights that have it."""

    def change(path: Path) -> None:
        model = graph_alone(path)
        entries = {entry.key: entry for entry in largest(model).external_data}
        entries[key].value = value
        path.write_bytes(model.SerializeToString())

    return change


def largest(model: onnx.ModelProto) -> TensorProto:
    return max(model.graph.initializer, key=lambda tensor: np.prod(tensor.dims))


def shaped(*dims: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        model = graph_alone(path)
        largest(model).dims[:] = dims
        path.write_bytes(model.SerializeToString())

    return change


def of_type(data_type: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        model = graph_alone(path)
        largest(model).data_type = data_type
        path.write_bytes(model.SerializeToString())

    return change


def in_a_node(location: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        model = graph_alone(path)
        tensor = TensorProto(name="x", dims=[1], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value=location)
        model.graph.node.append(helper.make_node("Constant", [], ["x"], value=tensor))
        path.write_bytes(model.SerializeToString())

    return change


def in_place_of_the_file(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        data = path.parent / DATA
        data.rename(path.parent.parent / "elsewhere.data")
        make(data)

    return change


def linked_folder(path: Path) -> None:
    folder = path.parent / "weights"
    folder.rename(path.parent / "real")
    folder.symlink_to("real")


def cut_short(path: Path) -> None:
    data = path.parent / DATA
    os.truncate(data, data.stat().st_size - 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (told("location", "../elsewhere.data"), "'../elsewhere.data', which is no file of its folder"),
        (told("location", "weights/../../elsewhere.data"), "which is no file of its folder"),
        (told("location", "/etc/hostname"), "'/etc/hostname', which is no file of its folder"),
        (told("location", ""), "'', which is no file of its folder"),
        (told("location", "a\x00b"), "which is no file of its folder"),
        (told("location", "*/_ORT_MEM_ADDR_/*"), "cannot be read: No such file"),  # onnxruntime takes it for an address
        (told("location", "weights"), "'weights', which is no plain file"),
        (told("location", "x" * 5000), "cannot be read: File name too long"),
        (told("offset", "-1"), "offset of weights in another file is '-1'; a whole number is expected"),
        (told("offset", "9" * 18), "which has"),
        (told("offset", "9" * 19), "a whole number is expected"),
        (told("length", "1e3"), "length of weights in another file is '1e3'"),
        (told("length", "12"), "have 12 bytes in another file; their shape has"),
        (shaped(1 << 40), "bytes in another file; their shape has"),
        (shaped(-1), "of a type or shape that cannot lie in another file"),
        (of_type(TensorProto.STRING), "of a type or shape that cannot lie in another file"),
        (in_a_node("../x"), "'../x', which is no file of its folder"),
        (in_place_of_the_file(lambda data: data.symlink_to("../../elsewhere.data")), "is a link: put the file itself"),
        (in_place_of_the_file(lambda data: data.symlink_to("/etc/hostname")), "is a link: put the file itself"),
        (in_place_of_the_file(os.mkfifo), "which is no plain file"),
        (in_place_of_the_file(lambda data: None), "cannot be read: No such file"),
        (linked_folder, "is a link: put the file itself"),
        (cut_short, "it has weights up to byte"),
    ],
)
def test_weights_that_are_not_where_they_may_be_are_refused(
    change: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = write_apart(tmp_path / "from")
    change(path)
    refusal = refused(path, tmp_path / "voices")
    assert refusal.startswith("voice.onnx: ")
    assert message in refusal


def test_all_files_together_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many weights may name the same bytes: what they are in memory counts."""
    path = write_apart(tmp_path / "from")
    there = path.stat().st_size + (tmp_path / "from" / DATA).stat().st_size
    monkeypatch.setattr(graph_check, "MAX_BYTES", there // 2)
    assert "with the weights in other files it has more than" in refused(path, tmp_path / "voices")


def test_what_was_installed_needs_no_other_file(tmp_path: Path) -> None:
    path = write_apart(tmp_path / "from")
    pack = install(path, tmp_path / "voices", Quiet())
    (tmp_path / "from" / DATA).unlink()
    assert said(replace(pack)).size
