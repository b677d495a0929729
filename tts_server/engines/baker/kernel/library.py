"""The compiled layers of the vocoder, if this installation and this processor have them. Imports no numpy: it is asked
for what a voice is, too.
"""

import ctypes
import logging
from functools import cache
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

LIBRARY: Final = Path(__file__).with_name("vocoder_layers.so")


@cache
def load() -> ctypes.CDLL | None:
    """The compiled code, or None where it was not built, cannot be loaded, or this processor cannot run it."""
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        log.info("the vocoder of baker runs without compiled code: %s", error)
        return None
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    loaded.vocoder_convolve.argtypes = (pointer, pointer, integer, integer, pointer, pointer)
    loaded.vocoder_unit.argtypes = (*[pointer] * 4, integer, pointer, pointer)
    loaded.vocoder_narrow.argtypes = (*[pointer] * 3, *[integer] * 4, pointer)
    loaded.vocoder_narrow.restype = loaded.vocoder_convolve.restype = loaded.vocoder_unit.restype = None
    return loaded if loaded.vocoder_is_possible() else None
