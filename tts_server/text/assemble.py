"""Parts of an utterance (words and marks) to runs: stretches in one language, said in one way. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tts_server.text.linguistic.part import Part
from tts_server.text.linguistic.segment import Pause, Segment, Style, Unfinished
from tts_server.text.linguistic.utterance import Break, Prosody, Run, Syllable, Word
from tts_server.text.mandarin.breaks import mark_break

_PAUSING_MARKS = "？?！!…。.；;：:，,、—"  # the mark a syllable keeps is the first of these in a cluster, by this order
_OPENING, _CLOSING = "（(【", "）)】"
_ASIDE_SYLLABLES = 2  # in brackets are said apart from the rest; fewer, as in 他（她）, are not


@dataclass(slots=True)
class _Draft:
    """A run being built."""

    language: str
    prosody: Prosody
    parts: list[Part] = field(default_factory=list)
    pause_ms: int | None = None


def runs_of(parts: Iterable[Part], segment: Segment) -> tuple[Run, ...]:
    """Group parts into runs, cut at changes of language or style and at pauses; positions become the client's."""
    drafts: list[_Draft] = []
    styles = [span for span in segment.spans if isinstance(span, Style)]
    pauses = sorted((span for span in segment.spans if isinstance(span, Pause)), key=lambda pause: pause.at)
    for part in _with_asides(list(parts)):
        if not part.language:
            if drafts and drafts[-1].parts:
                drafts[-1].parts.append(part)
            continue
        while pauses and pauses[0].at <= part.start:
            _pause(drafts, pauses.pop(0))
        prosody = next(
            (style.prosody for style in reversed(styles) if style.start <= part.start < style.end), Prosody()
        )
        last = drafts[-1] if drafts else None
        if last is None or last.pause_ms is not None or (last.language, last.prosody) != (part.language, prosody):
            drafts.append(_Draft(part.language, prosody))
        drafts[-1].parts.append(part)
    for pause in pauses:
        _pause(drafts, pause)
    place = _places(segment)
    is_finished = not any(isinstance(span, Unfinished) for span in segment.spans)
    return tuple(_run(draft, place, is_last=is_finished and draft is drafts[-1]) for draft in drafts)


def _with_asides(parts: list[Part]) -> list[Part]:
    """The parts, a clause's break at brackets that hold enough to be said apart."""
    opened: list[tuple[int, int]] = []  # which part, and how many syllables were before it
    syllables = 0
    for index, part in enumerate(parts):
        if part.language:
            syllables += len(part.syllables) or _ASIDE_SYLLABLES
            continue
        for mark in part.text:
            if mark in _OPENING:
                opened.append((index, syllables))
            elif mark in _CLOSING and opened:
                opening, before = opened.pop()
                if syllables - before >= _ASIDE_SYLLABLES:
                    for edge in (opening, index):
                        parts[edge] = replace(parts[edge], break_after=Break.CLAUSE)
    return parts


def _pause(drafts: list[_Draft], pause: Pause) -> None:
    """Put an exact pause after what was said so far; before the first word it is a run of its own, without text."""
    if not drafts:
        drafts.append(_Draft("zh", Prosody()))
    drafts[-1].pause_ms = (drafts[-1].pause_ms or 0) + pause.ms


def _places(segment: Segment) -> Callable[[int, int], tuple[int, int]]:
    """Positions in the segment's text to the client's; an end hugs its last character, so markup stays outside."""
    offsets = segment.offsets

    def place(start: int, end: int) -> tuple[int, int]:
        if start >= end:
            return offsets[start], offsets[start]
        return offsets[start], min(offsets[end], offsets[end - 1] + 1)

    return place


def _run(draft: _Draft, place: Callable[[int, int], tuple[int, int]], *, is_last: bool) -> Run:
    if not draft.parts:
        start, _ = place(0, 0)
        return Run(draft.language, "", start, start, prosody=draft.prosody, pause_ms=draft.pause_ms)
    syllables: list[Syllable] = []
    words: list[Word] = []
    strength = Break.NONE
    for part in draft.parts:
        if not part.language:
            strength = max(strength, mark_break(part.text), part.break_after)
            if syllables:
                syllables[-1] = _punctuated(syllables[-1], part)
            continue
        first = len(syllables)
        syllables += (_placed(syllable, place) for syllable in part.syllables)
        words.append(Word(part.text, *place(part.start, part.end), first, len(syllables), part.phones, part.own))
        strength = part.break_after
    strength = max(strength, Break.WORD) if not is_last or strength > Break.WORD else Break.SENTENCE
    if syllables:
        syllables[-1] = replace(syllables[-1], break_after=strength)
    start, end = place(draft.parts[0].start, draft.parts[-1].end)
    return Run(
        draft.language,
        _text(draft),
        start,
        end,
        tuple(words),
        tuple(syllables),
        draft.prosody,
        strength,
        draft.pause_ms,
    )


def _text(draft: _Draft) -> str:
    space = "" if draft.language == "zh" else " "
    text = ""
    for part in draft.parts:
        text += part.text if part.glued or not text else space + part.text
    return text


def _punctuated(syllable: Syllable, marks: Part) -> Syllable:
    mark = next((mark for mark in _PAUSING_MARKS if mark in marks.text), "")
    strength = max(syllable.break_after, marks.break_after, mark_break(marks.text) if mark else Break.NONE)
    return replace(syllable, punctuation=mark or syllable.punctuation, break_after=strength)


def _placed(syllable: Syllable, place: Callable[[int, int], tuple[int, int]]) -> Syllable:
    start, end = place(syllable.start, syllable.end)
    return replace(syllable, start=start, end=end)
