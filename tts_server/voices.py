"""Which voices there are, and which one a request gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from protocol.emotions import AUTO, DISTANCES, Distances, canonical, nearest
from tts_server.engine import Voice
from tts_server.errors import EmotionUnknown, EngineLoading, VoiceUnknown

PRELOAD_DEFAULT: Final = "default"  # among the voices to preload: whichever is the default one
LEADING_ENGINES: Final = ("sambert", "baker")  # the first of them that has a voice gives the default one


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The voices of this box, the default one first."""

    voices: tuple[Voice, ...] = ()

    @classmethod
    def of(cls, voices: Sequence[Voice], default: str, disabled: Sequence[str] = ()) -> "Catalogue":
        """All voices that are not disabled; `default` leads, the others keep their order.

        Without a default, the first voice of the best engine leads.
        """
        enabled = [voice for voice in voices if voice.name not in disabled]
        if not default and enabled:
            default = min(enabled, key=_rank).name
        return cls(tuple(sorted(enabled, key=lambda voice: voice.name != default)))

    @property
    def names(self) -> str:
        """The names, for people."""
        return ", ".join(voice.name for voice in self.voices) or "none"

    def choose(self, name: str | None = None, language: str | None = None) -> Voice:
        """The voice of that name, else the first that speaks the language, else the default.

        Raises VoiceUnknown for a name that is not here, EngineLoading while no voice is known at all.
        """
        if not self.voices:
            raise EngineLoading("no voice is available yet; `tts-server voices list` tells what is installed")
        if name:
            for voice in self.voices:
                if voice.name == name:
                    return voice
            raise VoiceUnknown(f"there is no voice {name[:64]!r}; voices here: {self.names}")
        wanted = (language or "").replace("_", "-").casefold().split("-")[0]
        speakers = (voice for voice in self.voices if voice.language.casefold().split("-")[0] == wanted)
        return next(speakers, self.voices[0])


def emotion_for(voice: Voice, name: str, strict: bool = False, distances: Distances = DISTANCES) -> tuple[str, str]:
    """What was asked for as a canonical name or "auto", and what the voice will use for it.

    An emotion nobody knows counts as neutral. With `strict`, it and every fallback raise EmotionUnknown.
    """
    if name.strip().casefold() == AUTO:
        return AUTO, "neutral"
    asked = canonical(name)
    if asked is None and strict:
        raise EmotionUnknown(f"there is no emotion {name[:32]!r}")
    used = nearest(asked or "neutral", voice.emotions, distances)
    if strict and used != asked:
        raise EmotionUnknown(f"voice {voice.name} has no emotion {asked}; it has: {', '.join(voice.emotions)}")
    return asked or "neutral", used


def _rank(voice: Voice) -> int:
    return LEADING_ENGINES.index(voice.engine) if voice.engine in LEADING_ENGINES else len(LEADING_ENGINES)
