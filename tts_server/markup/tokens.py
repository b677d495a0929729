"""What the readers of markup make of a client's text: characters with their places, and cues between them. Pure.

Characters   text to speak
EmotionCue   another emotion from here on
VoiceCue     another voice from here on
Gap          an exact pause here
Stop         a sentence ends here, whatever its last sign
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """How markup wants some characters said, on top of how its context speaks. Characters of one element share one."""

    element: int = 0  # where the element stands: two neighbours that say the same are still two
    speed: float = 1.0  # factor
    pitch: float = 0.0  # semitones to add
    volume: float = 0.0  # dB to add
    reading: str = ""  # pinyin with tone digits, space-separated; or IPA between slashes
    interpret_as: str = ""  # as SayAs


@dataclass(frozen=True, slots=True)
class Characters:
    """Text to speak; offsets[i] is where text[i] stood in the client's text."""

    text: str
    offsets: tuple[int, ...]
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class EmotionCue:
    """From here on, this emotion; None is the one that the context began with."""

    name: str | None  # any spelling
    intensity: float | None = None  # None: the normal one, or the context's own where the name is None


@dataclass(frozen=True, slots=True)
class VoiceCue:
    """From here on, this voice; None is the one that the context began with."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing is heard here for so long."""

    ms: int
    is_added: bool = False  # besides the pause of the sentence before, not in place of it


@dataclass(frozen=True, slots=True)
class Stop:
    """A sentence ends here."""


Cue = EmotionCue | VoiceCue
Token = Characters | Cue | Gap | Stop
