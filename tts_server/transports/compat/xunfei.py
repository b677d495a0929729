"""iFLYTEK's streaming synthesis ("super human"), as xiaozhi's `xunfei_stream` speaks it, at /compat/xunfei.

A connection is one turn. The signature in its address is the service's own, and tells nothing here.
"""

import base64
from typing import Any, Final

from tts_server.audio.pcm import to_s16le
from tts_server.engine import Samples
from tts_server.errors import TTSError
from tts_server.transports.compat.account import options_for, percent_louder, times_faster
from tts_server.transports.compat.conversation import Conversation, number, object_in, section, words
from tts_server.transports.compat.listeners import QuietListener
from tts_server.transports.compat.turn import Turn

PATH: Final = "/compat/xunfei"
_FIRST: Final = 0
_NEXT: Final = 1
_LAST: Final = 2
_USUAL: Final = 50  # of 100: speed, volume, pitch
_FAILED: Final = 10_163


class XunfeiConversation(Conversation):
    """One connection and its turn."""

    _turn: Turn | None = None

    async def take(self, message: str | bytes) -> None:
        """See Conversation."""
        found = object_in(message)
        if self._turn is None:
            listener = _Told(self)
            try:
                self._turn = self._open(section(found, "parameter", "tts"))
            except TTSError as error:
                await listener.ended(error, is_stopped=False)
                await self.leave()
                return
            await listener.begin()
            self.begin(self._turn, listener)
        written = section(found, "payload", "text")
        self._turn.text(_decoded(words(written, "text")))
        if number(section(found, "header"), "status") == _LAST or number(written, "status") == _LAST:
            self._turn.end()

    def _open(self, wanted: dict[str, Any]) -> Turn:
        def factor(name: str) -> float:
            return number(wanted, name, _USUAL) / _USUAL

        options = options_for(
            *(self.account, "xunfei", words(wanted, "vcn")),
            sample_rate=round(number(section(wanted, "audio"), "sample_rate", 24000)),
            speed=times_faster(factor("speed") - 1),
            pitch=12 * (factor("pitch") - 1),
            volume=percent_louder(100 * (factor("volume") - 1)),
        )
        return Turn(self.account, options)


class _Told(QuietListener):
    """Tells the client of its turn."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    async def begin(self) -> None:
        """The first message, whose sound its clients drop."""
        await self._tell(_FIRST, b"")

    async def audio(self, samples: Samples) -> None:
        """See Listener."""
        await self._tell(_NEXT, to_s16le(samples))

    async def ended(self, error: TTSError | None, is_stopped: bool) -> None:
        """See Listener."""
        code, message = (0, "success") if error is None else (_FAILED, str(error))
        await self._tell(_LAST, b"", code, message)

    async def _tell(self, status: int, pcm: bytes, code: int = 0, message: str = "success") -> None:
        audio = {"status": status, "audio": base64.b64encode(pcm).decode()}
        await self._conversation.say(
            {"header": {"code": code, "message": message, "status": status}, "payload": {"audio": audio}}
        )


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "ignore")
    except ValueError:
        return ""
