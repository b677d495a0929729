"""A share of the processors for a process and its children, by its control group (versions 1 and 2; needs root)."""

import contextlib
import itertools
import os
import shlex
import sys
import time
from collections.abc import Generator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000
_NUMBERS = itertools.count()


@contextlib.contextmanager
def quota(cores: float, folder: Path) -> Generator[Path]:
    """A program that runs this Python, held to so much of a processor. folder: where it may be written."""
    name = f"tts-scale-{os.getpid()}-{next(_NUMBERS)}"
    group = _version_2(name, cores) if (_GROUPS / "cgroup.controllers").exists() else _version_1(name, cores)
    program = folder / f"{name}.sh"
    program.write_text(
        f'#!/bin/sh\necho $$ > {shlex.quote(str(group))}/cgroup.procs\nexec {shlex.quote(sys.executable)} "$@"\n'
    )
    program.chmod(0o755)
    try:
        yield program
    finally:
        _remove(group)


def _version_1(name: str, cores: float) -> Path:
    group = _GROUPS / "cpu" / name
    group.mkdir()
    (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
    (group / "cpu.cfs_quota_us").write_text(str(round(cores * _PERIOD_US)))
    return group


def _version_2(name: str, cores: float) -> Path:
    group = _GROUPS / name
    group.mkdir()
    (group / "cpu.max").write_text(f"{round(cores * _PERIOD_US)} {_PERIOD_US}")
    return group


def _remove(group: Path) -> None:
    """When the last process in it is gone, which takes a moment."""
    for _ in range(100):
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.05)
