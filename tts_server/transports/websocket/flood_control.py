"""When a peer has tried our patience: messages too fast, and messages that make no sense. Pure."""

from typing import Final

from protocol.errors import CloseCode, ErrorCode
from tts_server.transports.message_rate import RateLimit

_FORGIVEN_PER_S: Final = 0.1
_WARNINGS: Final = 3  # for sending too fast, within _WARNINGS_S; then the connection is closed
_WARNINGS_S: Final = 10.0
_COUNTED: Final = (
    *(ErrorCode.BAD_JSON, ErrorCode.BAD_MESSAGE, ErrorCode.BAD_FIELD, ErrorCode.UNKNOWN_TYPE),
    ErrorCode.BAD_STATE,
)


class FloodControl:
    """Counts what one connection does wrong."""

    def __init__(self, messages_per_s: int, messages_burst: int, bad_messages: int) -> None:
        self._rate = RateLimit(messages_per_s, messages_burst)
        self._warnings = RateLimit(1 / _WARNINGS_S, _WARNINGS - 1)
        self._errors = RateLimit(_FORGIVEN_PER_S, bad_messages - 1)

    def may_send(self, now: float) -> bool:
        """Whether one more message may come now."""
        return self._rate.take(now)

    def warn(self, now: float) -> int | None:
        """One was told to slow down. The code to close with if that was too often."""
        return None if self._warnings.take(now) else CloseCode.RATE_LIMITED

    def count_error(self, code: ErrorCode, now: float) -> int | None:
        """A message was answered with this error. The code to close with if that was too often."""
        if code not in _COUNTED or self._errors.take(now):
            return None
        return CloseCode.BAD_MESSAGES
