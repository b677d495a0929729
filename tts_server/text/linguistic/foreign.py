"""Text in a language that nobody reads here: words and marks as they stand, for a voice that reads them. Pure."""

import re
from collections.abc import Iterator

from tts_server.text.linguistic.part import Part

_WORD_OR_MARKS = re.compile(r"(?P<word>[^\W_]+(?:[.,:'’-][^\W_]+)*)|(?P<marks>[^\w\s]+)")


def parts_of(text: str, language: str) -> Iterator[Part]:
    """Numbers stay digits: whoever says them knows their names."""
    for found in _WORD_OR_MARKS.finditer(text):
        if found["word"]:
            yield Part(language, found[0], *found.span())
        else:
            yield Part("", found[0], *found.span(), glued=True)
