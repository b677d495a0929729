"""One text on its way through a conversation: pieces in, samples out, and always an end."""

import logging
from collections import deque
from contextlib import aclosing
from typing import Final, Protocol

import numpy as np

from tts_server.audio.resample import Resampler
from tts_server.engine import Samples
from tts_server.errors import TextBacklog, TextTooLong, TTSError
from tts_server.events import Audio, ContextState, Done, DoneReason, SegmentEnded, SegmentStarted, SpeechOptions
from tts_server.synthesis.context import PART_CHARS
from tts_server.transports.compat.account import Account

log = logging.getLogger(__name__)

_PARTS_AT_ONCE: Final = 4  # some milliseconds' work


class Listener(Protocol):
    """What is told of a turn, in order. Nothing but `ended` comes after a `stop`."""

    async def sentence(self, text: str) -> None:
        """The client's own text of what is heard next."""

    async def audio(self, samples: Samples) -> None:
        """The next samples (N,)."""

    async def sentence_ended(self) -> None:
        """The sentence has been heard."""

    async def ended(self, error: TTSError | None, is_stopped: bool) -> None:
        """The turn is over. error: why not all of it was said."""


class Turn:
    """A context that is fed as its client writes."""

    def __init__(self, account: Account, options: SpeechOptions, sample_rate: int = 0, pad_ms: int = 0) -> None:
        """sample_rate: of what is heard, where the core has none such (Hz); 0: that of the options.

        pad_ms: silence fills the audio up to a multiple of it: encoders of devices keep what fills no frame.
        Raises TTSError.
        """
        self._account = account
        self._context = account.open(options)
        sample_rate = sample_rate or self._context.sample_rate
        self._rate = Resampler(self._context.sample_rate, sample_rate)
        self._pad = sample_rate * pad_ms // 1000
        self._limit = account.services.synthesizer.limits.max_context_chars
        self._pieces: list[str] = []  # of the text, as it came
        self._chars = 0
        self._waiting: deque[str] = deque()  # what the core does not take yet
        self._is_whole = False
        self._is_stopped = False
        self._failure: TTSError | None = None

    def text(self, piece: str) -> None:
        """Add text. What is refused ends the text: what came before it is said, and the end tells why."""
        if self._is_whole or not piece:
            return
        try:
            if self._chars + len(piece) > self._limit:
                raise TextTooLong(
                    f"the whole text has {self._chars + len(piece)} characters; the limit is {self._limit}"
                )
            self._account.spend(len(piece))
        except TTSError as failure:
            self._failure = failure
            self.end()
            return
        self._chars += len(piece)
        self._pieces.append(piece)
        self._waiting += [piece[at : at + PART_CHARS] for at in range(0, len(piece), PART_CHARS)]
        self._feed()

    def end(self) -> None:
        """No more text follows."""
        self._is_whole = True
        self._feed()

    def stop(self) -> None:
        """Stop at once."""
        self._is_whole = self._is_stopped = True
        self._waiting.clear()
        self._context.cancel()

    def close(self) -> None:
        """Let go of a turn that nobody runs."""
        self._context.close()

    async def run(self, listener: Listener) -> None:
        """Speak to the end."""
        samples = 0
        async with aclosing(self._context.events()) as events:
            async for event in events:
                self._feed()
                if isinstance(event, Done):
                    if samples and not self._is_stopped and len(rest := self._rest(samples)):
                        await listener.audio(rest)
                    await listener.ended(self._failure or event.error, self._is_stopped or _was_cut(event))
                elif self._is_stopped and not isinstance(event, Audio):
                    continue  # of the sound, what comes now is its fade
                elif isinstance(event, Audio):
                    if count := len(ready := self._rate.feed(event.samples)):
                        samples += count
                        await listener.audio(ready)
                elif isinstance(event, SegmentStarted):
                    await listener.sentence(self._original(event.start, event.end))
                elif isinstance(event, SegmentEnded):
                    await listener.sentence_ended()

    def _rest(self, samples: int) -> Samples:
        """What the resampler holds, and silence that fills the last frame."""
        rest = self._rate.flush()
        missing = -(samples + len(rest)) % self._pad if self._pad else 0
        return np.pad(rest, (0, missing))

    def _feed(self) -> None:
        """Give the core what it takes, not much at once: every event of the speech brings us here again."""
        for _ in range(_PARTS_AT_ONCE):
            if not (self._takes_text and self._waiting):
                break
            try:
                self._context.text(self._waiting[0])
            except TextBacklog:
                return
            except TTSError as failure:
                self._failure, self._is_whole = failure, True
                self._waiting.clear()
                break
            self._waiting.popleft()
        if self._takes_text and self._is_whole and not self._waiting:
            self._context.end()

    @property
    def _takes_text(self) -> bool:
        return self._context.state not in (ContextState.DONE, ContextState.CANCELLING, ContextState.ENDING)

    def _original(self, start: int, end: int) -> str:
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0][start:end]


def _was_cut(done: Done) -> bool:
    return done.reason in (DoneReason.CANCELLED, DoneReason.PREEMPTED)
