"""Does anything leave the house?  make quiet

Starts the daemon, lets each voice speak, and runs the commands that people run, in an empty home, in a network
namespace where every packet and every name that is asked for is written down. onnxruntime asks after 10, 15 and 24 s.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tests.box.silent_lan import BOX, HTTP_PORT, SilentLan, silent_lan

ROOT = Path(__file__).parent.parent.parent
MODEL = ROOT / "tests/golden/sambert/tiny_nsf_16k"
OURS = re.compile(r"(home/\.(cache|local/share|config)/tts-server(/|$)|spoken)")
ENGINES_READY = "engine host ready"


@dataclass(frozen=True)
class Findings:
    """What was seen that should not be."""

    packets: list[str]
    files: list[str]
    failed: list[str]

    def __bool__(self) -> bool:
        return bool(self.packets or self.files or self.failed)


def environment(folder: Path) -> dict[str, str]:
    """Nothing of ours, nothing of this user's, and nothing that switches a report off."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL")}
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    return {**kept, "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}


def commands(folder: Path) -> Iterator[list[str]]:
    """What people run while the daemon is there, the most telling first; the voices speak through the doors too."""
    server = ("--server", f"http://127.0.0.1:{HTTP_PORT}")
    yield ["say", "The kettle is ready.", "--voice", "heart", *server, "-o", str(folder / "spoken.opus")]
    yield ["say", "今天天气很好。", *server, "--voice", "baker", "-o", str(folder / "spoken.flac")]
    yield ["voices", "install", str(MODEL)]
    yield ["say", "今天天气很好。", "-o", str(folder / "spoken.wav")]
    yield ["bench", "--rounds", "1", "--voice", "baker"]
    yield ["say", "今天天气很好。", *server, "-o", str(folder / "spoken.mp3")]
    yield ["voices", "list"]
    yield ["frontend", "我在2026年3月5日买了3.5kg苹果。"]
    yield ["discover", "--wait", "1", "--interface", BOX]
    yield ["doctor"]


def look(lan: SilentLan, folder: Path, cwd: Path, seconds: float, first: int | None = None) -> Findings:
    """Run everything, or the first few commands, for at least so many seconds. cwd: the checkout that is looked at."""
    program = [sys.executable, "-m", "tts_server"]
    settings = {**environment(folder), **lan.settings}
    failed = []
    with _daemon(lan, program, cwd, settings) as log:
        begun = time.monotonic()
        for arguments in islice(commands(folder), first):
            done = subprocess.run(
                [*lan.inside, *program, *arguments], cwd=cwd, env=settings, capture_output=True, text=True, check=False
            )
            if done.returncode != 0 and arguments[0] != "doctor":  # it finds fault with a box that has no clock
                failed.append(f"{' '.join(arguments)}: {done.stderr[-300:]}")
        time.sleep(max(0.0, begun + seconds - time.monotonic()))
        if log.poll() is not None:
            failed.append(f"the daemon ended with {log.returncode}")
    return Findings(sorted(set(lan.packets())), foreign_files(folder), failed)


def foreign_files(folder: Path) -> list[str]:
    """Files in the home and the folder for temporary ones that are not ours."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(name for name in found if not OURS.match(name) and name != "seen.jsonl")


@contextmanager
def _daemon(lan: SilentLan, program: list[str], cwd: Path, settings: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [*lan.inside, *program, "run"]
    with subprocess.Popen(command, cwd=cwd, env=settings, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        try:
            for line in daemon.stderr:
                if ENGINES_READY in line:
                    break
            yield daemon
        finally:
            daemon.terminate()
            daemon.stderr.read()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--checkout", type=Path, default=ROOT, help="another checkout to look at")
    chosen = parser.parse_args()
    worst = 0
    for routed in (False, True):
        with tempfile.TemporaryDirectory() as name, silent_lan(Path(name), routed=routed) as lan:
            found = look(lan, Path(name), chosen.checkout, chosen.seconds)
        where = "with a route to the watcher" if routed else "no route"
        print(f"{where}, {chosen.seconds:g} s: {'NOT QUIET' if found else 'quiet'}")
        for kind in ("packets", "files", "failed"):
            for each in getattr(found, kind):
                print(f"  {kind}: {each}")
        worst = max(worst, int(bool(found)))
    return worst


if __name__ == "__main__":
    sys.exit(main())
