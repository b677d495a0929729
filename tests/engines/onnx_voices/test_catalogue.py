"""Voices of Piper's and Kokoro's catalogues, fetched from a hub that is a real server on loopback."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.engines.file_hub import COMMIT, FileHub, running_file_hub
from tests.engines.onnx_voices.conftest import Quiet
from tests.engines.onnx_voices.tiny import write_voice
from tests.engines.onnx_voices.tiny_kokoro import write_model
from tts_server.engines.installing import download
from tts_server.engines.onnx_voices.install import catalogue
from tts_server.engines.onnx_voices.install.catalogue import PINNED, PIPER, Place, fetch_kokoro, fetch_piper, search
from tts_server.engines.onnx_voices.install.install import install_fetched
from tts_server.errors import VoiceDataMissing, VoiceUnknown

KEY = "zh_CN-tiny-medium"
FOLDER = "zh/zh_CN/tiny/medium"
GRAPH = f"{FOLDER}/{KEY}.onnx"


class Watcher(Quiet):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.count = self.total = 0

    def note(self, what: str) -> None:
        self.notes.append(what)

    def fetched(self, count: int, total: int) -> None:
        self.count, self.total = self.count + count, total


def piper_files(folder: Path) -> dict[str, bytes]:
    """A repository with one voice, as Piper's is laid out."""
    model = write_voice(folder, KEY)
    (folder / "MODEL_CARD").write_text("# tiny\n* License: CC0\n", encoding="utf-8")
    files = {
        f"{FOLDER}/{path.name}": path.read_bytes() for path in (model, Path(f"{model}.json"), folder / "MODEL_CARD")
    }
    told = {
        "key": KEY,
        "language": {"code": "zh_CN", "name_english": "Chinese", "name_native": "简体中文"},
        "quality": "medium",
        "num_speakers": 1,
        "files": {
            path: {"size_bytes": len(content), "md5_digest": hashlib.md5(content).hexdigest()}
            for path, content in files.items()
        },
        "aliases": ["zh-tiny"],
    }
    return {"voices.json": json.dumps({KEY: told}).encode(), ".gitattributes": b"x", **files}


def kokoro_files(folder: Path) -> dict[str, bytes]:
    model = write_model(folder, input_name="input_ids")
    with np.load(model / "voices.npz") as styles:
        voices = {f"voices/{name}.bin": styles[name].astype("<f4").tobytes() for name in styles}
    table = json.loads((model / "config.json").read_text(encoding="utf-8"))["vocab"]
    return {
        "onnx/model_quantized.onnx": (model / "model.onnx").read_bytes(),
        "tokenizer.json": json.dumps({"model": {"vocab": {"$": 0, **table}}}).encode(),
        "README.md": b"---\nlicense: apache-2.0\n---\n",
        **voices,
    }


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileHub]:
    folder = tmp_path_factory.mktemp("hub")
    piper, kokoro = piper_files(folder / "piper"), kokoro_files(folder / "kokoro")
    names = {"onnx-community__Kokoro-82M-v1.0-ONNX": kokoro, "onnx-community__Kokoro-82M-v1.1-zh-ONNX": kokoro}
    with running_file_hub(**{"rhasspy__piper-voices": piper}, **names) as running:
        yield running


