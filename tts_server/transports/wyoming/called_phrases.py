"""`phrase:NAME` in place of a text: what the house keeps under that name is said, in its own voice and manner."""

import logging
from typing import Final

from tts_server.errors import PhraseUnknown, VoiceUnknown
from tts_server.synthesis.context import Context
from tts_server.user_data.phrases import MAX_NAME_CHARS, Phrases

log = logging.getLogger(__name__)

PREFIX: Final = "phrase:"
_MAX_CHARS: Final = len(PREFIX) + MAX_NAME_CHARS


class CalledPhrase:
    """A text on its way into a context, held back as long as it may be the call of a phrase."""

    def __init__(self, phrases: Phrases | None) -> None:
        """phrases: None holds nothing back."""
        self._phrases = phrases
        self._held = ""
        self._is_open = phrases is not None

    def take(self, text: str) -> str:
        """The next of the text; returns what is to be said of it now."""
        if not self._is_open:
            return text
        self._held += text
        begun = self._held.lstrip()
        if len(begun) <= _MAX_CHARS and (begun.startswith(PREFIX) or PREFIX.startswith(begun)):
            return ""
        return self._let_go()

    def end(self, context: Context) -> str:
        """No more comes: what is still to be said, the context turned to the phrase's manner where it was one."""
        held = self._let_go()
        name = held.strip().removeprefix(PREFIX)
        if self._phrases is None or not held.strip().startswith(PREFIX):
            return held
        try:
            phrase = self._phrases.get(name)
        except PhraseUnknown as error:
            log.warning("%s; its name is said", error)
            return name
        controls = {key: getattr(phrase, key) for key in ("intensity", "speed", "pitch", "volume")}
        try:
            context.restyle(phrase.voice, phrase.emotion, **controls)
        except VoiceUnknown as error:
            log.warning("the phrase %.64r: %s; the default voice says it", name, error)
            context.restyle(None, phrase.emotion, **controls)
        return phrase.text

    def _let_go(self) -> str:
        held, self._held, self._is_open = self._held, "", False
        return held
