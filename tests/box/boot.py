"""Boots a Debian 12 and a Debian 13, installs the service as an owner does, and mistreats it.  sudo make boot

Writes the table of docs/OPERATIONS.md. Needs debootstrap, systemd-nspawn and root; downloads two small Debians and the
wheels of the locks once, into --folder.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.tables import write_table
from tests.box.checks import CHECKS, Box
from tests.box.machine import Machine, copy_root, make_root, wheels_for

ROOT = Path(__file__).parent.parent.parent
SUITES = {"bookworm": ("Debian 12", "3.11"), "trixie": ("Debian 13", "3.13")}
ENGINE = ROOT / "tests/box/engine"


def prepare(suite: str, folder: Path, previous: str) -> Path:
    """A root with the checkout, the release before it, and all wheels; nothing is installed yet."""
    root = copy_root(make_root(suite, folder), folder / f"{suite}-box")
    wheels = folder / f"wheels-{suite}"
    wheels.mkdir(exist_ok=True)
    pip = (sys.executable, "-m", "pip")
    wheels_for(SUITES[suite][1], "x86_64", ("base", "build"), wheels, pip, ROOT / "requirements")
    for name, commit in (("src", "HEAD"), ("before", previous)):
        (root / name).mkdir()
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-xC", str(root / name)], input=archive, check=True)
        if name == "before":
            with tempfile.TemporaryDirectory() as other:
                wheels_for(
                    SUITES[suite][1], "x86_64", ("base", "build"), Path(other), pip, root / name / "requirements"
                )
                shutil.copytree(other, root / "wheels", dirs_exist_ok=True)
    subprocess.run(
        [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(root / "wheels"), str(ENGINE)],
        check=True,
    )
    shutil.copytree(wheels, root / "wheels", dirs_exist_ok=True)
    (root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n", encoding="utf-8")
    return root


def examine(suite: str, folder: Path, previous: str, only: str) -> dict[str, str]:
    """What each check found."""
    machine = Machine(prepare(suite, folder, previous))
    found = {"boots, systemd is process 1": f"{machine.switch_on():.0f} s"}
    box = Box(machine)
    try:
        for name, check in CHECKS.items():
            if not only or re.search(f"{only}|install", name):
                found[name] = result(check, box)
                print(f"  {SUITES[suite][0]}: {name}: {found[name]}", flush=True)
    finally:
        machine.switch_off()
    return found


def result(check: Callable[[Box], str], box: Box) -> str:
    begun = time.monotonic()
    try:
        return check(box)
    except Exception as error:  # one that fails must not hide the others
        return f"**fails** after {time.monotonic() - begun:.0f} s: {' '.join(str(error).split())[:400]}"


def table(found: dict[str, dict[str, str]]) -> str:
    suites = list(found)
    head = f"| | {' | '.join(SUITES[suite][0] for suite in suites)} |\n|{' --- |' * (len(suites) + 1)}\n"
    rows = (f"| {name} | {' | '.join(found[suite].get(name, '') for suite in suites)} |" for name in found[suites[0]])
    return head + "\n".join(rows) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "tts-server-boot")
    parser.add_argument("--previous", default="HEAD~1", help="the commit that is upgraded from")
    parser.add_argument("--suite", choices=SUITES, action="append")
    parser.add_argument("--only", default="", help="pattern of checks")
    parser.add_argument("--write", type=Path, help="the document whose table is written anew")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    found = {
        suite: examine(suite, chosen.folder, chosen.previous, chosen.only) for suite in chosen.suite or list(SUITES)
    }
    print(table(found))
    if chosen.write:
        write_table(chosen.write, "make boot", table(found))
    return int("**fails**" in table(found))


if __name__ == "__main__":
    sys.exit(main())
