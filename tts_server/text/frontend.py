"""The front end: a segment of text in, words, syllables, breaks and language runs out. Host's side, pure, thread-safe.

    load_first(own_words)       once, before the first sentence: what plain text needs
    load(own_words)             all of it: what digits, signs and English words need too (about 0.3 s)
    analyse(segment) -> Sentence
    describe(sentences) -> dict the same as JSON-able values, for the command line

Never raises for any text; a text with nothing to say gives a sentence without runs.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tts_server.text.assemble import runs_of
from tts_server.text.english import arpabet, english, heteronyms, own_words
from tts_server.text.linguistic import foreign
from tts_server.text.linguistic.aligned import Aligned
from tts_server.text.linguistic.dictionary import Dictionary
from tts_server.text.linguistic.ipa import is_sayable
from tts_server.text.linguistic.language import unreadable
from tts_server.text.linguistic.mentions import mentioned
from tts_server.text.linguistic.part import Part
from tts_server.text.linguistic.segment import Language, Reading, SayAs, Segment
from tts_server.text.linguistic.utterance import Sentence
from tts_server.text.mandarin import mandarin, normalise, readings, words
from tts_server.text.mandarin.mandarin import Piece

_HAN = "〇㐀-䶿一-鿿\uf900-\ufaff\U00020000-\U0003ffff"
_STRETCH = re.compile(
    rf"(?P<zh>[{_HAN}]+)|(?P<en>[A-Za-zÀ-ɏ](?:[^{_HAN}]*[A-Za-zÀ-ɏ])?)|(?P<other>[^{_HAN}A-Za-zÀ-ɏ]+)"
)
_HAS_HAN = re.compile(f"[{_HAN}]")
_OWN_HAN = frozenset(("ja", "yue", "nan", "wuu", "hak"))  # languages that Chinese characters are written for, too
OURS = ("zh", "en")  # languages that are read here; others are left to the voice that speaks them
_PINYIN = re.compile(r"[a-zêü:]+[1-5]")
_PLAIN = Segment("今天天气好。", tuple(range(7)))
_WARM_UP = Segment("今天2026年3月5日，5mol，OK。", tuple(range(21)))


_dictionary = Dictionary()


def load_first(own_words: Mapping[str, str] | None = None) -> None:
    """Read what Chinese characters without digits and signs need. Idempotent, for any thread.

    own_words: the owner's dictionary, word to pinyin or to other text; None leaves the one there is.
    """
    global _dictionary
    if own_words is not None:
        _dictionary = Dictionary.of(own_words)
    words.load()
    readings.load()
    analyse(_PLAIN)


def load(own_words: Mapping[str, str] | None = None) -> None:
    """Read all lexicons, rules and the normaliser's grammar, and say one sentence to oneself. See `load_first`."""
    load_first(own_words)
    normalise.load()
    arpabet.load()
    analyse(_WARM_UP)


def use_dictionary(own_words: Mapping[str, str]) -> None:
    """Read with another dictionary from now on."""
    global _dictionary
    _dictionary = Dictionary.of(own_words)


def spoken(text: str) -> dict[str, Any]:
    """How a text is read, and how else each of its characters could be: what `describe` tells, with `others`."""
    described = describe([analyse(Segment(text, tuple(range(len(text) + 1))))])
    for sentence in described["sentences"]:
        for syllable in sentence["syllables"]:
            syllable["others"] = readings.alternatives(syllable["char"], but=syllable["pinyin"])
    return described


