"""Archives of sherpa's kind that nobody vouches for: unpacked within their folder, or refused by name."""

import bz2
import contextlib
import io
import random
import tarfile
from pathlib import Path

import pytest

from tts_server.engines.installing import tar_archive
from tts_server.engines.installing.tar_archive import is_tar, unpack_tar
from tts_server.errors import VoiceDataMissing


def member(name: str, content: bytes = b"1", **facts: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for fact, value in facts.items():
        setattr(info, fact, value)
    return info, content


def made(path: Path, *members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w:bz2", format=form) as opened:
        for info, content in members:
            opened.addfile(info, io.BytesIO(content))
    return path


def refusal(path: Path, folder: Path) -> str:
    with pytest.raises(VoiceDataMissing) as caught:
        unpack_tar(path, folder / "out")
    assert {found.name for found in folder.iterdir()} <= {"a.tar.bz2", "out"}
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_ordinary_archive_is_unpacked(tmp_path: Path) -> None:
    folder = member("./m", b"", type=tarfile.DIRTYPE)
    path = made(tmp_path / "a.tar.bz2", folder, member("./m/model.onnx", b"x" * 5000), member("m/tokens.txt", b"a 1"))
    assert is_tar(path)
    unpack_tar(path, tmp_path / "out")
    assert (tmp_path / "out/m/model.onnx").stat().st_size == 5000
    assert (tmp_path / "out/m/tokens.txt").read_bytes() == b"a 1"


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/evil", "a\\..\\evil", "x" * 600])
def test_a_member_that_would_leave_the_folder_is_refused_by_name(tmp_path: Path, name: str) -> None:
    assert "would leave the folder" in refusal(made(tmp_path / "a.tar.bz2", member(name)), tmp_path)


@pytest.mark.parametrize(
    ("kind", "said"),
    [(tarfile.SYMTYPE, "is a link"), (tarfile.LNKTYPE, "is a link"), (tarfile.FIFOTYPE, "no ordinary file")],
)
def test_a_link_or_a_device_is_refused_by_name(tmp_path: Path, kind: bytes, said: str) -> None:
    path = made(tmp_path / "a.tar.bz2", member("m/link", b"", type=kind, linkname="/etc/passwd"))
    assert said in refusal(path, tmp_path)


def test_a_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    assert "is there twice" in refusal(made(tmp_path / "a.tar.bz2", member("a"), member("./a")), tmp_path)


def test_an_archive_that_is_too_large_unpacked_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_archive, "MAX_BYTES", 1000)
    path = made(tmp_path / "a.tar.bz2", member("a", b"1" * 600), member("b", b"1" * 600))
    assert "would unpack to more" in refusal(path, tmp_path)


def test_an_archive_of_too_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_archive, "MAX_MEMBERS", 3)
    path = made(tmp_path / "a.tar.bz2", *(member(str(number)) for number in range(4)))
    assert "more than 3 members" in refusal(path, tmp_path)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_would_fill_the_memory_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.tar.bz2"
    info, _ = member("x", type=kind)
    info.size = 8 << 30
    with bz2.open(path, "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        file.write(bytes(1 << 20))
    assert f"a header of {8 << 30} bytes" in refusal(path, tmp_path)


def test_archives_damaged_anywhere_are_refused_or_unpacked_within(tmp_path: Path) -> None:
    good = made(tmp_path / "a.tar.bz2", member("m/a", b"1" * 3000), member("m/b")).read_bytes()
    chance = random.Random(3)
    for number in range(60):
        content = bytearray(good)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (tmp_path / "a.tar.bz2").write_bytes(bytes(content[: chance.choice([len(content), 40, 4])]))
        refusal(tmp_path / "a.tar.bz2", tmp_path) if number else None
        plain = bytearray(bz2.decompress(good))
        plain[chance.randrange(1024)] ^= 1 << chance.randrange(8)
        (tmp_path / "a.tar.bz2").write_bytes(bz2.compress(bytes(plain)))
        (tmp_path / "out").mkdir(exist_ok=True)
        with contextlib.suppress(VoiceDataMissing):
            unpack_tar(tmp_path / "a.tar.bz2", tmp_path / "out" / str(number))
        assert {found.name for found in tmp_path.iterdir()} == {"a.tar.bz2", "out"}
