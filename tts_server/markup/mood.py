"""The mood of a sentence, as far as it is plain: words, negation, who it is about, punctuation. Offline, pure.

Conservative: a wrong mood is heard and a missing one is not, so most sentences are neutral. Judged by
tests/markup/mood_cases.tsv, half of which was set aside while the words and rules were made.
"""

import re
from dataclasses import dataclass
from typing import Final

from tts_server.markup.mood_words import ABOUT, ENGLISH_NEGATIONS, NEGATIONS, OTHERS, STRESS, WORDS

THRESHOLD: Final = 0.8
MARGIN: Final = 0.3  # that the best mood must have over the next
EXCLAMATION: Final = 0.3  # what ! adds to a mood that is there
STRESSED: Final = 0.2  # what a word like 真 or 太 adds
MAX_CHARS: Final = 200  # of a sentence that are looked at
LESS: Final = 0.7  # intensity of a mood that is just plain enough
NORMAL: Final = 1.0
_SURE: Final = 1.1  # score from which on the intensity is the normal one
_NEGATION_REACH: Final = 3
_ENGLISH_NEGATION_REACH: Final = 14
_CLAUSE = re.compile(r"[，,。！？!?；;…\n：:]")
_STOP = re.compile(r"[。！？!?；;…\n.]['\"”’」』）)]*\s*$")
_LATIN = re.compile(r"[a-z]")
_OTHERS_FIRST = re.compile(rf"^(?:{'|'.join(sorted(OTHERS, key=len, reverse=True))})")
_SPEAKER = re.compile(r"我|咱|你|您|\b(?:i|i'm|we|you)\b")


@dataclass(frozen=True, slots=True)
class Mood:
    """An emotion by its canonical name, and how strong it is."""

    emotion: str
    intensity: float


NO_MOOD: Final = Mood("neutral", NORMAL)


def mood_of(sentence: str) -> Mood:
    """The mood of one sentence; NO_MOOD unless it is plain."""
    text = sentence[:MAX_CHARS].casefold().replace("’", "'")
    if ABOUT.search(text):
        return NO_MOOD
    scores = {emotion: _score(text, words) for emotion, words in _PATTERNS.items()}
    ranked = sorted(scores.items(), key=lambda item: item[1], reverse=True)
    (emotion, best), (_, second) = ranked[0], ranked[1]
    if best <= 0:
        return NO_MOOD
    best += EXCLAMATION * ("！" in text or "!" in text) + STRESSED * any(word in text for word in STRESS)
    if "？" in text or (text.rstrip().endswith("?") and emotion not in ("surprise", "angry", "anxious")):
        best -= EXCLAMATION * (emotion not in ("surprise", "angry", "anxious"))
    if best < THRESHOLD or best - second < MARGIN:
        return NO_MOOD
    return Mood(emotion, NORMAL if best >= _SURE else LESS)


def _score(text: str, words: "re.Pattern[str]") -> float:
    """How plainly the words of one mood are in the text: the strongest of them counts, the next ones a little."""
    found = sorted(
        (_WEIGHTS[match[0]] for match in words.finditer(text) if _is_meant(text, match.start(), match[0])),
        reverse=True,
    )
    return found[0] + 0.2 * min(len(found) - 1, 2) if found else 0.0


def _is_meant(text: str, at: int, word: str) -> bool:
    """Whether a word tells the speaker's own mood: it is not denied, and its clause is not about somebody else."""
    clause_start = max((mark.end() for mark in _CLAUSE.finditer(text, 0, at)), default=0)
    before = text[clause_start:at]
    if _LATIN.match(word):
        near = before[-_ENGLISH_NEGATION_REACH:]
        return not any(re.search(rf"{re.escape(negation)}\b", near) for negation in ENGLISH_NEGATIONS)
    near = before[-_NEGATION_REACH:]
    if any(negation in near for negation in NEGATIONS if not _is_part_of_word(near, negation)):
        return False
    clause = before.strip()
    return _OTHERS_FIRST.match(clause) is None or _SPEAKER.search(clause) is not None


def _is_part_of_word(near: str, negation: str) -> bool:
    """不得了, 了不起: the sign is there, the denial is not."""
    return negation == "不" and any(word in near for word in ("不得了", "了不起", "不禁", "不由"))


def _pattern(words: dict[str, float]) -> "re.Pattern[str]":
    """Any of the words, the longest first; Latin ones stand alone."""
    ordered = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"\b{re.escape(word)}\b" if word[0].isascii() else re.escape(word) for word in ordered))


_WEIGHTS: Final = {word: weight for words in WORDS.values() for word, weight in words.items()}
_PATTERNS: Final = {emotion: _pattern(words) for emotion, words in WORDS.items()}


class MoodFollower:
    """Tells the mood of segments that come one after the other: the rest of a sentence keeps that of its beginning."""

    def __init__(self) -> None:
        self._open = NO_MOOD  # of the sentence that has not ended

    def mood_of(self, segment: str) -> Mood:
        """The mood of the next segment."""
        mood = mood_of(segment)
        if mood == NO_MOOD:
            mood = self._open
        self._open = NO_MOOD if _STOP.search(segment) else mood
        return mood
