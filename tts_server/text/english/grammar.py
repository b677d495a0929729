"""wetext's English grammar for measures that our own table lacks, run by its own engine. Host's side.

It takes 41 MB and a third of a second, so it is read when it is first needed, and only then. Its numbers are British
("and"), its zero in times is "o": what it says is put into the American convention.
"""

import logging
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

log = logging.getLogger(__name__)

Transducer = Callable[[str], str]

_AND = re.compile(r"(?<=hundred) and (?=[a-z])|(?<=thousand) and (?=[a-z])|(?<=million) and (?=[a-z])")
_SAID = re.compile(r"[A-Za-z][A-Za-z ,'-]*")


@cache
def load() -> tuple[Transducer, Transducer] | None:
    """Read tagger and verbalizer, or None where they are not to be had."""
    spec = find_spec("wetext")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "fsts" / "en" / "tn"
    try:
        make = import_module("kaldifst").TextNormalizer
        return make(str(folder / "tagger.fst")), make(str(folder / "verbalizer.fst"))
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        log.warning("wetext's English grammar cannot be used, rare measures are read by plain rules: %s", error)
        return None


def say(written: str) -> str | None:
    """What wetext says for a short piece such as "5 tbsp"; None when it does not know or leaves something unsaid."""
    transducers = load()
    if transducers is None:
        return None
    tagger, verbalizer = transducers
    try:
        tagged = tagger(written)
        if not tagged.startswith("measure {"):
            return None
        spoken = verbalizer(tagged).strip()
    except RuntimeError:  # it raises on some signs
        return None
    if not _SAID.fullmatch(spoken):
        return None
    return _AND.sub(" ", spoken).replace("negative", "minus")
