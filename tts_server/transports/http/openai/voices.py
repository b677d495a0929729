"""OpenAI's 13 voice names to the voices of this box."""

import itertools
from collections.abc import Mapping
from typing import Final

from protocol.openai_api import VOICES, VoiceId
from tts_server.voices import SEPARATOR, Catalogue, split_name, voice_like

_MEN: Final = ("ash", "ballad", "cedar", "echo", "fable", "onyx", "verse")  # as OpenAI's own sound


def voice_for(name: str | VoiceId | None, catalogue: Catalogue, chosen: Mapping[str, str]) -> str | None:
    """The voice here for a name: ours, or one of OpenAI's, a mood behind it or not; None: the default one.

    OpenAI's names go to the voices that speak the default voice's language, women's to women's, in turn.
    """
    wanted = name.id if isinstance(name, VoiceId) else name
    if not wanted:
        return None
    voice, mood = split_name(wanted)
    found = _named(voice, catalogue, {name.casefold(): ours for name, ours in chosen.items()})
    return found if found is None or mood is None else f"{found}{SEPARATOR}{mood}"


def like(name: str, catalogue: Catalogue) -> tuple[str, str]:
    """For the name of another engine's voice one of ours, and what to tell of it; the name and nothing for ours."""
    voice, mood = split_name(name)
    if catalogue.find(voice) is not None or (found := voice_like(voice, catalogue)) is None:
        return name, ""
    spoken = found.name if mood is None else f"{found.name}{SEPARATOR}{mood}"
    return spoken, f"there is no voice {voice[:64]!r}; {found.name} speaks"


def _named(wanted: str, catalogue: Catalogue, chosen: Mapping[str, str]) -> str | None:
    folded = wanted.casefold()
    if folded in chosen and catalogue.find(chosen[folded]) is not None:
        return chosen[folded]
    if catalogue.find(wanted) is not None or folded not in VOICES:
        return wanted
    if not catalogue.voices:
        return None
    wanted = folded
    alike = [voice for voice in catalogue.voices if voice.language == catalogue.voices[0].language]
    gender = "male" if wanted in _MEN else "female"
    fitting = [voice.name for voice in alike if voice.gender == gender] or [catalogue.voices[0].name]
    group = [name for name in VOICES if (name in _MEN) == (gender == "male")]
    return dict(zip(group, itertools.cycle(fitting), strict=False))[wanted]
