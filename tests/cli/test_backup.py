"""`tts-server backup` and `restore`, as an owner runs them."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SETTINGS = '[text.dictionary]\n"重庆" = "chong2 qing4"\n'


class House:
    """Folders of one box."""

    def __init__(self, folder: Path) -> None:
        self.config, self.state, self.cache = (folder / name for name in ("config", "state", "cache"))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        folders = {
            "CONFIGURATION_DIRECTORY": str(self.config),
            "STATE_DIRECTORY": str(self.state),
            "CACHE_DIRECTORY": str(self.cache),
        }
        command = [sys.executable, "-m", "tts_server", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **folders})


@pytest.fixture
def full(tmp_path: Path) -> House:
    house = House(tmp_path / "full")
    for path, text in (
        (house.config / "config.toml", SETTINGS),
        (house.config / "engines.txt", "beep==1.0\n"),
        (house.state / "voices/mine/pack.json", "{}"),
        (house.state / "voices/.half/part", "on its way"),
        (house.state / "instance-name", "kitchen\n"),
        (house.cache / "segments/aa.segment", "speech"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return house


def test_what_was_kept_comes_back_on_another_box_and_only_that(full: House, tmp_path: Path) -> None:
    archive, other = tmp_path / "voice.tar.gz", House(tmp_path / "other")
    assert full.run("backup", str(archive)).returncode == 0
    assert archive.stat().st_mode & 0o077 == 0
    done = other.run("restore", str(archive))
    assert done.returncode == 0, done.stderr
    files = sorted(
        str(path.relative_to(tmp_path / "other")) for path in (tmp_path / "other").rglob("*") if path.is_file()
    )
    assert files == [
        "config/config.toml",
        "config/engines.txt",
        "state/instance-name",
        "state/voices/mine/pack.json",
    ]
    assert (other.config / "config.toml").read_text(encoding="utf-8") == SETTINGS
    assert other.run("restore", str(archive)).returncode == 0  # the same again does no harm


def test_what_is_different_is_replaced_only_when_asked_to(full: House, tmp_path: Path) -> None:
    archive = tmp_path / "voice.tar.gz"
    full.run("backup", str(archive))
    (full.state / "instance-name").write_text("bath\n", encoding="utf-8")
    refused = full.run("restore", str(archive))
    assert refused.returncode == 1
    assert "instance-name is there and is another one (1 in all); --force replaces them" in refused.stderr
    assert full.run("restore", "--force", str(archive)).returncode == 0
    assert (full.state / "instance-name").read_text(encoding="utf-8") == "kitchen\n"


def written(path: Path, members: dict[str, bytes], link: str = "") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        if link:
            entry = tarfile.TarInfo("state/link")
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            archive.addfile(entry)
    return path


LABEL = {"tts-server-backup.json": b'{"format": 1}'}


@pytest.mark.parametrize(
    ("members", "link", "told"),
    [
        ({"config/config.toml": b""}, "", "no label"),
        ({**LABEL, "state/../../etc/passwd": b""}, "", "does not belong"),
        ({**LABEL, "/etc/passwd": b""}, "", "does not belong"),
        ({**LABEL, "cache/segments/aa": b""}, "", "does not belong"),
        (LABEL, "/etc/passwd", "does not belong"),
        ({**LABEL, "config/config.toml": b"[limits]\ngrace = 1\n"}, "", "no key limits.grace"),
    ],
)
def test_a_bad_archive_changes_nothing(members: dict[str, bytes], link: str, told: str, tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    refused = house.run("restore", str(written(tmp_path / "bad.tar.gz", members, link)))
    assert refused.returncode in (1, 2)
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "house").exists()