@pytest.fixture
def place(hub: FileHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    hub.asked, hub.break_after, hub.instead, hub.lies, hub.ranges = [], {}, {}, {}, True
    hub.commits = []
    monkeypatch.setattr(download, "WAITS_S", (0.0, 0.0))
    monkeypatch.setattr(catalogue, "GRAPH_SHA256", {})  # of the published graphs, which are too large for a test
    return Place(hub.endpoint, tmp_path / "fetched")


@pytest.mark.parametrize(
    ("named", "commit"), [(KEY, PINNED[PIPER]), ("zh-tiny", PINNED[PIPER]), (f"{KEY}@main", COMMIT)]
)
def test_a_piper_voice_is_fetched_of_one_commit_and_installed(
    named: str, commit: str, place: Place, hub: FileHub, tmp_path: Path
) -> None:
    watcher = Watcher()
    pack = install_fetched(fetch_piper(named, place, watcher), tmp_path / "voices", watcher)
    assert (pack.name, pack.source, pack.licence) == (KEY, f"piper:{KEY}@{commit[:12]}", "CC0-1.0")
    assert set(hub.commits) == {commit}
    assert watcher.notes == []


def test_what_was_fetched_is_not_fetched_again_and_serves_offline(place: Place, hub: FileHub) -> None:
    folder = fetch_piper(KEY, place, Quiet()).folder
    count = len(hub.asked)
    assert fetch_piper(KEY, place, Quiet()).folder == folder
    assert fetch_piper(KEY, replace(place, hub="http://127.0.0.1:1", offline=True), Quiet()).folder == folder
    assert len(hub.asked) == count


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_connection_is_told_and_resumed(place: Place, hub: FileHub, ranges: bool) -> None:
    hub.break_after[GRAPH], hub.ranges = 5000, ranges
    watcher = Watcher()
    fetched = fetch_piper(KEY, place, watcher)
    assert fetched.graph is not None
    assert fetched.graph.read_bytes() == hub.repositories["rhasspy/piper-voices"][GRAPH]
    assert watcher.notes == ["the connection broke; trying again"]
    assert [wanted for path, wanted in hub.asked if path == GRAPH] == ["", "bytes=5000-"]


def test_a_stopped_command_is_gone_on_with(place: Place, hub: FileHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WAITS_S", ())
    hub.break_after[GRAPH] = 5000
    with pytest.raises(VoiceDataMissing, match=r"could not be fetched .* go on where it stopped, or name a mirror"):
        fetch_piper(KEY, place, Quiet())
    with pytest.raises(VoiceDataMissing, match="was not fetched before"):
        fetch_piper(KEY, replace(place, offline=True), Quiet())
    fetch_piper(KEY, place, Quiet())
    assert [wanted for path, wanted in hub.asked if path == GRAPH] == ["", "bytes=5000-"]


def test_a_file_that_is_not_what_is_listed_is_refused_and_not_kept(place: Place, hub: FileHub) -> None:
    hub.instead[GRAPH] = bytes(len(hub.repositories["rhasspy/piper-voices"][GRAPH]))
    with pytest.raises(VoiceDataMissing, match=r"is not the file that is expected \(sha256\)"):
        fetch_piper(KEY, place, Quiet())
    assert not list(place.fetched.rglob("*.onnx*"))


def test_small_files_are_checked_by_the_hash_of_git(place: Place, hub: FileHub) -> None:
    card = f"{FOLDER}/MODEL_CARD"
    hub.instead[card] = bytes(len(hub.repositories["rhasspy/piper-voices"][card]))
    with pytest.raises(VoiceDataMissing, match=r"is not the file that is expected \((git|md5)\)"):
        fetch_piper(KEY, place, Quiet())


def test_a_file_longer_than_listed_is_refused_before_it_fills_the_disk(place: Place, hub: FileHub) -> None:
    hub.instead[GRAPH] = bytes(10 << 20)
    with pytest.raises(VoiceDataMissing, match="is longer than the"):
        fetch_piper(KEY, place, Quiet())


@pytest.mark.parametrize("path", ["../../evil", "/tmp/evil", "a\\..\\b"])
def test_a_hub_that_names_a_file_outside_is_refused(place: Place, hub: FileHub, path: str) -> None:
    hub.lies["voices.json"] = {"path": path}
    with pytest.raises(VoiceDataMissing, match="would leave the folder"):
        fetch_piper(KEY, place, Quiet())
    assert hub.asked == []


def test_a_changed_file_does_not_serve_offline(place: Place) -> None:
    fetched = fetch_piper(KEY, place, Quiet())
    assert fetched.graph is not None
    fetched.graph.write_bytes(bytes(fetched.graph.stat().st_size))
    with pytest.raises(VoiceDataMissing, match="is missing or has changed"):
        fetch_piper(KEY, replace(place, offline=True), Quiet())


def test_an_unknown_voice_is_told_with_near_ones(place: Place) -> None:
    with pytest.raises(VoiceUnknown, match=f"has no 'zh_CN-nobody'; it has {KEY}"):
        fetch_piper("zh_CN-nobody", place, Quiet())
    with pytest.raises(VoiceUnknown, match=r"v1\.0, v1\.1-zh"):
        fetch_kokoro("v9/af_x", place, Quiet())
    with pytest.raises(VoiceUnknown, match="it has zf_000"):
        fetch_kokoro("v1.1-zh/zf_999", place, Quiet())


@pytest.mark.parametrize(
    ("named", "name", "styles"),
    [
        ("v1.1-zh/zf_001", "kokoro-v1.1-zh-zf_001", ["zf_001"]),
        ("v1.0", "kokoro-v1.0", ["zf_000", "zf_001"]),
        ("v1.0/zf_000@v1", "kokoro-v1.0-zf_000", ["zf_000"]),
    ],
)
def test_a_kokoro_model_is_fetched_with_the_styles_that_are_wanted(
    named: str, name: str, styles: list[str], place: Place, tmp_path: Path
) -> None:
    fetch_kokoro(f"{named.partition('/')[0]}/zf_000", place, Quiet())  # what is in the folder already is not taken
    pack = install_fetched(fetch_kokoro(named, place, Quiet()), tmp_path / "voices", Quiet())
    assert (pack.name, list(pack.speakers), pack.licence) == (name, styles, "Apache-2.0")


def test_the_catalogues_are_searched_and_kept(place: Place, hub: FileHub) -> None:
    assert [offered.source for offered in search("chinese", place, Quiet())] == [f"piper:{KEY}"]
    found = search("", place, Quiet())
    assert [offered.source for offered in found] == [
        f"piper:{KEY}", "kokoro:v1.0/zf_000", "kokoro:v1.0/zf_001", "kokoro:v1.1-zh/zf_000", "kokoro:v1.1-zh/zf_001",
    ]  # fmt: skip
    assert search("", replace(place, hub="http://127.0.0.1:1", offline=True), Quiet()) == found
    assert [path for path, _ in hub.asked] == ["voices.json"]


def test_without_a_network_the_way_on_is_told(place: Place) -> None:
    with pytest.raises(VoiceDataMissing, match=r"could not be fetched .* name a mirror"):
        search("zh", replace(place, hub="http://127.0.0.1:1"), Quiet())
    with pytest.raises(VoiceDataMissing, match=r"voices\.json was not fetched before"):
        search("zh", replace(place, offline=True), Quiet())
    with pytest.raises(VoiceDataMissing, match="nothing of rhasspy/piper-voices@main was fetched before"):
        fetch_piper(f"{KEY}@main", replace(place, offline=True), Quiet())


def test_a_graph_of_a_pinned_commit_is_known_by_its_hash_whatever_a_mirror_lists(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = PINNED[catalogue.KOKORO["v1.1-zh"]]
    monkeypatch.setattr(catalogue, "GRAPH_SHA256", {commit: "0" * 64})
    with pytest.raises(VoiceDataMissing, match=r"model_quantized.onnx is not the file that is expected \(sha256\)"):
        fetch_kokoro("v1.1-zh/zf_001", place, Quiet())
    fetch_kokoro("v1.1-zh/zf_001@main", place, Quiet())
