"""In how many bits the voice's nets multiply: as `[engines.baker] precision` says, or as suits the processor.

"int8": the decoder and the postnet in 8 bits, the vocoder in 16 if it is compiled. "int16": postnet and vocoder in 16.
"""

from pathlib import Path
from typing import Final, Literal, NamedTuple, cast

from tts_server.engines.baker.kernel import library
from tts_server.errors import ConfigInvalid
from tts_server.processors import CPUINFO, dot_products

Precision = Literal["int8", "int16", "fp32"]
WANTED: Final = ("auto", "int8", "int16", "fp32")


class Choice(NamedTuple):
    """What is used, and why."""

    precision: Precision
    why: str


def check(wanted: str) -> None:
    """Raise ConfigInvalid for what cannot be wanted."""
    if wanted not in WANTED:
        raise ConfigInvalid(f"engines.baker.precision is {wanted!r}; it may be {', '.join(WANTED)}")
    if wanted == "int16" and not has_integers():
        raise ConfigInvalid("engines.baker.precision is 'int16', which needs the compiled nets, and AVX2")


def has_integers() -> bool:
    """Whether postnet and vocoder can be computed in 16 bits."""
    return library.load() is not None


def revised(revision: str, precision: Precision) -> str:
    """The voice's revision with what its samples depend on: recordings of one are not taken for another's."""
    compiled = library.load()
    made = ""
    if precision == "int8" and compiled is not None:
        made = "-compiled" if compiled.has_bytes else "-vocoder"  # all, or only that
    return f"{revision}-{precision}{made}"


def choose(wanted: str, cpuinfo: Path = CPUINFO) -> Choice:
    """cpuinfo: what Linux tells of the processor."""
    if wanted in ("int8", "int16", "fp32"):
        return Choice(cast(Precision, wanted), "the configuration says so")
    if name := dot_products(cpuinfo):
        return Choice("int8", f"the processor has {name}")
    if has_integers():
        return Choice("int16", "the processor has AVX2, but no dot products of 8-bit integers")
    return Choice("fp32", "the processor has no dot products of 8-bit integers")
