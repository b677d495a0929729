"""The whole thing on 64-bit ARM, emulated, beside this PC.  sudo make arm

Installs as an owner does into a Debian for ARM, lets both machines say and read the same, and writes the table of
docs/OPERATIONS.md. Needs debootstrap, qemu-user-static and root; a quarter of an hour, most of it in the emulator.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.arm.emulation import PYTHON, Emulated
from tests.box.boot import write_table
from tests.box.machine import wheels_for
from tts_server.audio.pcm import to_s16le
from tts_server.engines.sambert.export.export import build_pack
from tts_server.engines.sambert.nets.checkpoint import load_voice
from tts_server.engines.sambert.packs.layouts import find_voices

ROOT: Final = Path(__file__).parent.parent.parent
PROGRAM: Final = "$(readlink -f /opt/tts-server/bin)"
LISTENER: Final = ROOT / ".venv-asr/bin/python"
PYTEST: Final = ("pytest", "iniconfig")  # beside what the base layer holds
STEP: Final = 1 / 32768
BAKER_STEPS: Final = 5
SAMBERT: Final = 1e-4
DAEMON: Final = f"""
export STATE_DIRECTORY=/var/lib/tts-server CACHE_DIRECTORY=/var/cache/tts-server TTS_SERVER__DISCOVERY__ENABLED=false
mkdir -p $STATE_DIRECTORY $CACHE_DIRECTORY
{PROGRAM}/tts-server run >/daemon.log 2>&1 &
until {PROGRAM}/python /src/tests/box/doors.py --only http >/dev/null; do kill -0 $!; done
{PROGRAM}/python /src/tests/box/doors.py
kill $!
wait $!
"""
WORK: Final = ("load", "frontend", "baker", "heart", "sambert")
FUZZ: Final = f"cd /tests; {PROGRAM}/python -m tests.engines.sambert.runtime.kernel.fuzz --rounds 40"


class Comparison:
    """Both machines, and the rows of the table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box = Emulated(folder)
        self.rows: dict[str, str] = {}

    def install(self) -> str:
        """As an owner does; every wheel by its hash."""
        wheels = self.folder / "wheels-arm64"
        wheels.mkdir(exist_ok=True)
        pip, locks = (sys.executable, "-m", "pip"), ROOT / "requirements"
        wheels_for(PYTHON, "aarch64", ("base", "build"), wheels, pip, locks)
        count = sum(bool(line) for line in (wheels / "wanted.txt").read_text(encoding="utf-8").splitlines())
        wheels_for(PYTHON, "aarch64", ("dev",), wheels, pip, locks, PYTEST)
        for name in ("src", "wheels", "opt/tts-server"):
            shutil.rmtree(self.box.root / name, ignore_errors=True)
        (self.box.root / "src").mkdir()
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD"], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-xC", str(self.box.root / "src")], input=archive, check=True)
        shutil.copytree(wheels, self.box.root / "wheels")
        (self.box.root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
        self.box.run("bash /src/systemd/install.sh program")
        self.box.run(f"{PROGRAM}/python -m pip install --quiet --no-deps {' '.join(PYTEST)}")
        return f"{count} wheels, each by its hash; the decoder's C is compiled there"

    def bring_tests(self) -> None:
        """Into a folder of their own: beside the sources, those would be imported and not what was installed."""
        shutil.rmtree(self.box.root / "tests", ignore_errors=True)
        shutil.copytree(ROOT / "tests", self.box.root / "tests/tests", ignore=shutil.ignore_patterns("__pycache__"))

    def examine(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same work on both; what each tells."""
        packs = self.box.root / "packs"
        shutil.rmtree(packs, ignore_errors=True)
        for published in sorted((ROOT / "tests/golden/sambert").glob("tiny*")):
            build_pack(load_voice(find_voices(published)[0]), packs / published.name)
        here = self.folder / "said-here"
        subprocess.run([sys.executable, "-m", "tests.arm.examine", str(here), str(packs)], check=True, cwd=ROOT)
        self.box.run(f"cd /tests; {PROGRAM}/python -m tests.arm.examine /said /packs")
        there = self.box.root / "said"
        self.said = (here, there)
        return tuple(json.loads((folder / "told.json").read_text()) for folder in self.said)  # type: ignore[return-value]

    def differences(self, voice: str) -> list[float]:
        """The largest one of each sentence, of full scale."""
        found = []
        for path in sorted(self.said[0].glob(f"{voice[0]}*.npy")):
            here, there = np.load(path), np.load(self.said[1] / path.name)
            assert here.shape == there.shape, f"{path.stem}: {here.shape} and {there.shape}"
            found.append(float(np.abs(here - there).max()))
        return found

    def heard(self) -> list[list[int]]:
        """Misheard words of `heart` on each machine, and of how many."""
        folders = []
        for said in self.said:
            for path in said.glob("h*.npy"):
                with wave.open(str(path.with_suffix(".wav")), "wb") as file:
                    file.setparams((1, 2, 24000, 0, "NONE", ""))
                    file.writeframes(to_s16le(np.load(path)))
            folders.append(str(said))
        command = [str(LISTENER), "-m", "tests.arm.listen", *folders]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        return list(json.loads(done.stdout.splitlines()[-1]).values())

    def tell(self, name: str, found: str) -> None:
        self.rows[name] = found
        print(f"  {name}: {found}", flush=True)


def compare(comparison: Comparison, is_installed: bool) -> None:
    tell, box = comparison.tell, comparison.box
    if not is_installed:
        tell("`install.sh program`", comparison.install())
    comparison.bring_tests()
    here, there = comparison.examine()
    slower = {
        name: there[f"{name}_cpu_s"] / here[f"{name}_cpu_s"]
        for name in ("load", "frontend", "baker", "heart", "sambert")
    }
    equal = here["frontend"] == there["frontend"]
    tell("front end, all golden texts", f"{here['texts']} texts, {'all read alike' if equal else '**differ**'}")
    steps = max(comparison.differences("baker")) / STEP
    tell("`baker`, samples", f"within {steps:.1f} of 32768{'' if steps <= BAKER_STEPS else ' **too far**'}")
    peak = max(comparison.differences("heart"))
    tell("`heart`, samples", f"within {100 * peak:.1f} % of full scale")
    (misheard, words), (there_misheard, _) = comparison.heard()
    worse = "" if there_misheard <= misheard + 1 else " **worse**"
    tell("`heart`, words misheard", f"{there_misheard} of {words}; on the PC {misheard}{worse}")
    sambert = max(there["sambert"].values())
    verdict = "" if sambert <= SAMBERT else " **too far**"
    tell("Sambert, reference voices", f"{len(there['sambert'])} cases within {sambert:.1g} of the record{verdict}")
    fuzz = "tests.engines.sambert.runtime.kernel.fuzz"
    tell(
        f"Sambert's compiled decoder ({there['kernel']})", box.run(f"cd /tests; {PROGRAM}/python -m {fuzz} --rounds 40")
    )
    for engine in ("baker", "heart"):
        limit = 120 * max(slower.values())
        said = box.run(f"cd /tests; {PROGRAM}/python -m tts_server.engine_check {engine} --limit {limit:.0f}")
        tell(f"engine check of `{engine}`", said.splitlines()[-1])
    begun = time.monotonic()
    spoken = json.loads(box.run(DAEMON).splitlines()[-1])
    tell("daemon, every door", ", ".join(f"{door} {said} s" for door, said in spoken.items()))
    tell("slower than the PC", ", ".join(f"{name} {times:.0f} times" for name, times in slower.items()))
    print(f"  daemon: {time.monotonic() - begun:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "tts-server-boot")
    parser.add_argument("--again", action="store_true", help="with what was installed the last time")
    parser.add_argument("--write", type=Path, help="the document whose table is written anew")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    comparison = Comparison(chosen.folder)
    compare(comparison, chosen.again)
    table = "| | Debian 12 on emulated ARM |\n| --- | --- |\n"
    table += "".join(f"| {name} | {' '.join(found.split())} |\n" for name, found in comparison.rows.items())
    if chosen.write:
        write_table(chosen.write, "make arm", table)
    return int("**" in table)


if __name__ == "__main__":
    sys.exit(main())
