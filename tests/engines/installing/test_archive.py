"""Archives that nobody vouches for: unpacked within their folder, or refused before anything is written."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_server.engines.installing import archive
from tts_server.engines.installing.archive import unpack, unpacked_bytes
from tts_server.errors import VoiceDataMissing

Build = Callable[[ZipFile], None]


def made(path: Path, *members: tuple[str, bytes]) -> Path:
    with ZipFile(path, "w") as opened:
        for name, content in members:
            opened.writestr(ZipInfo(name), content)
    return path


def everything_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def refusal(path: Path, target: Path) -> str:
    """Why an archive is refused; nothing was written anywhere by then."""
    target.mkdir(exist_ok=True)
    before = everything_in(path.parent)
    with pytest.raises(VoiceDataMissing) as caught:
        unpack(path, target)
    assert everything_in(path.parent) == before
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_an_ordinary_archive_is_unpacked_and_its_size_is_known_before(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", ("m/", b""), ("m/am/config.yaml", b"a: 1"), ("m/voc/weights", b"\0" * 5000))
    assert unpacked_bytes(path) == 5004
    unpack(path, tmp_path / "out")
    assert (tmp_path / "out/m/am/config.yaml").read_bytes() == b"a: 1"
    assert (tmp_path / "out/m/voc/weights").stat().st_size == 5000


def test_what_is_not_needed_is_left_out(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", ("keep", b"1"), ("resource/large", b"2"))
    unpack(path, tmp_path / "out", leave_out=lambda member: member.parts[0] == "resource")
    assert everything_in(tmp_path / "out") == ["keep"]


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/tmp/evil", "//evil", "..", "a\\..\\evil", "C:evil", "a\nb", "x" * 600, "./../evil"],
)
def test_a_member_that_would_leave_the_folder_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = made(tmp_path / "a.zip", ("good", b"1"), (name, b"2"))
    assert "would leave the folder" in refusal(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("kind", "message"), [(stat.S_IFLNK, "a symbolic link"), (stat.S_IFIFO, "no ordinary"), (stat.S_IFCHR, "no ordin")]
)
def test_a_link_or_a_device_is_refused_by_name(tmp_path: Path, kind: int, message: str) -> None:
    link = ZipInfo("voices/link")
    link.external_attr = (kind | 0o777) << 16
    with ZipFile(tmp_path / "a.zip", "w") as opened:
        opened.writestr("good", b"1")
        opened.writestr(link, "/etc/passwd")
    said = refusal(tmp_path / "a.zip", tmp_path / "out")
    assert message in said
    assert "'voices/link'" in said


@pytest.mark.parametrize("again", ["a/b", "./a/b", "a//b"])
def test_a_member_that_is_there_twice_is_refused(tmp_path: Path, again: str) -> None:
    with ZipFile(tmp_path / "a.zip", "w") as opened:
        opened.writestr("a/b", b"1")
        opened.writestr("c", b"1")
        info = ZipInfo("a/b")
        info.filename = again
        opened.writestr(info, b"2") if again != "a/b" else _twice(opened)
    assert "is there twice" in refusal(tmp_path / "a.zip", tmp_path / "out")


def _twice(opened: ZipFile) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        opened.writestr("a/b", b"2")


def test_a_file_that_is_a_folder_too_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", ("a", b"1"), ("a/b", b"2"))
    assert "both a file and a folder" in refusal(path, tmp_path / "out")


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("bomb", bytes(32 << 20))
    assert (tmp_path / "a.zip").stat().st_size < 40_000
    assert "unpacks from" in refusal(tmp_path / "a.zip", tmp_path / "out")


def test_an_archive_that_is_too_large_unpacked_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    path = made(tmp_path / "a.zip", ("a", b"1" * 600), ("b", b"1" * 600))
    assert "would unpack to more" in refusal(path, tmp_path / "out")


def test_an_archive_of_too_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    path = made(tmp_path / "a.zip", *((str(number), b"") for number in range(4)))
    assert "has 4 members; the limit is 3" in refusal(path, tmp_path / "out")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", ("secret", b"1"))
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags, in both headers
        content[content.index(mark) + offset] |= 1
    path.write_bytes(content)
    assert "is encrypted" in refusal(path, tmp_path / "out")


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", ("liar", b"1" * 500))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = (100).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(VoiceDataMissing, match=r"a\.zip"):
        unpack(path, tmp_path / "out")
    assert not (tmp_path / "out/liar").exists() or (tmp_path / "out/liar").stat().st_size <= 100


@pytest.mark.parametrize("kept", [0, 4, 30, -1, -25])
def test_a_truncated_archive_is_refused_by_name(tmp_path: Path, kept: int) -> None:
    path = made(tmp_path / "a.zip", ("a", b"1" * 100))
    path.write_bytes(path.read_bytes()[:kept])
    assert "no zip archive" in refusal(path, tmp_path / "out")


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zip", ("a", b"1" * 100))
    path.write_bytes(path.read_bytes().replace(b"1111", b"1121", 1))
    with pytest.raises(VoiceDataMissing, match=r"a\.zip is damaged"):
        unpack(path, tmp_path / "out")


@given(names=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=6))
def test_no_name_at_all_leads_out_of_the_folder(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("any")
    with ZipFile(base / "a.zip", "w") as opened:
        for name in dict.fromkeys(names):
            info = ZipInfo("x")
            info.filename = info.orig_filename = name
            opened.writestr(info, b"1")
    before = set(everything_in(base))
    try:
        unpack(base / "a.zip", base / "out")
    except VoiceDataMissing:
        assert set(everything_in(base)) == before
    else:
        assert all(path == "out" or path.startswith("out/") for path in set(everything_in(base)) - before)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("damage", [0, 1, 4, 9])
def test_a_packed_member_that_is_damaged_is_refused(method: int, damage: int, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w", method) as opened:
        opened.writestr("m", bytes(range(256)) * 4)
    raw = bytearray(path.read_bytes())
    begin = raw.index(b"m", 30) + 1 + damage
    raw[begin : begin + 8] = b"\xff" * 8
    path.write_bytes(raw)
    with pytest.raises(VoiceDataMissing, match=r"a\.zip"):
        unpack(path, tmp_path / "out")
