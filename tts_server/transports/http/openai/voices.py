"""OpenAI's 13 voice names to the voices of this box."""

import itertools
from collections.abc import Mapping
from typing import Final

from protocol.openai_api import VOICES, VoiceId
from tts_server.voices import Catalogue

_MEN: Final = ("ash", "ballad", "cedar", "echo", "fable", "onyx", "verse")  # as OpenAI's own sound


def voice_for(name: str | VoiceId | None, catalogue: Catalogue, chosen: Mapping[str, str]) -> str | None:
    """The voice here for a name: ours, or one of OpenAI's; None: the default one.

    OpenAI's names go to the voices that speak the default voice's language, women's to women's, in turn.
    """
    wanted = name.id if isinstance(name, VoiceId) else name
    if wanted is None:
        return None
    ours = [voice.name for voice in catalogue.voices]
    if wanted in chosen and chosen[wanted] in ours:
        return chosen[wanted]
    if wanted in ours or wanted not in VOICES:
        return wanted
    if not catalogue.voices:
        return None
    alike = [voice for voice in catalogue.voices if voice.language == catalogue.voices[0].language]
    gender = "male" if wanted in _MEN else "female"
    fitting = [voice.name for voice in alike if voice.gender == gender] or [catalogue.voices[0].name]
    group = [name for name in VOICES if (name in _MEN) == (gender == "male")]
    return dict(zip(group, itertools.cycle(fitting), strict=False))[wanted]
