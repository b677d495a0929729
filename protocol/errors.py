"""Error codes: one vocabulary for Wyoming, WebSocket and HTTP. Clients store these; names never change meaning."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """The machine-readable part of every error. The message beside it is for people."""

    BAD_JSON = "bad_json"
    BAD_MESSAGE = "bad_message"
    BAD_FIELD = "bad_field"
    UNKNOWN_TYPE = "unknown_type"
    BAD_STATE = "bad_state"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    TOO_MANY_CONTEXTS = "too_many_contexts"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_BACKLOG = "text_backlog"
    VOICE_UNKNOWN = "voice_unknown"
    EMOTION_UNKNOWN = "emotion_unknown"
    FORMAT_UNSUPPORTED = "format_unsupported"
    ENGINE_LOADING = "engine_loading"
    ENGINE_BUSY = "engine_busy"
    ENGINE_FAILED = "engine_failed"
    ENGINE_TIMEOUT = "engine_timeout"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL = "internal"
