"""A run as a Piper voice's ids: sentences of at most 300, each with the words or syllables that its ids stand for.

Phonemes of type `espeak` have a pad behind each; those of type `pinyin` behind each syllable or mark.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from tts_server.engine import Break, Run, Syllable
from tts_server.engines.english import g2p
from tts_server.engines.english.timings import count_groups, word_groups
from tts_server.engines.onnx_voices.piper.config import Settings
from tts_server.engines.onnx_voices.piper.espeak import Espeak, espeak
from tts_server.engines.onnx_voices.piper.ipa import espeak_ipa

MAX_IDS: Final = 300  # a longer sentence costs memory by its square
BOS, EOS, PAD = "^", "$", "_"
GROUP: Final = re.compile(r"\S+")
MARKS: Final = ".!?,;:"  # what voices know; others are read as the nearest of these
OTHER_MARKS: Final = str.maketrans({"—": ",", "–": ",", "…": ".", "，": ",", "、": ",", "。": ".", "；": ";", "：": ":",
                                    "！": "!", "？": "?", "“": "", "”": "", '"': "", "(": ",", ")": ","})  # fmt: skip
INITIALS: Final = re.compile("zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]")
ZERO: Final = "Ø"  # the initial of a syllable without one
CLAUSE: Final = re.compile(r"\S.*?(?:[.!?,;:]+(?=\s|$)|$)", re.S)


@dataclass(slots=True)
class Line:
    """What the net reads in one go."""

    ids: list[int] = field(default_factory=list)
    units: list[tuple[int, int, int, int]] = field(default_factory=list)  # start and end in the text, first and last id
    tail: int = 0  # ids at the end that are no sound: the last mark, the end
    break_after: Break = Break.NONE


@dataclass(frozen=True, slots=True)
class _Part:
    """Symbols of one word or syllable, and the mark behind it. start < 0: it is no unit of its own."""

    symbols: Sequence[str]
    mark: str
    start: int
    end: int


def lines_of(run: Run, settings: Settings) -> list[Line]:
    """The lines of a run; none where there is nothing that the voice can say."""
    sentences = _sentences(run, settings)
    lines = [_line(parts, settings) for sentence in sentences for parts in _divided(sentence, settings)]
    lines = [line for line in lines if line.units or len(line.ids) > 4]
    for line in lines[:-1]:
        line.break_after = line.break_after or Break.WORD
    if lines:
        lines[-1].break_after = run.break_after
    return lines


def _sentences(run: Run, settings: Settings) -> Iterator[list[_Part]]:
    if settings.phoneme_type == "pinyin":
        return _mandarin(run)
    has_own = any(word.own for word in run.words)  # in our phonemes, as their owner wants them said
    return _by_espeak(run, espeak(settings.espeak)) if settings.espeak and not has_own else _latin(run, settings)


def _by_espeak(run: Run, program: Espeak) -> Iterator[list[_Part]]:
    """Clause by clause: the program drops marks, and pauses where it knows one."""
    parts: list[_Part] = []
    words = list(run.words)
    for clause in CLAUSE.findall(run.text.translate(OTHER_MARKS)):
        plain = clause.rstrip(MARKS)
        groups = program.phonemes(plain)
        written = words[: len(plain.split())]
        words = words[len(written) :]
        owned = word_groups([len(program.phonemes(word.text)) for word in written], len(groups))
        owners = {
            group: word for word, (first, last) in zip(written, owned, strict=False) for group in range(first, last)
        }
        for index, group in enumerate(groups):
            word = owners.get(index)
            mark = clause[len(plain) :][:1] if index == len(groups) - 1 else ""
            parts.append(_Part(tuple(group), mark, *((word.start, word.end) if word else (-1, -1))))
        if parts and parts[-1].mark in (".", "!", "?"):
            yield parts
            parts = []
    if parts:
        yield parts


def _mandarin(run: Run) -> Iterator[list[_Part]]:
    """Initial, final and tone as in a dictionary: such voices learn sandhi from context."""
    parts = []
    for syllable in run.syllables:
        mark = syllable.punctuation if syllable.punctuation in "。？！，" else "，" if syllable.punctuation else ""
        parts.append(_Part(split_pinyin(syllable), mark, syllable.start, syllable.end))
        if mark and mark in "。？！":
            yield parts
            parts = []
    if parts:
        yield parts


def split_pinyin(syllable: Syllable) -> tuple[str, ...]:
    """ "zhong1" as ("zh", "ong", "1"); 儿化 is said as a syllable of its own."""
    plain, tone = syllable.pinyin[:-1], syllable.pinyin[-1]
    retroflex = len(plain) > 2 and plain.endswith("r") and plain != "er"
    plain = plain.removesuffix("r") if retroflex else plain
    found = INITIALS.match(plain)
    initial = found[0] if found and len(found[0]) < len(plain) else ""
    symbols = (initial or ZERO, plain[len(initial) :], tone)
    return (*symbols, ZERO, "er", "5") if retroflex else symbols


def _latin(run: Run, settings: Settings) -> Iterator[list[_Part]]:
    """IPA as espeak writes it, or letters; each written word owns the spoken ones that came of it."""
    phoneme_type = settings.phoneme_type
    spoken = g2p.phonemes(g2p.text_of(run)) if phoneme_type == "espeak" else [run.text.lower()]
    counts = [
        count_groups(g2p.phonemes(g2p.written(word)) if phoneme_type == "espeak" else [word.text]) for word in run.words
    ]
    owned = word_groups(counts, count_groups(spoken))
    owners = {group: index for index, (first, last) in enumerate(owned) for group in range(first, last)}
    position = 0
    for sentence in spoken:
        parts = []
        for group in GROUP.findall(sentence.translate(OTHER_MARKS)):
            word = run.words[owners[position]] if position in owners else None
            plain = group.strip(MARKS)
            mark = group[len(group.rstrip(MARKS)) :][:1]
            symbols = espeak_ipa(plain) if phoneme_type == "espeak" else plain
            start, end = (word.start, word.end) if word else (-1, -1)
            parts.append(_Part(tuple(symbols), mark, start, end))
            position += 1
        if parts:
            yield parts


def _divided(parts: Sequence[_Part], settings: Settings) -> Iterator[list[_Part]]:
    """A sentence in lines of at most 300 ids, ended at a mark where there is one."""
    while parts:
        size, fits = 0, 0
        for part in parts:
            size += 2 * len(part.symbols) + 4
            if size > MAX_IDS and fits:
                break
            fits += 1
        if fits < len(parts):
            fits = next((at for at in range(fits, fits // 2, -1) if parts[at - 1].mark), fits)
        yield list(parts[:fits])
        parts = parts[fits:]


def _line(parts: Sequence[_Part], settings: Settings) -> Line:
    ids, line = settings.ids, Line()
    is_pinyin = settings.phoneme_type == "pinyin"

    def add(symbols: Iterable[str], pads: bool) -> None:
        for symbol in symbols:
            if symbol in ids:
                line.ids += [*ids[symbol], *(ids[PAD] if pads else ())]

    add([BOS], pads=not is_pinyin)
    for index, part in enumerate(parts):
        if index and not is_pinyin:
            add([" "], pads=True)
        first = len(line.ids)
        if is_pinyin:
            for group in range(0, len(part.symbols), 3):
                add(part.symbols[group : group + 2], pads=False)
                add(part.symbols[group + 2 : group + 3], pads=True)
        else:
            add(part.symbols, pads=True)
        if part.start >= 0 and len(line.ids) > first:
            line.units.append((part.start, part.end, first, len(line.ids)))
        end = len(line.ids)
        add(part.mark, pads=True)
    add([EOS], pads=False)
    line.tail = len(line.ids) - end
    line.units = [_together(list(same)) for _, same in groupby(line.units, key=lambda unit: unit[:2])]
    line.break_after = (
        Break.SENTENCE if parts[-1].mark in tuple(".!?。！？") else Break.CLAUSE if parts[-1].mark else Break.NONE
    )
    return line


def _together(units: list[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    """Spoken words of one written word."""
    return (*units[0][:3], units[-1][3])
