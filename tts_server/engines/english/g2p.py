"""English text to phonemes by hibari's rules and lexicons, which are misaki's. All engines share them."""

import re
import threading
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from tts_server.engines.english import word_tables
from tts_server.text.linguistic.utterance import Run, Word

# hibari knows only these signs, and finds the end of a sentence by the space after it.
MARKS: Final = str.maketrans({"，": ", ", "、": ", ", "。": ". ", "！": "! ", "？": "? ", "；": "; ", "：": ": "})

# Words that end a sentence, and that hibari takes for abbreviations: it reads "I said no." as "I said number".
# Abbreviations have been written out before a text comes here.
_NO_ABBREVIATION: Final = re.compile(r"\b(no|fig|ed|est|ch)\.", re.IGNORECASE)

# hibari spells the names of numbers beyond 21 digits, and fails beyond 36: those are read digit by digit.
_LONG_NUMBER: Final = re.compile(r"(?:\d,?){22,}")

_loading = threading.Lock()
_loaded: Callable[[str], str] | None = None


def load() -> Callable[[str], str]:
    """Read the lexicons, once; what is given makes phonemes of one sentence. Thread-safe."""
    global _loaded
    with _loading:
        if _loaded is None:
            _loaded = _small() or _large()
        return _loaded


def _small() -> Callable[[str], str] | None:
    """None where hibari's files are not those that our table was made of."""
    if (table := word_tables.load()) is None:
        return None
    from tts_server.engines.english.small_g2p import SmallG2P

    g2p: Callable[[str], str] = SmallG2P(table, word_tables.assets())
    return g2p


def _large() -> Callable[[str], str]:
    from hibari.g2p import G2P

    g2p: Any = G2P()
    g2p.oov("qzx")  # all that is lazy in it is made here, before threads share it
    said: Callable[[str], str] = g2p
    return said


def written(word: Word) -> str:
    """A word as hibari takes it: with its phonemes, where an owner gives them."""
    return f"[{word.text}](/{word.own}/)" if word.own else word.text


def text_of(run: Run, write: Callable[[Word], str] = written) -> str:
    """The text of a run, each of its words written as hibari takes it."""
    text, at = run.text, 0
    for word in run.words:
        place = text.find(word.text, at)
        if place >= 0:
            said = write(word)
            text = text[:place] + said + text[place + len(word.text) :]
            at = place + len(said)
    return text


def _plain_digit(sign: str) -> str:
    """hibari fails at digits that are no decimals, such as ¹ or ①."""
    return str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isdecimal() else sign


def with_plain_words(text: str) -> str:
    """The text with words that end a sentence kept from being read as abbreviations, and no number beyond names."""
    if not text.isascii():
        text = "".join(map(_plain_digit, text))
    text = _LONG_NUMBER.sub(lambda number: " ".join(number[0].replace(",", "")), text)
    return _NO_ABBREVIATION.sub(r"\1 .", text)


def phonemes(text: str) -> list[str]:
    """A phoneme string for each sentence, words separated by spaces, marks behind them."""
    from hibari import Hibari

    g2p = load()
    spoken = (g2p(sentence) for sentence in Hibari.split_sentences(with_plain_words(text.translate(MARKS))))
    return [sentence for sentence in spoken if sentence]
