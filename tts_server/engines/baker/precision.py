"""In how many bits the acoustic model multiplies: as `[engines.baker] precision` says, or as suits the processor."""

import re
from pathlib import Path
from typing import Final, Literal, NamedTuple

from tts_server.errors import ConfigInvalid

Precision = Literal["int8", "fp32"]
CPUINFO: Final = Path("/proc/cpuinfo")
WANTED: Final = ("auto", "int8", "fp32")
# Instructions that add up products of 8-bit integers in 32 bits: on x86, on ARM.
_DOT_PRODUCTS: Final = ("avx512_vnni", "avx_vnni", "asimddp")


class Choice(NamedTuple):
    """What is used, and why."""

    precision: Precision
    why: str


def check(wanted: str) -> None:
    """Raise ConfigInvalid for what cannot be wanted."""
    if wanted not in WANTED:
        raise ConfigInvalid(f"engines.baker.precision is {wanted!r}; it may be {', '.join(WANTED)}")


def choose(wanted: str, cpuinfo: Path = CPUINFO) -> Choice:
    """cpuinfo: what Linux tells of the processor."""
    if wanted in ("int8", "fp32"):
        return Choice("int8" if wanted == "int8" else "fp32", "the configuration says so")
    if name := dot_products(cpuinfo):
        return Choice("int8", f"the processor has {name}")
    return Choice("fp32", "the processor has no dot products of 8-bit integers")


def dot_products(cpuinfo: Path = CPUINFO) -> str:
    """The processor's name for its dot products of 8-bit integers; "" if it has none, or nothing is known."""
    try:
        told = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    words = {word for line in re.findall(r"^(?:flags|Features)\s*:(.*)$", told, re.MULTILINE) for word in line.split()}
    return next((name for name in _DOT_PRODUCTS if name in words), "")
