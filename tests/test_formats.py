"""What is kept on the disk: files of this version are read, those of another one are dropped or left alone, and told.

The fixtures in `tests/golden/formats` were written once and are not made anew: a change of a format that forgets its
version fails here.
"""

import io
import json
import logging
import shutil
import tarfile
from pathlib import Path

import pytest

from tts_server.cache.recording import FORMAT, Recording
from tts_server.cli import backup
from tts_server.engine_host import loudness_file
from tts_server.engines.onnx_voices.packs import pack as onnx_pack
from tts_server.engines.sambert.packs import pack as sambert_pack
from tts_server.errors import BadRequest, NotKept, VoiceDataMissing
from tts_server.user_data.dictionary import OwnDictionary
from tts_server.user_data.phrases import Phrase, Phrases

FIXTURES = Path(__file__).parent / "golden" / "formats"
KEY = "0123abcd"


def fixture(name: str, folder: Path, as_name: str) -> Path:
    """A copy that a program may write to."""
    return Path(shutil.copy(FIXTURES / name, folder / as_name))


def test_a_segment_of_this_format_is_heard_as_it_was_kept() -> None:
    assert FORMAT == b"tts-segment-2"
    (piece,) = Recording.from_bytes(KEY, (FIXTURES / "segment-2.bin").read_bytes()).pieces
    assert (piece.samples, piece.sample_rate, len(piece.timings)) == (1600, 16_000, 2)
    assert abs(piece.chunk((0, 1, 2)).samples).max() == pytest.approx(1000 / 32768, rel=0.01)


def test_a_segment_of_a_former_format_is_a_miss() -> None:
    with pytest.raises(ValueError, match="digest"):
        Recording.from_bytes(KEY, (FIXTURES / "segment-1.bin").read_bytes())


def test_phrases_and_words_of_this_version_are_read(tmp_path: Path) -> None:
    phrases = Phrases(fixture("phrases-1.json", tmp_path, "phrases.json"))
    assert phrases.get("dinner") == Phrase(text="吃饭了！", voice="baker", emotion="happy")
    words = OwnDictionary(fixture("dictionary-1.toml", tmp_path, "dictionary.toml"))
    assert words.words == {"单小雨": "shan4 xiao3 yu3"}


async def test_phrases_of_another_version_are_neither_read_nor_written_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = fixture("phrases-2.json", tmp_path, "phrases.json")
    phrases = Phrases(path)
    assert phrases.all == {}
    assert "another version" in caplog.text
    with pytest.raises(NotKept, match="another version"):
        await phrases.put("lunch", Phrase(text="吃饭"))
    assert path.read_bytes() == (FIXTURES / "phrases-2.json").read_bytes()


async def test_words_of_another_version_are_neither_read_nor_written_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = fixture("dictionary-2.toml", tmp_path, "dictionary.toml")
    words = OwnDictionary(path)
    assert words.words == {}
    assert "another version" in caplog.text
    with pytest.raises(NotKept, match="another version"):
        await words.put("NAS", "网盘")
    assert path.read_bytes() == (FIXTURES / "dictionary-2.toml").read_bytes()


@pytest.mark.parametrize("text", ["words = 5", 'words = ["a"]', "version = [1]", "[words.a]\nb = 1"])
def test_words_that_are_no_table_of_words_do_not_keep_the_daemon_from_starting(text: str, tmp_path: Path) -> None:
    path = tmp_path / "dictionary.toml"
    path.write_text(text)
    assert OwnDictionary(path).words == {}


def test_phrases_nested_without_end_are_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "phrases.json"
    path.write_text("[" * 100_000)
    assert Phrases(path).all == {}
    assert (tmp_path / "phrases.json.damaged").exists()


def test_loudness_of_a_former_program_is_measured_anew(tmp_path: Path) -> None:
    assert loudness_file.read(fixture("loudness-1.json", tmp_path, "loudness.json")) == {}


@pytest.mark.parametrize(
    ("name", "pack"), [("sambert-manifest-0.json", sambert_pack), ("onnx-manifest-2.json", onnx_pack)]
)
def test_a_voice_pack_of_another_format_is_refused_by_its_number(name: str, pack: object, tmp_path: Path) -> None:
    fixture(name, tmp_path, pack.MANIFEST)  # type: ignore[attr-defined]
    with pytest.raises(VoiceDataMissing, match="format"):
        pack.read_pack(tmp_path)  # type: ignore[attr-defined]


@pytest.mark.parametrize("pack", [sambert_pack, onnx_pack])
def test_a_manifest_nested_without_end_is_damaged(pack: object, tmp_path: Path) -> None:
    (tmp_path / pack.MANIFEST).write_text("[" * 100_000)  # type: ignore[attr-defined]
    with pytest.raises(VoiceDataMissing, match="damaged"):
        pack.read_pack(tmp_path)  # type: ignore[attr-defined]


def test_a_backup_of_another_format_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONFIGURATION_DIRECTORY", "STATE_DIRECTORY", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "house"))
    archive = tmp_path / "old.tar.gz"
    label = json.dumps({"format": 0}).encode()
    with tarfile.open(archive, "w:gz") as opened:
        entry = tarfile.TarInfo("tts-server-backup.json")
        entry.size = len(label)
        opened.addfile(entry, io.BytesIO(label))
    with pytest.raises(BadRequest, match="format 1"):
        backup.restore(archive, force=True)
    assert not (tmp_path / "house").exists()


def test_the_log_of_a_file_that_is_left_alone_names_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        Phrases(fixture("phrases-2.json", tmp_path, "phrases.json"))
    assert str(tmp_path / "phrases.json") in caplog.text
