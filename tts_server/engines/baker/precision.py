"""In how many bits the acoustic model multiplies: as `[engines.baker] precision` says, or as suits the processor."""

from pathlib import Path
from typing import Final, Literal, NamedTuple

from tts_server.errors import ConfigInvalid
from tts_server.processors import CPUINFO, dot_products

Precision = Literal["int8", "fp32"]
WANTED: Final = ("auto", "int8", "fp32")


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
