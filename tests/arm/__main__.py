"""The whole thing on 64-bit ARM, emulated, beside this PC.  sudo make arm

Installs as an owner does into a Debian for ARM, lets both machines say and read the same, and writes the table of
docs/OPERATIONS.md. Needs debootstrap, qemu-user-static and root; a quarter of an hour, most of it in the emulator.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.arm.emulation import PYTHON, Emulated
from tests.bench.tables import write_table
from tests.box.machine import wheels_for
from tts_server.audio.pcm import to_s16le
from tts_server.engine import Samples
from tts_server.engines.sambert.export.export import build_pack
from tts_server.engines.sambert.nets.checkpoint import load_voice
from tts_server.engines.sambert.packs.layouts import find_voices

ROOT: Final = Path(__file__).parent.parent.parent
PROGRAM: Final = "$(readlink -f /opt/tts-server/bin)"
LISTENER: Final = ROOT / ".venv-asr/bin/python"
JUDGE: Final = ROOT / ".venv-emotion/bin/python"
PYTEST: Final = ("pytest", "iniconfig")  # beside what the base layer holds
STEPS: Final = 5.0  # of 32768, for what is computed in floating point
WORSE_MOS: Final = 0.1
SAMBERT: Final = 1e-4
DAEMON: Final = f"""
export STATE_DIRECTORY=/var/lib/tts-server CACHE_DIRECTORY=/var/cache/tts-server TTS_SERVER__DISCOVERY__ENABLED=false
mkdir -p $STATE_DIRECTORY $CACHE_DIRECTORY
{PROGRAM}/tts-server run >/daemon.log 2>&1 &
until {PROGRAM}/python /tests/tests/box/doors.py --only http --patience $PATIENCE >/dev/null; do kill -0 $!; done
{PROGRAM}/python /tests/tests/box/doors.py --patience $PATIENCE
kill $!
wait $!
"""
WORK: Final = ("load", "frontend", "baker", "baker8", "heart", "sambert")
FUZZ: Final = f"cd /tests; {PROGRAM}/python -m tests.engines.sambert.runtime.kernel.fuzz --rounds 40"


class Comparison:
    """Both machines, and the rows of the table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box = Emulated(folder)
        self.said = (folder / "said-here", self.box.root / "said-there")
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
        """The same work on both, by the same sources; what each tells."""
        here, there = self.said
        packs = self.box.root / "packs"
        if not (here / "told.json").is_file():
            shutil.rmtree(packs, ignore_errors=True)
            for published in sorted((ROOT / "tests/golden/sambert").glob("tiny*")):
                build_pack(load_voice(find_voices(published)[0]), packs / published.name)
            command = [sys.executable, "-m", "tests.arm.examine", str(here), str(packs)]
            sources = os.environ | {"PYTHONPATH": str(self.box.root / "src")}
            subprocess.run(command, check=True, cwd=self.box.root / "tests", env=sources)
        if not (there / "told.json").is_file():
            self.box.run(f"cd /tests; {PROGRAM}/python -m tests.arm.examine /{there.name} /packs")
        told = [json.loads((folder / "told.json").read_text(encoding="utf-8")) for folder in self.said]
        return told[0], told[1]

    def pairs(self, engine: str) -> list[tuple[Samples, Samples]]:
        """Each sentence as said here and there."""
        names = sorted(path.name for path in (self.said[0] / engine).glob("*.npy"))
        return [(np.load(self.said[0] / engine / name), np.load(self.said[1] / engine / name)) for name in names]

    def judged(self, engine: str) -> str:
        """Words (in Mandarin syllables) misheard, and how good it sounds, there and on the PC."""
        folders = [str(said / engine) for said in self.said]
        for folder in folders:
            for path in Path(folder).glob("*.npy"):
                with wave.open(str(path.with_suffix(".wav")), "wb") as file:
                    file.setparams((1, 2, 24000, 0, "NONE", ""))
                    file.writeframes(to_s16le(np.load(path)))
        heard = _told_by(LISTENER, "tests.arm.listen", folders)
        sounds = _told_by(JUDGE, "tests.arm.quality", folders)
        (misheard, words), (there_misheard, _) = (heard[folder] for folder in folders)
        mos, there_mos = (sounds[folder] for folder in folders)
        bad = " **worse**" if there_misheard > misheard + 1 or there_mos < mos - WORSE_MOS else ""
        return f"{there_misheard} of {words} misheard, DistillMOS {there_mos:.2f}; on the PC {misheard}, {mos:.2f}{bad}"

    def tell(self, name: str, found: str) -> None:
        self.rows[name] = found
        print(f"  {name}: {found}", flush=True)


def _told_by(python: Path, module: str, folders: list[str]) -> dict[str, Any]:
    done = subprocess.run([str(python), "-m", module, *folders], check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def signal_to_noise_db(here: Samples, there: Samples) -> float:
    return float(10 * np.log10(np.mean(here**2) / np.mean((here - there) ** 2)))


def compare(comparison: Comparison, is_installed: bool) -> None:
    tell, box = comparison.tell, comparison.box
    if not is_installed:
        for folder in comparison.said:
            shutil.rmtree(folder, ignore_errors=True)
        tell("`install.sh program`", comparison.install())
    comparison.bring_tests()
    here, there = comparison.examine()
    slower = {name: there[f"{name}_cpu_s"] / here[f"{name}_cpu_s"] for name in WORK}
    equal = here["frontend"] == there["frontend"]
    tell("front end, all golden texts", f"{here['texts']} texts, {'all read alike' if equal else '**differ**'}")
    equal = here["encoder"] == there["encoder"]
    verdict = "the same bits" if equal else "**other bits**"
    tell("`baker` in fp32, what the encoder says", f"{here['clauses']} clauses, {verdict}")
    pairs = comparison.pairs("baker")
    steps = max(float(np.abs(here - there).max()) for here, there in pairs) * 32768
    weakest_db = min(signal_to_noise_db(*pair) for pair in pairs)
    verdict = "" if steps <= STEPS else " **too far**"
    tell(
        "`baker` in fp32, samples",
        f"{len(pairs)} sentences within {steps:.1f} of 32768, the difference {weakest_db:.0f} dB below them{verdict}",
    )
    for engine, name in (("baker8", "`baker` in 8 bits"), ("heart", "`heart`")):
        longer = max(abs(len(here) - len(there)) / len(here) for here, there in comparison.pairs(engine))
        tell(f"{name}, lengths", f"within {1000 * longer:.2f} per mille{'' if longer < 0.01 else ' **too far**'}")
        tell(name, comparison.judged(engine))
    sambert = max(there["sambert"].values())
    verdict = "" if sambert <= SAMBERT else " **too far**"
    tell("Sambert, reference voices", f"{len(there['sambert'])} cases within {sambert:.1g} of the record{verdict}")
    tell(f"Sambert's compiled decoder ({there['kernel']})", box.run(FUZZ))
    tell("slower than the PC, in time of a processor", ", ".join(f"{name} {slower[name]:.0f} times" for name in WORK))
    patience_s = 60 * max(slower.values())
    spoken = json.loads(box.run(DAEMON, PATIENCE=f"{patience_s:.0f}").splitlines()[-1])
    tell("daemon, every door", ", ".join(f"{door} {said} s" for door, said in spoken.items()))
    for engine in ("heart", "baker"):
        check = f"{PROGRAM}/python -m tts_server.engine_check {engine} --limit {2 * patience_s:.0f}"
        tell(f"engine check of `{engine}`", box.run(f"cd /tests; {check}").splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "tts-server-boot")
    parser.add_argument("--again", action="store_true", help="with what was installed and said the last time")
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
