"""The compiled layers of the vocoder, if this installation and this processor have them. Imports no numpy: it is asked
for what a voice is, too.
"""

import ctypes
import logging
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

log = logging.getLogger(__name__)

LIBRARY: Final = Path(__file__).with_name("vocoder_layers.so")
NAMES: Final = {"vnni": "AVX-512 VNNI", "avx2": "AVX2", "neon": "NEON"}


class Layers(NamedTuple):
    """The compiled code for a kind of processor."""

    name: str
    has_integers: bool  # products of 16-bit integers, quicker than those of floats
    convolve: Any  # what the vocoder is made of, for tests
    run: Any


@cache
def load() -> Layers | None:
    """The compiled code, or None where it was not built, cannot be loaded, or this processor cannot run it."""
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        log.info("the vocoder of baker runs without compiled code: %s", error)
        return None
    loaded.vocoder_variant.restype = ctypes.c_char_p
    variant = loaded.vocoder_variant().decode("ascii")
    return variant_of(loaded, variant) if variant else None


def variant_of(loaded: ctypes.CDLL, variant: str) -> Layers:
    """What was compiled for that kind of processor, which may be less than this one is."""
    convolve, run = (getattr(loaded, f"vocoder_{name}_{variant}") for name in ("convolve", "run"))
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    convolve.argtypes, convolve.restype = (pointer, pointer, integer, integer, pointer, pointer), None
    run.argtypes = (pointer, pointer, integer, integer, integer, pointer, pointer, pointer)
    return Layers(NAMES[variant], variant != "neon", convolve, run)
