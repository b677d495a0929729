"""Which voices there are, and which one a request gets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from protocol.emotions import AUTO, DISTANCES, EMOTIONS, Distances, canonical, is_known, nearest
from tts_server.engine import Voice
from tts_server.errors import ConfigInvalid, EmotionUnknown, EngineLoading, TTSError, VoiceUnknown

SEPARATOR: Final = "||"  # "baker||happy": a voice and a mood, as Home Assistant Cloud names a voice's styles
PRELOAD_DEFAULT: Final = "default"  # among the voices to preload: whichever is the default one
LEADING_ENGINES: Final = ("sambert", "baker")  # the first of them that has a voice gives the default one
# A language whose letters show it.
_SCRIPTS: Final = (
    ("zh", re.compile("[〇㐀-䶿一-鿿\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("en", re.compile("[A-Za-zÀ-ɏ]")),
)

_KOKORO: Final = {"z": "zh", "a": "en", "b": "en"}  # the first letter of its voices' names


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The voices of this box, the default one first."""

    voices: tuple[Voice, ...] = ()
    disabled: tuple[str, ...] = ()  # voices that are here and not offered

    @classmethod
    def of(cls, voices: Sequence[Voice], default: str, disabled: Sequence[str] = ()) -> "Catalogue":
        """All voices that are not disabled; `default` leads, the others keep their order.

        Without a default, the first voice of the best engine leads.
        """
        enabled = [voice for voice in voices if voice.name not in disabled]
        if not default and enabled:
            default = min(enabled, key=_rank).name
        hidden = tuple(voice.name for voice in voices if voice.name in disabled)
        return cls(tuple(sorted(enabled, key=lambda voice: voice.name != default)), hidden)

    @property
    def why_silent(self) -> TTSError:
        """What is told whoever wants to hear something while no voice can speak."""
        if self.disabled and not self.voices:
            return ConfigInvalid(f"voices.disabled takes away every voice of this box: {', '.join(self.disabled)}")
        return EngineLoading("no voice is ready to speak: the engines are loading, or no voice is installed")

    @property
    def names(self) -> str:
        """The names, for people."""
        return ", ".join(voice.name for voice in self.voices) or "none"

    def choose(self, name: str | None = None, language: str | None = None) -> Voice:
        """The voice of that name, else the first that speaks the language, else the default.

        A mood behind the name and capitals do not matter here. Raises VoiceUnknown for a name that is not here,
        EngineLoading while no voice is known at all, ConfigInvalid where all are disabled.
        """
        if not self.voices:
            raise self.why_silent
        if name:
            if (found := self.find(split_name(name)[0])) is None:
                raise VoiceUnknown(f"there is no voice {name[:64]!r}; voices here: {self.names}")
            return found
        wanted = primary_language(language or "")
        speakers = (voice for voice in self.voices if primary_language(voice.language) == wanted)
        return next(speakers, self.voices[0])

    def find(self, name: str) -> Voice | None:
        """The voice of that name, its capitals apart."""
        exact = (voice for voice in self.voices if voice.name == name)
        near = (voice for voice in self.voices if voice.name.casefold() == name.casefold())
        return next(exact, None) or next(near, None)

    def unspoken(self, text: str) -> int:
        """How many letters of a text are in a language that no voice here speaks: they are left out."""
        spoken = {language for voice in self.voices for language in voice.speaks}
        has_latin = not spoken <= {"zh"}  # any other language here is written in Latin letters
        silent = [
            pattern for language, pattern in _SCRIPTS if not (has_latin if language == "en" else language in spoken)
        ]
        return sum(len(pattern.findall(text)) for pattern in silent)

    def speaker_of(self, text: str, voice: Voice) -> Voice:
        """Who says a text that `voice` is to say: the first other one that can, where it can say none of it."""
        languages = [language for language, pattern in _SCRIPTS if pattern.search(text)]
        is_own = "en" in languages and not set(voice.speaks) <= {"zh", "en"}  # Latin letters are its own as well
        if not languages or is_own or set(languages) & set(voice.speaks):
            return voice
        others = (other for other in self.voices if set(languages) & set(other.speaks))
        return next(others, voice)


def voice_like(name: str, catalogue: Catalogue) -> Voice | None:
    """A voice for the name of another engine's: of its language and gender, as far as the name tells; else the default.

    None while no voice is known.
    """
    if not catalogue.voices:
        return None
    language, gender = _told_by(name.casefold())
    default = catalogue.voices[0].language.partition("-")[0]
    alike = [voice for voice in catalogue.voices if voice.language.partition("-")[0] == (language or default)]
    fitting = [voice for voice in alike if not gender or voice.gender == gender]
    return next(iter([*fitting, *alike, *catalogue.voices]))


def _told_by(name: str) -> tuple[str, str]:
    """Language and gender; empty for what a name does not tell. `zf_xiaoxiao`, `zh-CN-YunxiNeural`, `en_female_amy`."""
    words = re.split(r"[^a-z]+", name)
    gender = next((word for word in words if word in ("female", "male")), "")
    if kokoro := re.match(r"([a-z])([fm])_", name):
        return _KOKORO.get(kokoro[1], ""), gender or {"f": "female", "m": "male"}[kokoro[2]]
    return next((word for word in words if word in ("zh", "en")), ""), gender


def primary_language(tag: str) -> str:
    """The language itself: "zh" of "zh-CN" and "zh_TW"."""
    return tag.replace("_", "-").casefold().split("-")[0]


def split_name(name: str) -> tuple[str, str | None]:
    """The voice's own name, and the mood behind it: "baker||happy"."""
    voice, _, mood = name.partition(SEPARATOR)
    return voice.strip(), mood.strip() or None


def check_emotion(name: str | None) -> None:
    """Raise EmotionUnknown for what is no emotion in any spelling."""
    if name and not is_known(name):
        raise EmotionUnknown(unknown_emotion(name))


def unknown_emotion(name: str) -> str:
    """What to say of a word that is no emotion."""
    return f"there is no emotion {name[:32]!r}; emotions are {', '.join(EMOTIONS)}, and their other names"


def emotion_for(voice: Voice, name: str, strict: bool = False, distances: Distances = DISTANCES) -> tuple[str, str]:
    """What was asked for as a canonical name or "auto", and what the voice will use for it.

    An emotion nobody knows counts as neutral. With `strict`, it and every fallback raise EmotionUnknown.
    """
    if name.strip().casefold() == AUTO:
        return AUTO, "neutral"
    asked = canonical(name)
    if asked is None and strict:
        raise EmotionUnknown(unknown_emotion(name))
    used = nearest(asked or "neutral", voice.emotions, distances)
    if strict and used != asked:
        raise EmotionUnknown(f"voice {voice.name} has no emotion {asked}; it has: {', '.join(voice.emotions)}")
    return asked or "neutral", used


def _rank(voice: Voice) -> int:
    return LEADING_ENGINES.index(voice.engine) if voice.engine in LEADING_ENGINES else len(LEADING_ENGINES)