def analyse(segment: Segment, language: str = "zh") -> Sentence:
    """Analyse one segment. Positions in the result are code points of the client's text.

    language: the voice's own, for what does not tell of itself; a `Language` span says otherwise.
    """
    if _is_foreign(segment, language):
        parts = foreign.parts_of(_written(segment.text), language)
        return Sentence(segment.text, segment.text, runs_of(parts, segment))
    language = next((span.code for span in segment.spans if isinstance(span, Language)), language)
    dictionary = _dictionary
    forced = [
        (_say_as(segment.text[span.start : span.end], span.interpret_as), span.start, span.end)
        for span in sorted((s for s in segment.spans if isinstance(s, SayAs)), key=lambda s: s.start)
    ]
    forced += dictionary.texts(segment)
    forced.sort(key=lambda piece: piece[1])
    aligned = normalise.normalise(segment.text, tuple(forced), language)
    own = dictionary.readings(segment)
    own += (
        found
        for found in mentioned(segment.text, readings.alternatives, readings.of_word)
        if not _is_decided(found, segment, own)
    )
    parts = _parts(aligned, segment, own)
    return Sentence(segment.text, aligned.text, runs_of(parts, segment))


def _say_as(text: str, interpret_as: str) -> str:
    from tts_server.text.mandarin.spoken_forms import say_as  # see `normalise`: its patterns take long to make

    return say_as(text, interpret_as)


def _is_foreign(segment: Segment, language: str) -> bool:
    """Whether its voice alone reads a text; what says its language is read here, and most Chinese characters."""
    is_told = any(isinstance(span, Language) for span in segment.spans)
    return language not in OURS and not is_told and (language in _OWN_HAN or not _HAS_HAN.search(segment.text))


def _is_decided(found: Reading, segment: Segment, own: Sequence[Reading]) -> bool:
    """Whether somebody has already said how some of a stretch is read."""
    spans = [*(span for span in segment.spans if isinstance(span, Reading | SayAs)), *own]
    return any(span.start < found.end and found.start < span.end for span in spans)


def explain(sentences: Iterable[Sentence]) -> dict[str, Any]:
    """Say what chose each reading, and how many letters nobody reads.

    "phrase", "rule", "usual" or "english"; "given" where the owner, the client or the text itself says how.
    """
    said = list(sentences)
    rows: list[dict[str, str]] = []
    for sentence in said:
        first = len(rows)
        for match in _STRETCH.finditer(sentence.normalised):
            if match["zh"]:
                rows += [
                    {"char": char, "word": word, "pinyin": pinyin, "by": by}
                    for char, word, pinyin, by in readings.explain(match["zh"])
                ]
            elif match["en"]:
                rows.append({"char": match["en"], "word": match["en"], "pinyin": "", "by": "english"})
        _note_given([row for row in rows[first:] if row["pinyin"]], sentence)
    return {"readings": rows, "skipped": sum(unreadable(sentence.text) for sentence in said)}


def _note_given(rows: Sequence[dict[str, str]], sentence: Sentence) -> None:
    """Put right what is said otherwise than tables and rules have it."""
    spoken = [
        (char, syllable.pinyin)
        for run in sentence.runs
        for syllable in run.syllables
        for char in (syllable.char if len(syllable.char) < 3 else "")
    ]
    if [row["char"] for row in rows] != [char for char, _ in spoken]:
        return
    for row, (_, pinyin) in zip(rows, spoken, strict=True):
        if row["pinyin"] != pinyin and pinyin[-2:-1] != "r":  # huar1 is hua1 with er5
            row.update(pinyin=pinyin, by="given")


def describe(sentences: Iterable[Sentence]) -> dict[str, Any]:
    """Say as JSON-able values what was found in each sentence."""
    return {"sentences": [_describe(sentence) for sentence in sentences]}


def _describe(sentence: Sentence) -> dict[str, Any]:
    syllables = [syllable for run in sentence.runs for syllable in run.syllables]
    return {
        "text": _printable(sentence.text),
        "normalized": sentence.normalised,
        "words": [word.text for run in sentence.runs for word in run.words],
        "syllables": [
            {"char": s.char, "pinyin": s.pinyin, "spoken": s.spoken, "from": s.start, "to": s.end} for s in syllables
        ],
        "breaks": [{"after": index, "level": int(s.break_after)} for index, s in enumerate(syllables) if s.break_after],
        "runs": [{"language": run.language, "from": run.start, "to": run.end} for run in sentence.runs],
    }


