"""wetext's grammars, one language at a time, run by their own engine. Host's side.

`import wetext` would build the grammars of three languages both ways: 43 MB, 0.27 s.
"""

import logging
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

log = logging.getLogger(__name__)

Transducer = Callable[[str], str]


@cache
def read_grammar(language: str) -> tuple[Transducer, Transducer] | None:
    """Tagger and verbalizer of a language, "zh" or "en"; None where they are not to be had."""
    spec = find_spec("wetext")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "fsts" / language / "tn"
    try:
        make = import_module("kaldifst").TextNormalizer
        return make(str(folder / "tagger.fst")), make(str(folder / "verbalizer.fst"))
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        log.warning("wetext's grammar for %s cannot be used, plain rules read on without it: %s", language, error)
        return None
