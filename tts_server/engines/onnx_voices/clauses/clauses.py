"""A run as tokens of a net that says a clause at once: clause by clause, so that the first is heard soon."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tts_server.engine import Break, Run, Syllable
from tts_server.engines.english import g2p
from tts_server.engines.english.timings import count_groups, word_groups

MAX_TOKENS: Final = 120  # about 6 s of sound. The net takes 510, but is heard only when all of them are done
MIN_TOKENS: Final = 30  # of a clause said alone: the shorter, the less it is understood
GROUP: Final = re.compile(r"\S+")
MARKS: Final = ";:,.!?—…"
MANDARIN_MARKS: Final = str.maketrans("，、。！？；：", ",,.!?;:")
SENTENCE_MARKS: Final = ".!?…"


Spell = Callable[[Syllable], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Alphabet:
    """How a model reads."""

    ids: Mapping[str, int]
    spell: Spell  # a syllable's symbols
    between: str = " "  # between Mandarin words; "" for none
    pace: float = 1.0  # at which it is best understood in Mandarin, as a factor on the speed
    pronounce: Callable[[str], Sequence[str]] = list  # symbols of an English word's phonemes, which are misaki's


@dataclass(slots=True)
class Clause:
    """What the net reads in one go."""

    ids: list[int] = field(default_factory=list)
    units: list[tuple[int, int, int, int]] = field(default_factory=list)  # start and end in the text, first and last id
    break_after: Break = Break.NONE
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class _Part:
    """Symbols of a syllable or word. start < 0: of no place in the text."""

    symbols: Sequence[str]
    mark: str
    start: int
    end: int
    begins_word: bool = True
    break_after: Break = Break.WORD


def clauses_of(run: Run, alphabet: Alphabet) -> list[Clause]:
    """The clauses of a run; none where there is nothing to say."""
    is_mandarin = run.language == "zh"
    parts = list(_mandarin(run, alphabet.spell) if is_mandarin else _english(run, alphabet.pronounce))
    between = alphabet.between if is_mandarin else " "
    clauses = [_clause(group, alphabet.ids, between) for group in _groups(parts)]
    clauses = [clause for clause in clauses if clause.units]
    for clause in clauses:
        clause.pace = alphabet.pace if is_mandarin else 1.0
    if clauses:
        clauses[-1].break_after = run.break_after
    return clauses


def _mandarin(run: Run, spell: Spell) -> Iterator[_Part]:
    firsts = {word.first for word in run.words}
    for index, syllable in enumerate(run.syllables):
        mark = syllable.punctuation.translate(MANDARIN_MARKS)[:1]
        symbols = spell(syllable)
        is_first = index in firsts or not firsts
        mark = mark if mark in MARKS else ""
        yield _Part(symbols, mark, syllable.start, syllable.end, is_first, syllable.break_after)


def _english(run: Run, pronounce: Callable[[str], Sequence[str]]) -> Iterator[_Part]:
    sentences = g2p.phonemes(g2p.text_of(run))
    owned = word_groups([count_groups(g2p.phonemes(g2p.written(word))) for word in run.words], count_groups(sentences))
    owners = {
        group: word for word, (first, last) in zip(run.words, owned, strict=False) for group in range(first, last)
    }
    for number, group in enumerate(GROUP.findall(" ".join(sentences))):
        plain = group.rstrip(MARKS)
        word = owners.get(number)
        start, end = (word.start, word.end) if word else (-1, -1)
        yield _Part(pronounce(plain), group[len(plain) :][:1], start, end)


def _groups(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """Parts up to a mark, or up to as many as the net should read at once."""
    group: list[_Part] = []
    for part in parts:
        if group and _size([*group, part]) > MAX_TOKENS:
            cut = _best_cut(group)
            yield group[:cut]
            group = group[cut:]
        group.append(part)
        if part.mark and (_size(group) >= MIN_TOKENS or part.mark in SENTENCE_MARKS):
            yield group
            group = []
    if group:
        yield group


def _size(group: Sequence[_Part]) -> int:
    return sum(len(part.symbols) + part.begins_word for part in group)


def _best_cut(group: Sequence[_Part]) -> int:
    """Where the second half of a group that is too long has its strongest boundary, the last of several."""
    places = range(max(1, len(group) // 2), len(group) + 1)
    return max(places, key=lambda place: (group[place - 1].break_after, place))


def _clause(parts: Sequence[_Part], ids: Mapping[str, int], between: str) -> Clause:
    clause = Clause()
    for index, part in enumerate(parts):
        joint = " " if index and parts[index - 1].mark else between
        if index and part.begins_word and joint in ids:
            clause.ids.append(ids[joint])
        first = len(clause.ids)
        clause.ids += [ids[symbol] for symbol in part.symbols if symbol in ids]
        if part.start >= 0 and len(clause.ids) > first:
            last = clause.units[-1] if clause.units else None
            if last is not None and last[:2] == (part.start, part.end):
                clause.units[-1] = (*last[:3], len(clause.ids))
            else:
                clause.units.append((part.start, part.end, first, len(clause.ids)))
        if part.mark in ids:
            clause.ids.append(ids[part.mark])
    mark = parts[-1].mark if parts else ""
    clause.break_after = Break.SENTENCE if mark and mark in SENTENCE_MARKS else Break.CLAUSE if mark else Break.NONE
    return clause
