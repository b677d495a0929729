"""`make install`, `make uninstall` and the Containerfile, run for real into a folder that stands for the machine."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.packaging.lockfile import ROOT

SCRIPT = ROOT / "systemd/install.sh"
SITE = Path(sys.executable).parents[1] / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
UPGRADE = "bash systemd/install.sh program"
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the folder as the machine. The large lock layer is borrowed from this environment."""
    given = {"DESTDIR": str(folder), "PYTHON": sys.executable, "LAYERS": "build", "PYTHONPATH": str(SITE)}
    outer = ("MAKE", "MFLAGS", "GNUMAKEFLAGS", "PREFIX", "UNITS", "KEEP")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**inherited, **given, **environment}
    )


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine on which `make install` was run."""
    folder = tmp_path_factory.mktemp("box")
    done = run(folder, "make", "install", f"PYTHON={sys.executable}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing was started" in done.stdout
    return folder


def program(box: Path) -> Path:
    return box / "opt/tts-server/bin/tts-server"


@pytest.mark.timeout(120)
def test_the_program_is_installed_whole_and_runs(box: Path) -> None:
    from tts_server import __version__

    assert run(box, str(program(box)), "--version").stdout == f"tts-server {__version__}\n"
    [release] = (box / "opt/tts-server/releases").iterdir()
    assert program(box).resolve() == release / "bin/tts-server"
    installed = run(box, str(release / "bin/python"), "-P", "-c", "import tts_server; print(tts_server.__file__)")
    assert Path(installed.stdout.strip()).is_relative_to(release)


@pytest.mark.timeout(120)
def test_the_units_lead_to_the_program(box: Path) -> None:
    unit = (box / "etc/systemd/system/tts-server.service").read_text(encoding="utf-8")
    [start] = re.findall(r"^ExecStart=(\S+) run$", unit, re.M)
    assert (box / start.removeprefix("/")).exists()
    assert (box / "etc/systemd/system/tts-server.socket").is_file()


@pytest.mark.timeout(120)
def test_an_upgrade_keeps_what_is_the_owners_and_one_way_back_and_uninstalling_keeps_the_former(tmp_path: Path) -> None:
    owners = [tmp_path / part for part in ("etc/tts-server/config.toml", "var/lib/tts-server/voices/a/manifest.json")]
    for file in owners:
        file.parent.mkdir(parents=True)
        file.write_text("mine", encoding="utf-8")
    old = [tmp_path / f"opt/tts-server/releases/2026010{day}T000000Z-1" for day in (1, 2)]
    for release in old:
        (release / "bin").mkdir(parents=True)
    done = run(tmp_path, *shlex.split(UPGRADE))
    assert done.returncode == 0, done.stdout + done.stderr
    releases = sorted((tmp_path / "opt/tts-server/releases").iterdir())
    assert len(releases) == 2
    assert releases[0] == old[1]
    assert program(tmp_path).resolve().is_relative_to(releases[1])
    done = run(tmp_path, "make", "uninstall")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "opt/tts-server").exists()
    assert all(file.read_text(encoding="utf-8") == "mine" for file in owners)


def test_an_install_that_fails_leaves_the_program_that_is_there(tmp_path: Path) -> None:
    release = tmp_path / "opt/tts-server/releases/20260101T000000Z-1/bin"
    release.mkdir(parents=True)
    (release.parents[2] / "bin").symlink_to("releases/20260101T000000Z-1/bin")
    done = run(tmp_path, "bash", str(SCRIPT), "program", LAYERS="no-such-layer")
    assert done.returncode != 0
    assert (tmp_path / "opt/tts-server/bin").resolve() == release
    assert [path.name for path in release.parents[1].iterdir()] == ["20260101T000000Z-1"]


def test_another_prefix_stands_in_the_unit(tmp_path: Path) -> None:
    assert run(tmp_path, "bash", str(SCRIPT), "units", PREFIX="/srv/voice").returncode == 0
    unit = (tmp_path / "etc/systemd/system/tts-server.service").read_text(encoding="utf-8")
    assert "ExecStart=/srv/voice/bin/tts-server run\n" in unit
    assert "/opt/tts-server" not in unit


def test_a_step_that_does_not_exist_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "bash", str(SCRIPT), "polish")
    assert done.returncode == 2
    assert "there is no step 'polish'" in done.stderr


@pytest.mark.parametrize(
    "script",
    [
        "systemd/install.sh",
        "systemd/slim.sh",
        "home-assistant/assemble.sh",
        "tests/conformance/homeassistant/install.sh",
    ],
)
def test_the_shell_has_no_known_mistakes(script: str) -> None:
    done = subprocess.run(["shellcheck", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("recipe", ["Containerfile", "home-assistant/app/Dockerfile"])
def test_the_containerfiles_are_free_of_lint(recipe: str) -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, recipe], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_compose_asks_how_it_is_as_the_image_does() -> None:
    """podman-compose builds in a format that has no health check."""
    kept = re.search(r"^HEALTHCHECK (.*) \\\n +CMD (\[.*\])$", CONTAINERFILE, re.M)
    assert kept
    asked = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["tts-server"]["healthcheck"]
    assert asked.pop("test") == ["CMD", *json.loads(kept[2])]
    assert {f"--{name.replace('_', '-')}={value}" for name, value in asked.items()} == set(kept[1].split())


def steps() -> list[str]:
    return re.findall(r"^RUN (.*(?:\\\n.*)*)", CONTAINERFILE, re.M)


def test_the_steps_of_the_containerfile_are_those_of_make_install_and_run_here(tmp_path: Path) -> None:
    compiler, making, preparing = steps()
    assert compiler.startswith("apt-get update && apt-get install ")  # of the base, which is not to be had here
    installing, _, slimming = making.partition(" && ")
    assert slimming.startswith("bash systemd/slim.sh /opt/tts-server/")  # tests/packaging/test_slim.py runs it
    assert installing == UPGRADE  # which was run above
    assert installing in run(tmp_path, "make", "--dry-run", "install").stdout
    inside = [word.replace("/var", f"{tmp_path}/var") for word in shlex.split(preparing)]
    if os.getuid() != 0:  # who is not root can give folders to nobody
        inside = [word for word in inside if word not in ("-o", "-g", "10200", "0")]
    assert subprocess.run(inside, check=False).returncode == 0
    assert (tmp_path / "var/cache/tts-server").stat().st_mode & 0o777 == 0o770


def test_the_container_runs_as_nobody_special_with_the_folders_it_owns() -> None:
    assert re.search(r"^USER (\d+):\1$", CONTAINERFILE, re.M)
    folders = dict(re.findall(r"(STATE|CACHE|CONFIGURATION)_DIRECTORY=(\S+)", CONTAINERFILE))
    assert folders == {
        kind: f"/{path}/tts-server"
        for kind, path in {"STATE": "var/lib", "CACHE": "var/cache", "CONFIGURATION": "etc"}.items()
    }


def test_the_containerfile_and_its_ignore_list_name_what_the_install_needs() -> None:
    kept = re.findall(r"^!(\S+)$", (ROOT / ".containerignore").read_text(encoding="utf-8"), re.M)
    assert all((ROOT / path).exists() for path in kept)
    assert {"systemd", "requirements", "tts_server", "protocol", "pyproject.toml", "README.md", "LICENSE"} <= set(kept)
