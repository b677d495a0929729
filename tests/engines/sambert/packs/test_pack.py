import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts_server.engines.sambert.export.selfcheck import check_pack
from tts_server.engines.sambert.packs.pack import FILES, Pack, find_packs, read_arrays, read_pack
from tts_server.engines.sambert.runtime.graphs import Nets
from tts_server.errors import VoiceDataMissing


@pytest.fixture
def folder(pack_of: Callable[[str], Pack], tmp_path: Path) -> Path:
    """A copy of a pack to spoil."""
    return Path(shutil.copytree(pack_of("tiny_nsf_16k").folder, tmp_path / "tiny"))


def rewrite(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_a_copied_pack_passes_its_own_check(folder: Path) -> None:
    differences = check_pack(read_pack(folder))
    assert set(differences) == {"log_durations", "mel", "samples"}
    assert max(differences.values()) < 1e-4


def test_packs_are_found_by_their_manifests(folder: Path) -> None:
    (folder.parent / "something_else").mkdir()
    assert find_packs(folder.parent) == [folder]
    assert find_packs(folder.parent / "nowhere") == []


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_truncated_file_is_named(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1])
    with pytest.raises(VoiceDataMissing, match=name):
        read_pack(folder)
    (folder / name).unlink()
    with pytest.raises(VoiceDataMissing, match=name):
        read_pack(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_fails_the_check(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(VoiceDataMissing, match=name):
        check_pack(read_pack(folder))


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"format": 1}', '{"format": 99}'])
def test_a_manifest_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(VoiceDataMissing, match=r"manifest\.json"):
        read_pack(folder)


@pytest.mark.parametrize(
    "changes",
    [{"emotions": {"happy": "happy"}}, {"emotions": {}}, {"acoustic": {}}, {"files": []}, {"sample_rate": "x"}],
)
def test_a_manifest_that_makes_no_sense_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    rewrite(folder, **changes)
    with pytest.raises(VoiceDataMissing, match=r"manifest\.json"):
        read_pack(folder)


def test_a_graph_that_is_none_is_refused_when_it_is_loaded(folder: Path) -> None:
    size = (folder / "encoder.onnx").stat().st_size
    (folder / "encoder.onnx").write_bytes(b"\0" * size)
    with pytest.raises(VoiceDataMissing, match="graph"):
        Nets(read_pack(folder))


def test_tables_with_pickled_objects_are_refused(folder: Path) -> None:
    np.savez(folder / "tables.npz", emotion=np.array([{}], dtype=object))
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    files["tables.npz"]["bytes"] = (folder / "tables.npz").stat().st_size
    rewrite(folder, files=files)
    with pytest.raises(VoiceDataMissing, match=r"tables\.npz"):
        read_arrays(read_pack(folder), "tables.npz")


def test_another_graph_makes_another_version(folder: Path) -> None:
    before = read_pack(folder)
    rewrite(folder, files={**json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"], "step.onnx":
            {"bytes": (folder / "step.onnx").stat().st_size, "sha256": "0" * 64}})  # fmt: skip
    assert read_pack(folder).version != before.version
