"""PaddleSpeech's streaming server, as xiaozhi's `paddle_speech` speaks it: /paddlespeech/tts/streaming.

One connection says one sentence. The message that ends it carries no sound, and the goodbye is answered: without that
answer a client takes the sentence for lost and asks again.
"""

import base64
import secrets
from typing import Any, Final

from tts_server.audio.pcm import to_s16le
from tts_server.engine import Samples
from tts_server.errors import TTSError
from tts_server.transports.compat.account import options_for
from tts_server.transports.compat.conversation import Conversation, number, object_in, words
from tts_server.transports.compat.listeners import QuietListener
from tts_server.transports.compat.turn import Turn

PATH: Final = "/paddlespeech/tts/streaming"
RATE: Final = 24000  # Hz


class PaddleConversation(Conversation):
    """One connection and its sentence."""

    _session = ""

    async def take(self, message: str | bytes) -> None:
        """See Conversation."""
        found = object_in(message)
        match words(found, "signal"):
            case "start":
                self._session = secrets.token_hex(16)
                await self.say({"status": 0, "signal": "server ready", "session": self._session})
            case "end":
                await self.say({"status": 0, "signal": "connection will be closed", "session": self._session})
            case _:
                await self._say_sentence(found)

    async def _say_sentence(self, found: dict[str, Any]) -> None:
        listener = _Told(self)
        try:
            options = options_for(self.account, "paddlespeech", self._voice(number(found, "spk_id")), sample_rate=RATE)
            turn = Turn(self.account, options)
        except TTSError as error:
            await listener.ended(error, is_stopped=False)
            return
        self.begin(turn, listener)
        turn.text(words(found, "text"))
        turn.end()

    def _voice(self, speaker: float) -> str | None:
        """The first is the default one; those beyond the last are, too."""
        voices = self.account.services.synthesizer.catalogue.voices
        return voices[int(speaker)].name if 0 < speaker < len(voices) else None


class _Told(QuietListener):
    """Tells the client of its sentence."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    async def audio(self, samples: Samples) -> None:
        """See Listener."""
        await self._tell(1, base64.b64encode(to_s16le(samples)).decode())

    async def ended(self, error: TTSError | None, is_stopped: bool) -> None:
        """See Listener."""
        if error is not None:
            await self._conversation.say({"status": -1, "audio": "", "signal": str(error)})
        await self._tell(2, "")

    async def _tell(self, status: int, audio: str) -> None:
        await self._conversation.say({"status": status, "audio": audio})
