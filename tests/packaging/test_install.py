"""install.sh takes the files a lock names, and no others."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.lockfile import REQUIREMENTS

NAME = "pebble"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel of one module, in a folder that pip takes for the whole world."""
    path = tmp_path / "world" / f"{NAME}-1.0-py3-none-any.whl"
    path.parent.mkdir()
    info = f"{NAME}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{NAME}.py", "")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{NAME}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def install(lock: str, wheel: Path) -> subprocess.CompletedProcess[str]:
    """Run the script on a layer of one line; what it installs lands beside the wheel's folder, in `site`."""
    room = wheel.parent.parent
    (room / "layer.txt").write_text(lock, encoding="utf-8")
    (room / "install.sh").write_bytes((REQUIREMENTS / "install.sh").read_bytes())
    world = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "PIP_TARGET": str(room / "site")}
    command = ["bash", str(room / "install.sh"), sys.executable, "layer"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **world})


def test_a_file_with_the_locks_hash_is_installed_and_named(wheel: Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    done = install(f"{NAME}==1.0 \\\n    --hash=sha256:{digest}\n", wheel)
    assert done.returncode == 0, done.stderr
    assert NAME in done.stdout
    assert (wheel.parent.parent / "site" / f"{NAME}.py").exists()


@pytest.mark.parametrize("tail", ["", f" --hash=sha256:{'0' * 64}"], ids=["no hash", "another file's hash"])
def test_a_file_without_the_locks_hash_is_refused(wheel: Path, tail: str) -> None:
    done = install(f"{NAME}==1.0{tail}\n", wheel)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
    assert not (wheel.parent.parent / "site" / f"{NAME}.py").exists()


def test_a_missing_package_is_an_error_that_is_seen(wheel: Path) -> None:
    done = install(f"boulder==1.0 --hash=sha256:{'0' * 64}\n", wheel)
    assert done.returncode != 0
    assert "boulder" in done.stderr
