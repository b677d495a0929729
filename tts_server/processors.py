"""How many processors this process may use, as far as affinity and the cgroup's quota let it; and what they can do."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_CGROUPS: Final = Path("/sys/fs/cgroup")
_OWN: Final = Path("/proc/self/cgroup")
CPUINFO: Final = Path("/proc/cpuinfo")
# Instructions that add up products of 8-bit integers in 32 bits: on x86, on ARM.
_DOT_PRODUCTS: Final = ("avx512_vnni", "avx_vnni", "asimddp")


def usable_processors(groups: Path = _CGROUPS, own: Path = _OWN) -> int:
    """At least 1. A quota of one and a half processors counts as one: a thread beyond it is stopped again and again."""
    try:
        known = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        known = os.cpu_count() or 1
    return max(1, int(min([known, *_quotas(groups, own)])))


def dot_products(cpuinfo: Path = CPUINFO) -> str:
    """The processor's name for its dot products of 8-bit integers; "" if it has none, or nothing is known."""
    try:
        told = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    words = {word for line in re.findall(r"^(?:flags|Features)\s*:(.*)$", told, re.MULTILINE) for word in line.split()}
    return next((name for name in _DOT_PRODUCTS if name in words), "")


def _quotas(groups: Path, own: Path) -> Iterator[float]:
    """Processors granted by each cgroup that we are in, those above it included."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2
            yield from _each(groups, path, _version_2)
        elif "cpu" in controllers.split(","):
            for mount in (controllers, "cpu"):
                yield from _each(groups / mount, path, _version_1)


def _each(mount: Path, path: str, read: Callable[[Path], float]) -> Iterator[float]:
    # Inside a container the path may be the host's, which is not there: its last parent is the container's own group.
    inside = mount / path.lstrip("/")
    for folder in (inside, *inside.parents):
        if not folder.is_relative_to(mount):
            return
        try:
            yield read(folder)
        except (OSError, ValueError):
            continue


def _version_2(folder: Path) -> float:
    """Raises ValueError for "max"."""
    quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
    return int(quota) / int(period)


def _version_1(folder: Path) -> float:
    """Raises ValueError for -1, which is no quota."""
    quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="utf-8"))
    if quota <= 0:
        raise ValueError("no quota")
    return quota / int((folder / "cpu.cfs_period_us").read_text(encoding="utf-8"))
