"""Error codes: one vocabulary for Wyoming, WebSocket and HTTP. Clients store these; names never change meaning."""

from enum import StrEnum
from typing import Final


class ErrorCode(StrEnum):
    """The machine-readable part of every error. The message beside it is for people."""

    BAD_JSON = "bad_json"
    BAD_MESSAGE = "bad_message"
    BAD_FIELD = "bad_field"
    UNKNOWN_TYPE = "unknown_type"
    BAD_STATE = "bad_state"
    BAD_OFFSET = "bad_offset"
    UNSUPPORTED_VERSION = "unsupported_version"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    CTX_EXISTS = "ctx_exists"
    TOO_MANY_CONTEXTS = "too_many_contexts"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_BACKLOG = "text_backlog"
    RATE_LIMITED = "rate_limited"
    VOICE_UNKNOWN = "voice_unknown"
    EMOTION_UNKNOWN = "emotion_unknown"
    FORMAT_UNSUPPORTED = "format_unsupported"
    CONFIG_INVALID = "config_invalid"
    ENGINE_LOADING = "engine_loading"
    ENGINE_BUSY = "engine_busy"
    ENGINE_FAILED = "engine_failed"
    ENGINE_TIMEOUT = "engine_timeout"
    RESUME_GONE = "resume_gone"
    SLOW_READER = "slow_reader"
    PREEMPTED = "preempted"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL = "internal"


# Asked again later, the same request may be granted.
RETRYABLE: Final = frozenset({
    ErrorCode.BAD_OFFSET,
    ErrorCode.TOO_MANY_CONTEXTS,
    ErrorCode.TOO_MANY_CONNECTIONS,
    ErrorCode.TEXT_BACKLOG,
    ErrorCode.RATE_LIMITED,
    ErrorCode.CONFIG_INVALID,
    ErrorCode.ENGINE_LOADING,
    ErrorCode.ENGINE_BUSY,
    ErrorCode.ENGINE_FAILED,
    ErrorCode.ENGINE_TIMEOUT,
    ErrorCode.SLOW_READER,
    ErrorCode.PREEMPTED,
    ErrorCode.SHUTTING_DOWN,
    ErrorCode.INTERNAL,
})  # fmt: skip


class CloseCode:
    """Why the server closes a WebSocket."""

    DONE: Final = 1000
    GOING_AWAY: Final = 1001
    UNSUPPORTED_DATA: Final = 1003
    INTERNAL: Final = 1011
    BAD_MESSAGES: Final = 4400
    UNAUTHORIZED: Final = 4401
    STALLED: Final = 4408
    IDLE: Final = 4409
    RESUMED: Final = 4410
    RATE_LIMITED: Final = 4429


CLOSE_REASONS: Final[dict[int, str]] = {
    CloseCode.DONE: "the client said bye",
    CloseCode.GOING_AWAY: "the server stops",
    1002: "not WebSocket as RFC 6455 has it",
    CloseCode.UNSUPPORTED_DATA: "the client sent a binary message",
    1007: "a text message is not UTF-8",
    1009: "a message is longer than max_message_bytes",
    CloseCode.INTERNAL: "something failed inside the server, or the client answered no WebSocket ping",
    CloseCode.BAD_MESSAGES: "too many messages that cannot be read or done",
    CloseCode.UNAUTHORIZED: "no token, one that is not good here, or one that has expired since",
    CloseCode.STALLED: "the client took no data for write_stall_ms, or showed no token within auth_timeout_ms",
    CloseCode.IDLE: "nothing was said and nothing was sent for idle_ms",
    CloseCode.RESUMED: "the client has resumed the session over another connection",
    CloseCode.RATE_LIMITED: "messages kept coming faster than messages_per_s",
}
