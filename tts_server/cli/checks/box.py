"""Checks of the machine: its clock, memory, disk and processor."""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tts_server.cli.checks.finding import Check, Finding
from tts_server.config.paths import cache_folder, state_folder
from tts_server.config.settings import Config
from tts_server.processors import usable_processors

NEEDED_MIB: Final = 600  # both embedded voices and the daemon, with room to breathe
LOW_MIB: Final = 250
DISK_MIB: Final = 300
HOT_C: Final = 80.0
_SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")
# What onnxruntime's kernels use, best first, by machine.
_FEATURES: Final = {"x86_64": ("avx512f", "avx2", "fma", "avx"), "aarch64": ("asimddp", "fphp", "asimd")}
_WANTED: Final = {"x86_64": "avx2", "aarch64": "asimd"}


def clock(config: Config) -> Sequence[Finding]:
    """Is the time right? Signed tokens, night mode and the log go by it."""
    if time.gmtime().tm_year < 2026:
        return [Finding("clock", "bad", time.strftime("it is %Y-%m-%d here"), "set the clock: `timedatectl`")]
    now = time.strftime("%Y-%m-%d %H:%M %Z")
    if _SYNCHRONISED.exists() or _timedatectl() == "yes":
        return [Finding("clock", "good", f"{now}, kept right over the network")]
    if _timedatectl() == "no":
        return [Finding("clock", "note", f"{now}, not kept right over the network", "`sudo timedatectl set-ntp true`")]
    return [Finding("clock", "good", now)]


def memory(config: Config) -> Sequence[Finding]:
    """Is there room for the voices?"""
    facts = dict(_meminfo())
    free, total = facts["MemAvailable"] // 1024, facts["MemTotal"] // 1024
    found = f"{free} of {total} MiB available"
    if free < LOW_MIB:
        return [Finding("memory", "bad", found, f"the embedded voices want {NEEDED_MIB} MiB: stop other programs")]
    if total < NEEDED_MIB:
        return [Finding("memory", "note", found, 'keep to one voice: voices.disabled = ["heart"]')]
    return [Finding("memory", "good", found)]


def disk(config: Config) -> Sequence[Finding]:
    """Can voices and speech be kept?"""
    findings = []
    for kind, folder in (("voices", state_folder()), ("cache", config.cache.folder or cache_folder())):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free // 2**20
        found = f"{kind}: {folder}, {free} MiB free"
        if free < DISK_MIB:
            findings.append(Finding("disk", "bad", found, "make room, or set cache.disk_bytes lower"))
        elif not os.access(there, os.W_OK):
            findings.append(
                Finding("disk", "note", f"{found}; not ours to write", "the service has folders of its own")
            )
        else:
            findings.append(Finding("disk", "good", found))
    return findings


def processor(config: Config) -> Sequence[Finding]:
    """Has it what the engines' kernels are made for, and is it cool?"""
    machine = platform.machine()
    flags = _flags()
    known = [name for name in _FEATURES.get(machine, ()) if name in flags]
    cores = os.cpu_count() or 1
    granted = f"{usable_processors()} of {cores} cores" if usable_processors() < cores else f"{cores} cores"
    found = f"{granted}, {machine}, {', '.join(known) or 'no vector units that are known here'}"
    findings = []
    if machine not in _FEATURES:
        findings.append(Finding("processor", "bad", found, "the packages exist for x86_64 and aarch64 only"))
    elif _WANTED[machine] not in flags and flags:
        findings.append(Finding("processor", "note", found, "speech will be slow; see `tts-server bench`"))
    else:
        findings.append(Finding("processor", "good", found))
    if (hottest := _temperature()) is not None and hottest >= HOT_C:
        text = f"{hottest:.0f} °C: it slows itself down"
        findings.append(Finding("processor", "note", text, "give it a heat sink or a fan"))
    return findings


def _timedatectl() -> str:
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _meminfo() -> list[tuple[str, int]]:
    """Names and KiB."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return [(name, int(rest.split()[0])) for name, _, rest in (line.partition(":") for line in lines)]


def _flags() -> set[str]:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


def _temperature() -> float | None:
    """Of the hottest part, in °C."""
    found = []
    for sensor in Path("/sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            found.append(int(sensor.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return max(found, default=None)


CHECKS: Final[dict[str, Check]] = {"clock": clock, "memory": memory, "disk": disk, "processor": processor}
