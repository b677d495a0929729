"""The compiled nets of the voice, if this installation and this processor have them. Imports no numpy: it is asked
for what a voice is, too.
"""

import ctypes
import logging
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

log = logging.getLogger(__name__)

LIBRARY: Final = Path(__file__).with_name("vocoder_layers.so")
NAMES: Final = {"vnni": "AVX-512 VNNI", "avx2": "AVX2"}


class Layers(NamedTuple):
    """The compiled code for a kind of processor."""

    name: str
    has_bytes: bool  # products of 8-bit integers, quicker than the 16-bit ones that all have
    convolve: Any  # what nets are made of, for tests
    vocoder: Any
    postnet: Any

    def has(self, precision: str) -> bool:
        """Whether products of "int8" or "int16" are quicker than floats."""
        return {"int8": self.has_bytes, "int16": True}.get(precision, False)


@cache
def load() -> Layers | None:
    """The compiled code, or None where it was not built, cannot be loaded, or this processor cannot run it."""
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
        loaded.vocoder_variant.restype = ctypes.c_char_p
        variant = loaded.vocoder_variant().decode("ascii")
        return variant_of(loaded, variant) if variant else None
    except (OSError, AttributeError) as error:  # not there, or built from other sources
        log.info("baker runs without compiled code: %s", error)
        return None


def variant_of(loaded: ctypes.CDLL, variant: str) -> Layers:
    """What was compiled for that kind of processor, which may be less than this one is."""
    names = ("vocoder_convolve", "vocoder_run", "postnet_run")
    convolve, vocoder, postnet = (getattr(loaded, f"{name}_{variant}") for name in names)
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    convolve.argtypes, convolve.restype = (pointer, pointer, integer, integer, pointer, pointer), None
    vocoder.argtypes = postnet.argtypes = (pointer, pointer, integer, integer, integer, pointer, pointer, pointer)
    return Layers(NAMES[variant], variant == "vnni", convolve, vocoder, postnet)
