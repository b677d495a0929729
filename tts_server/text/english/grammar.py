"""wetext's English grammar for measures that our own table lacks, run by its own engine. Host's side.

It takes 11 MB (28 while it is read) and a third of a second, so it is read when it is first needed, and only then. Our
own rules go before it: alone it says fewer cases of other people's suites right (80 and 68 %, not 100 and 96).
Its numbers are British ("and"), its zero in times is "o": what it says is put into the American convention.
"""

import re

from tts_server.text.linguistic.wetext import Transducer, read_grammar

_AND = re.compile(r"(?<=hundred) and (?=[a-z])|(?<=thousand) and (?=[a-z])|(?<=million) and (?=[a-z])")
_SAID = re.compile(r"[A-Za-z][A-Za-z ,'-]*")


def load() -> tuple[Transducer, Transducer] | None:
    """Tagger and verbalizer, or None where they are not to be had."""
    return read_grammar("en")


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
