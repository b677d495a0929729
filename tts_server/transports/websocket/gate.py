"""Where a client's text and changes of style enter a context: in order, and without holes."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from protocol import answers, messages
from protocol.errors import ErrorCode
from tts_server.errors import RateLimited, TextBacklog, TTSError
from tts_server.synthesis.context import Context
from tts_server.transports.websocket.rejection import Rejected

MAX_NOTES: Final = 256  # changes of style and flushes whose place has not been reached
RETRY_MS: Final = 500

Note = answers.Applied | answers.Flushed


class TextGate:
    """Takes what is in-band. After a piece of text was refused, it is shut until that piece comes again."""

    def __init__(self, ctx: str, context: Context, max_context_chars: int, spend: Callable[[int], None]) -> None:
        """spend: told the characters of each piece; raises RateLimited when there are too many."""
        self._ctx = ctx
        self._context = context
        self._max_context_chars = max_context_chars
        self._spend = spend
        self._pieces: list[str] = []  # of the text, as it came
        self._is_shut = False
        self.notes: deque[Note] = deque()  # answers that wait for their places
        self.first_text_at: float | None = None

    def text(self, message: messages.Text) -> None:
        """Take a piece of text. Raises Rejected, TTSError."""
        received = self._context.received
        self._check(message.at == received)
        if message.at is not None and message.at != received:
            raise Rejected(ErrorCode.BAD_OFFSET, f"the text goes on at {received}, not at {message.at}", "at", received)
        self._take(message, received)
        self._is_shut = False
        self._pieces.append(message.text)
        if self.first_text_at is None and message.text:
            self.first_text_at = asyncio.get_running_loop().time()
        if message.flush:
            self._flush(message.ref)
        if message.end:
            self._context.end()

    def emotion(self, message: messages.Emotion) -> str:
        """Change the emotion from here on, or for the next segment; returns the one used. Raises Rejected, TTSError."""
        self._check()
        self._check_notes()
        intensity = 1.0 if message.intensity is None else message.intensity
        if message.scope == "segment":
            used = self._context.restyle_segment(message.emotion, intensity)
        else:
            self._context.restyle(emotion=message.emotion, intensity=intensity)
            _, used = self._context.emotion
        at = self._context.received
        self._note(
            answers.Applied(ref=message.ref, ctx=self._ctx, what="emotion", asked=message.emotion, used=used, at=at)
        )
        return used

    def set(self, message: messages.Set) -> None:
        """Change voice, speed, pitch or volume from here on. Raises Rejected, TTSError."""
        self._check()
        self._check_notes()
        controls = {name: getattr(message, name) for name in ("speed", "pitch", "volume")}
        controls = {name: value for name, value in controls.items() if value is not None}
        self._context.restyle(voice=message.voice, **controls)
        asked = {**({"voice": message.voice} if message.voice else {}), **controls}
        used = {**asked, "voice": self._context.voice}
        at = self._context.received
        self._note(answers.Applied(ref=message.ref, ctx=self._ctx, what="set", asked=asked, used=used, at=at))

    def flush(self, message: messages.Flush) -> None:
        """Say what has been sent. Raises Rejected, TTSError."""
        self._check()
        self._flush(message.ref)

    def end(self) -> None:
        """No more text follows. Raises Rejected, TTSError."""
        self._check()
        self._context.end()

    def shut(self) -> int:
        """A piece of text was not taken: refuse all that follows it. Returns where the text must go on."""
        self._is_shut = True
        return self._context.received

    def original(self, start: int, end: int) -> str:
        """The client's own text from code point `start` to `end`."""
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0][start:end]

    def _take(self, message: messages.Text, received: int) -> None:
        chars = len(message.text)
        try:
            self._spend(chars)
            self._context.text(message.text)
        except TextBacklog as error:
            self._is_shut = True
            raise Rejected(ErrorCode.TEXT_BACKLOG, str(error), "text", received, RETRY_MS) from None
        except RateLimited as error:
            self._is_shut = True
            wait_ms = round(1000 * error.retry_after_s)
            raise Rejected(ErrorCode.RATE_LIMITED, str(error), "text", received, wait_ms) from None
        except TTSError:
            if message.end or received + chars > self._max_context_chars:  # it does not come again
                self._context.end()
            raise

    def _flush(self, ref: str | None) -> None:
        self._check_notes()
        self._context.flush()
        self._note(answers.Flushed(ref=ref, ctx=self._ctx))

    def _note(self, note: Note) -> None:
        self._context.note(note)
        self.notes.append(note)

    def _check_notes(self) -> None:
        if len(self.notes) >= MAX_NOTES:
            message = f"{MAX_NOTES} changes and flushes wait for their place in the speech"
            raise Rejected(ErrorCode.TEXT_BACKLOG, message, received=self._context.received, retry_after_ms=RETRY_MS)

    def _check(self, is_expected: bool = False) -> None:
        if self._is_shut and not is_expected:
            received = self._context.received
            message = f'a piece of text was refused before this; go on with a text that has "at": {received}'
            raise Rejected(ErrorCode.TEXT_BACKLOG, message, received=received, retry_after_ms=RETRY_MS)
