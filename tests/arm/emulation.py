"""A Debian for 64-bit ARM on a PC: debootstrap, and qemu-user through the kernel's binfmt_misc. As root."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.box.machine import copy_root, make_root

SUITE: Final = "bookworm"
PYTHON: Final = "3.11"
PACKAGES: Final = "python3,python3-venv,make,gcc,libc6-dev,iproute2,ca-certificates"
BINFMT: Final = Path("/proc/sys/fs/binfmt_misc")
EMULATOR: Final = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")  # Debian's qemu-user-static; "F": found inside a chroot


def prepare_kernel() -> None:
    """Let the kernel run programs of 64-bit ARM. Systemd does so where it runs; in a container nobody does."""
    if not EMULATOR.is_file():
        raise SystemExit("error: qemu is missing: sudo apt install qemu-user-static debootstrap")
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", str(BINFMT)], check=True)
    if not (BINFMT / "qemu-aarch64").exists():
        (BINFMT / "register").write_text(EMULATOR.read_text(encoding="utf-8").strip(), encoding="utf-8")


class Emulated:
    """Runs commands inside of a copy: the fresh one is a base of images, too."""

    def __init__(self, folder: Path) -> None:
        prepare_kernel()
        fresh = make_root(SUITE, folder, "arm64", PACKAGES)
        self.root = folder / f"{fresh.name}-box"
        if not self.root.exists():
            copy_root(fresh, self.root)

    def run(self, command: str, *, timeout_s: float = 3600, **environment: str) -> str:
        """Run a command as root, in a network of its own that leads nowhere. Raises RuntimeError when it fails."""
        inside = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "chroot", str(self.root)]
        clean = ["env", "-i", *_assignments({"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"} | environment)]
        prepared = f"set -euo pipefail; mount -t proc proc /proc; ip link set lo up; {command}"
        done = subprocess.run(
            [*inside, *clean, "bash", "-c", prepared], capture_output=True, text=True, timeout=timeout_s, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command}: exit code {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
        return done.stdout


def _assignments(environment: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in {"LC_ALL": "C.UTF-8", **environment}.items()]
