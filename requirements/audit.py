"""Asks PyPI for known holes in every pin that an owner's box may get. Run by `make audit` in an environment of its own.

pip-audit alone says "No known vulnerabilities found" and exits 0 where it could look nothing up; --strict makes a
package that was not looked up a failure.
"""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

FOLDER = Path(__file__).parent
LAYERS = ("base", "build", "sambert", "openvino", "torch")
PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;+\\]+)", re.MULTILINE)  # 2.13.0+cpu is known as 2.13.0
OPTIONS = ("--disable-pip", "--no-deps", "--strict", "--progress-spinner", "off")


def main() -> int:
    """Exit code 0 when every pin was looked up and none has a known hole."""
    versions: dict[str, set[str]] = defaultdict(set)  # a universal lock may hold one for each Python
    for layer in LAYERS:
        for name, version in PIN.findall((FOLDER / f"{layer}.txt").read_text(encoding="utf-8")):
            versions[name].add(version)
    worst = 0
    for number in range(max(map(len, versions.values()))):
        pins = [f"{name}=={sorted(known)[number]}" for name, known in sorted(versions.items()) if number < len(known)]
        sys.stdout.write(f"==> Looking up {len(pins)} pins\n")
        sys.stdout.flush()
        worst = max(worst, audit(pins))
    return worst


def audit(pins: list[str]) -> int:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins) + "\n")
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--requirement", file.name, *OPTIONS]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
