"""`tts-server backup` and `restore`, as an owner runs them."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.support.daemon import Daemon, running_daemon

SETTINGS = '[text.dictionary]\n"重庆" = "chong2 qing4"\n'


class House:
    """Folders of one box."""

    def __init__(self, folder: Path) -> None:
        self.config, self.state, self.cache = (folder / name for name in ("config", "state", "cache"))

    @property
    def folders(self) -> dict[str, str]:
        return {
            "CONFIGURATION_DIRECTORY": str(self.config),
            "STATE_DIRECTORY": str(self.state),
            "CACHE_DIRECTORY": str(self.cache),
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tts_server", *arguments]
        plain = {name: value for name, value in os.environ.items() if not name.startswith("TTS_SERVER__")}
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**plain, **self.folders})


def client_of(daemon: Daemon) -> httpx.AsyncClient:
    headers = {"Authorization": "Bearer 0123456789abcdef"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", headers=headers, timeout=20)


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


def test_voices_that_are_kept_elsewhere_come_along(full: House, tmp_path: Path) -> None:
    archive, other, voices = tmp_path / "voice.tar.gz", House(tmp_path / "other"), tmp_path / "srv/voices"
    (full.config / "config.toml").write_text(f'[voices]\nfolder = "{voices}"\n', encoding="utf-8")
    (voices / "large").mkdir(parents=True)
    (voices / "large/pack.json").write_text("{}", encoding="utf-8")
    assert full.run("backup", str(archive)).returncode == 0
    shutil.rmtree(voices)
    done = other.run("restore", str(archive))
    assert done.returncode == 0, done.stderr
    assert (voices / "large/pack.json").read_text(encoding="utf-8") == "{}"
    assert (other.state / "voices/mine/pack.json").is_file()


def test_a_mistake_in_the_settings_is_told_before_anything_is_written(full: House, tmp_path: Path) -> None:
    (full.config / "config.toml").write_text("[voices]\nfoldr = 1\n", encoding="utf-8")
    refused = full.run("backup", str(tmp_path / "voice.tar.gz"))
    assert refused.returncode == 2
    assert "voices.foldr" in refused.stderr
    assert not (tmp_path / "voice.tar.gz").exists()


@pytest.mark.asyncio
async def test_the_new_box_knows_the_phrases_and_words_and_takes_the_old_links(tmp_path: Path) -> None:
    old, new, archive = House(tmp_path / "old"), House(tmp_path / "new"), tmp_path / "voice.tar.gz"
    tokens = tmp_path / "tokens"
    tokens.write_text("kitchen 0123456789abcdef tts,tts:edit\n", encoding="utf-8")
    tokens.chmod(0o600)
    old.config.mkdir(parents=True)
    settings = f'[access]\nmode = "token"\ntokens_file = "{tokens}"\n[http]\nedit = true\n'
    (old.config / "config.toml").write_text(settings, encoding="utf-8")
    phrase, word = f"/api/phrases/{quote('晚饭')}", f"/api/dictionary/{quote('重庆')}"
    async with running_daemon(environment=old.folders, wait_ready=False) as daemon, client_of(daemon) as client:
        (await client.put(phrase, json={"text": "晚饭好了。", "emotion": "happy"})).raise_for_status()
        (await client.put(word, json={"said": "chong2 qing4"})).raise_for_status()
        link = (await client.post("/api/links", json={"text": "晚饭好了。", "valid_s": 3600})).json()["url"]
    assert old.run("backup", str(archive)).returncode == 0
    assert new.run("restore", str(archive)).returncode == 0
    assert (new.state / "link-key").stat().st_mode & 0o777 == 0o600
    async with running_daemon(environment=new.folders, wait_ready=False) as daemon, client_of(daemon) as client:
        (kept,) = (await client.get("/api/phrases")).json()["phrases"]
        assert (kept["name"], kept["text"], kept["emotion"]) == ("晚饭", "晚饭好了。", "happy")
        assert "重庆" in (await client.get("/api/dictionary")).text
        del client.headers["Authorization"]
        assert (await client.head(link)).status_code == 200
        assert (await client.head(f"{link}x")).status_code == 401


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
        ({"tts-server-backup.json": b"[]"}, "", "no label"),
        ({"tts-server-backup.json": b"[" * 4000}, "", "not a backup"),
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
