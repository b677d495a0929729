"""In how many bits a voice is computed: as `[engines.sambert] precision` says, or the fastest that is the same voice.

fp32    all of it in floats
bf16    the decoder's weights in half the bits; the vocoder too, where OpenVINO is installed and wins
int8    the vocoder's products of 8-bit integers, as far as the pack has them so; the decoder's weights as in bf16
"""

from typing import Final, Literal, NamedTuple

from tts_server.engines.sambert.packs.pack import Pack
from tts_server.errors import ConfigInvalid
from tts_server.processors import dot_products

Precision = Literal["fp32", "bf16", "int8"]
WANTED: Final = ("auto", "int8", "bf16", "fp32")


class Choice(NamedTuple):
    """What is used, and why."""

    precision: Precision
    why: str


def check(wanted: str, device: str) -> None:
    """Raise ConfigInvalid for what cannot be wanted here."""
    if wanted not in WANTED:
        raise ConfigInvalid(f"engines.sambert.precision is {wanted!r}; it may be {', '.join(WANTED)}")
    if wanted in ("int8", "bf16") and device != "cpu":
        raise ConfigInvalid(f"engines.sambert.precision is {wanted!r}, which is for the processor, not for {device}")
    if wanted == "bf16" and not _is_compiled():
        raise ConfigInvalid("engines.sambert.precision is 'bf16', which needs the compiled decoder")


def choose(wanted: str, pack: Pack, device: str = "cpu") -> Choice:
    """What a voice is loaded with. auto: only what its installation found to be the same voice."""
    for precision in ("fp32", "bf16", "int8"):
        if wanted == precision:
            return Choice(precision, "the configuration says so")
    if device != "cpu":
        return Choice("fp32", f"it runs on {device}")
    if "int8" in pack.passed and (name := dot_products()):
        return Choice("int8", f"it is the same voice, and the processor has {name}")
    if "bf16" in pack.passed and _is_compiled():
        return Choice("bf16", "it is the same voice, and the decoder is compiled")
    return Choice("fp32", "nothing smaller is known to be the same voice and faster here")


def _is_compiled() -> bool:
    """Whether the compiled decoder is to be had."""
    from tts_server.engines.sambert.runtime.kernel import native  # and with it numpy: only where a pack asks

    return native.library() is not None
