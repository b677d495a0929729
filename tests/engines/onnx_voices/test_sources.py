"""Which family files are of, in archives and folders, and what is none."""

import json
import tarfile
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from tests.engines.onnx_voices.conftest import Quiet
from tests.engines.onnx_voices.tiny import write_voice
from tests.engines.onnx_voices.tiny_kokoro import write_model
from tts_server.engines.onnx_voices.engine import OnnxVoicesEngine
from tts_server.engines.onnx_voices.install.install import install
from tts_server.engines.onnx_voices.install.sources import is_archive
from tts_server.engines.onnx_voices.packs.pack import find_packs
from tts_server.errors import VoiceDataMissing


def packed(folder: Path, archive: Path, inside: str) -> Path:
    if archive.suffix == ".zip":
        with ZipFile(archive, "w") as opened:
            for path in folder.iterdir():
                opened.write(path, f"{inside}{path.name}")
        return archive
    with tarfile.open(archive, "w:bz2") as tar:
        for path in folder.iterdir():
            tar.add(path, f"{inside}{path.name}")
    return archive


@pytest.mark.parametrize("inside", ["", "vits-piper-zh_CN-tiny/"])
@pytest.mark.parametrize("ending", [".zip", ".tar.bz2"])
def test_an_archive_of_a_piper_voice_is_installed(ending: str, inside: str, tmp_path: Path) -> None:
    write_voice(tmp_path / "from", "zh_CN-tiny")
    archive = packed(tmp_path / "from", tmp_path / f"any{ending}", inside)
    assert is_archive(archive)
    assert install(archive, tmp_path / "voices", Quiet()).name == "zh_CN-tiny"
    assert sorted(path.name for path in (tmp_path / "voices").iterdir()) == [".lock", "zh_CN-tiny"]


def test_an_archive_of_kokoro_has_its_folders_name(tmp_path: Path) -> None:
    write_model(tmp_path / "from")
    archive = packed(tmp_path / "from", tmp_path / "any.tar.bz2", "kokoro-tiny/")
    assert install(archive, tmp_path / "voices", Quiet()).name == "kokoro-tiny"


def test_styles_in_sherpas_shape_are_named_by_the_graph(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "sherpa", metadata={"speaker_names": "zf_001,zf_002"})
    with np.load(folder / "voices.npz") as styles:
        np.stack([styles[name] for name in styles]).astype("<f4").tofile(folder / "voices.bin")
    (folder / "voices.npz").unlink()
    table = (folder / "config.json").read_text(encoding="utf-8")
    (folder / "config.json").unlink()
    lines = [f"{symbol} {number}" for symbol, number in json.loads(table)["vocab"].items()]
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pack = install(folder, tmp_path / "voices", Quiet())
    assert list(pack.speakers) == ["zf_001", "zf_002"]
    assert " " in pack.settings["ids"]


def test_a_voice_that_needs_more_memory_than_there_may_be_is_refused_with_its_size(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "kokoro-tiny", styles=4)  # 4 styles of 0.5 MB each
    with pytest.raises(
        VoiceDataMissing, match=r"kokoro-tiny needs 3 MB of memory once loaded; .*max_memory_mb .* is 2"
    ):
        install(folder, tmp_path / "voices", Quiet(), most_mb=2)
    assert find_packs(tmp_path / "voices") == []
    install(folder, tmp_path / "voices", Quiet(), most_mb=3)
    assert OnnxVoicesEngine({"voices_dir": str(tmp_path / "voices"), "max_memory_mb": 3}).voices
    assert not OnnxVoicesEngine({"voices_dir": str(tmp_path / "voices"), "max_memory_mb": 2}).voices


def test_an_archive_without_a_voice_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from/a.txt").write_text("a")
    archive = packed(tmp_path / "from", tmp_path / "any.tar.bz2", "")
    with pytest.raises(VoiceDataMissing, match=r"any.tar.bz2 holds no voice") as refusal:
        install(archive, tmp_path / "voices", Quiet())
    assert str(tmp_path / "voices") not in str(refusal.value)
    assert find_packs(tmp_path / "voices") == []
