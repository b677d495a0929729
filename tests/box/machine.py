"""A Debian of its own, booted with systemd as process 1: debootstrap and systemd-nspawn, as root."""

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from tests.packaging.lockfile import lines, target

MIRROR: Final = "http://deb.debian.org/debian"
PACKAGES: Final = "systemd,systemd-sysv,dbus,python3,python3-venv,make,iproute2,ca-certificates"
BOOT_S: Final = 90.0


def make_root(suite: str, folder: Path, arch: str = "", packages: str = PACKAGES) -> Path:
    """A fresh Debian of that suite, made once and kept in the folder. arch: of another machine, which qemu emulates."""
    root = folder / (f"{suite}-{arch}" if arch else suite)
    if not (root / "var/lib/dpkg/status").is_file() or (root / "debootstrap").exists():
        machine = [f"--arch={arch}"] if arch else []
        command = ["debootstrap", *machine, "--variant=minbase", f"--include={packages}", suite, str(root), MIRROR]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return root


def copy_root(root: Path, target: Path) -> Path:
    """A copy to change."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(root), str(target)], check=True)
    return target


class Machine:
    """One that can be switched on, used, and have its cord pulled."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._container: subprocess.Popen[bytes] | None = None
        self._first_process = 0

    def switch_on(self) -> float:
        """Boot; seconds until systemd says that it is up."""
        begun = time.monotonic()
        options = ["--private-network", "--register=no", "--keep-unit", "--console=pipe", "--quiet"]
        with (self.root.parent / f"{self.root.name}.console").open("ab") as console:
            self._container = subprocess.Popen(
                ["systemd-nspawn", "--boot", "-D", str(self.root), *options],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        while time.monotonic() < begun + BOOT_S:
            time.sleep(0.2)
            children = Path(f"/proc/{self._container.pid}/task/{self._container.pid}/children").read_text().split()
            if children:
                self._first_process = int(children[0])
                if self.run("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded"):
                    self.run("ip link set lo up")
                    return time.monotonic() - begun
        raise TimeoutError(f"{self.root.name} did not boot within {BOOT_S:g} s")

    def pull_the_cord(self) -> None:
        """Everything ends at once, as in a power cut."""
        assert self._container is not None
        os.kill(self._first_process, signal.SIGKILL)
        self._container.wait()
        self._container = None

    def switch_off(self) -> None:
        """Shut down in order; at most half a minute."""
        if self._container is None:
            return
        self._container.terminate()
        try:
            self._container.wait(30)
        except subprocess.TimeoutExpired:
            self.pull_the_cord()
        self._container = None

    def run(self, command: str, *, check: bool = True, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root. Raises RuntimeError when it fails."""
        done = subprocess.run(self._inside(command), capture_output=True, text=True, timeout=timeout_s, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command}: exit code {done.returncode}: {(done.stdout + done.stderr)[-600:]}")
        return done

    def start(self, command: str) -> subprocess.Popen[str]:
        """Run a command inside while other things happen."""
        return subprocess.Popen(self._inside(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file inside."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)

    def _inside(self, command: str) -> Sequence[str]:
        enter = ["nsenter", "-t", str(self._first_process), "-m", "-u", "-i", "-n", "-p", "--root", "--wd"]
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"]
        return [*enter, "--", *environment, "bash", "-c", f"set -o pipefail; {command}"]


def wheels_for(
    python: str,
    machine: str,
    layers: Sequence[str],
    folder: Path,
    pip: Sequence[str],
    locks: Path,
    only: Container[str] | None = None,
) -> None:
    """Fetch the wheels of lock layers for another Python, into a folder that a box without a network installs from.

    only: of these packages; None: all.
    """
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in (36, 34, 31, 28, 27, 26, 24, 17, 12, 5)]
    platforms += [f"manylinux2014_{machine}", f"linux_{machine}"]
    tags = [f"--platform={name}" for name in platforms]
    wanted = folder / "wanted.txt"
    wanted.write_text("\n".join(_pins(locks, layers, target(python, machine), only)), encoding="utf-8")
    command = [*pip, "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", *tags]
    command += [f"--python-version={python}", "-r", str(wanted), "-d", str(folder)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def _pins(locks: Path, layers: Sequence[str], environment: dict[str, str], only: Container[str] | None) -> list[str]:
    """Lines of locks that apply there, without their markers: pip reads those for the Python it runs in."""
    found = {}
    for layer in layers:
        for line in lines(locks / f"{layer}.txt"):
            named, *hashes = line.split("--hash=")
            requirement = Requirement(named.strip())
            applies = requirement.marker is None or requirement.marker.evaluate(environment)
            if applies and (only is None or requirement.name in only):
                pin = f"{requirement.name}{requirement.specifier}"
                found[pin] = " ".join([pin, *(f"--hash={each.strip()}" for each in hashes)])
    return list(found.values())


def quoted(*words: str) -> str:
    """A command line of words."""
    return shlex.join(words)