def _printable(text: str) -> str:
    """The text with lone surrogates replaced, so that it can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _written(text: str) -> str:
    """The text without lone surrogates."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def _parts(aligned: Aligned, segment: Segment, own: Sequence[Reading]) -> Iterator[Part]:
    """Words and marks in order. own: readings of the owner's words; those the client gives are said as they stand."""
    neighbours: list[Piece] = []  # Mandarin that is said in one go
    for piece in _pieces(aligned, segment, own):
        if isinstance(piece, Piece):
            neighbours.append(piece)
            continue
        if neighbours:
            yield from mandarin.parts_of(neighbours)
            neighbours = []
        yield piece
    if neighbours:
        yield from mandarin.parts_of(neighbours)


def _pieces(aligned: Aligned, segment: Segment, own: Sequence[Reading]) -> Iterator[Piece | Part]:
    """Mandarin in pieces, everything else in parts; stretches with a given reading are pieces of their own."""
    exact = [span for span in segment.spans if isinstance(span, Reading)]
    done = 0
    for span in sorted((*exact, *own), key=lambda span: span.start):
        pinyin = _PINYIN.findall(span.said.lower().replace("ü", "v").replace("u:", "v"))
        first = bisect_left(aligned.starts, span.start, done)
        last = bisect_left(aligned.starts, span.end, first)
        if first < last and is_sayable(span.said):
            yield from _plain_pieces(aligned, done, first)
            part = own_words.part(segment.text, span)
            yield part
            done = bisect_left(aligned.starts, part.end, last)
        elif pinyin and first < last:
            yield from _plain_pieces(aligned, done, first)
            text = _written(segment.text[span.start : span.end])
            one_by_one = len(text) == span.end - span.start
            starts = range(span.start, span.end) if one_by_one else [span.start] * len(text)
            ends = range(span.start + 1, span.end + 1) if one_by_one else [span.end] * len(text)
            yield Piece(text or "?", starts or [span.start], ends or [span.end], pinyin, span in exact)
            done = last
    yield from _plain_pieces(aligned, done, len(aligned.text))


def _plain_pieces(aligned: Aligned, first: int, last: int) -> Iterator[Piece | Part]:
    for match in _STRETCH.finditer(aligned.text, first, last):
        starts, ends = aligned.starts[match.start() : match.end()], aligned.ends[match.start() : match.end()]
        if match["zh"]:
            yield Piece(match["zh"], starts, ends)
        elif match["en"]:
            yield from _english_parts(match["en"], starts, ends)
        else:
            yield from _marks(match["other"], starts, ends)


def _english_parts(text: str, starts: Sequence[int], ends: Sequence[int]) -> Iterator[Part]:
    sounds = heteronyms.sounds(text)
    for piece in english.pieces(text):
        start, end = starts[piece.start], ends[piece.end - 1]
        if piece.is_word and (said := sounds.get(piece.start)):
            yield Part("en", piece.text, start, end, phones=own_words.arpabet(said), own=said)
        elif piece.is_word:
            phones = "AH0" if piece.is_article else arpabet.phones(piece.text)
            yield Part("en", piece.text, start, end, phones=phones)
        else:
            yield from _marks(piece.text, starts[piece.start : piece.end], ends[piece.start : piece.end])


def _marks(text: str, starts: Sequence[int], ends: Sequence[int]) -> Iterator[Part]:
    """Punctuation as one cluster; other signs are not sayable and go."""
    kept = [index for index, char in enumerate(text) if unicodedata.category(char)[0] == "P" or char == "\n"]
    if kept:
        marks = "".join(text[index] for index in kept if text[index] != "\n")
        yield Part("", marks, starts[kept[0]], ends[kept[-1]], glued=True)
