"""Errors to wire codes and HTTP statuses: one table for all doors."""

from typing import Final

from protocol.errors import ErrorCode
from tts_server import errors
from tts_server.errors import TTSError

CODES: Final[dict[type[TTSError], tuple[ErrorCode, int]]] = {
    errors.TTSError: (ErrorCode.INTERNAL, 500),
    errors.BadRequest: (ErrorCode.BAD_MESSAGE, 400),
    errors.TextTooLong: (ErrorCode.TEXT_TOO_LONG, 413),
    errors.AddressTooLong: (ErrorCode.TEXT_TOO_LONG, 414),
    errors.TextBacklog: (ErrorCode.TEXT_BACKLOG, 429),
    errors.VoiceUnknown: (ErrorCode.VOICE_UNKNOWN, 404),
    errors.EmotionUnknown: (ErrorCode.EMOTION_UNKNOWN, 422),
    errors.FormatUnsupported: (ErrorCode.FORMAT_UNSUPPORTED, 422),
    errors.MarkupInvalid: (ErrorCode.BAD_FIELD, 422),
    errors.WrongState: (ErrorCode.BAD_STATE, 409),
    errors.AudioGone: (ErrorCode.NOT_FOUND, 404),
    errors.PhraseUnknown: (ErrorCode.NOT_FOUND, 404),
    errors.WordUnknown: (ErrorCode.NOT_FOUND, 404),
    errors.TooMany: (ErrorCode.BAD_FIELD, 422),
    errors.NotKept: (ErrorCode.INTERNAL, 507),
    errors.Refused: (ErrorCode.FORBIDDEN, 403),
    errors.HostRefused: (ErrorCode.FORBIDDEN, 403),
    errors.Unauthorized: (ErrorCode.UNAUTHORIZED, 401),
    errors.RateLimited: (ErrorCode.RATE_LIMITED, 429),
    errors.EngineError: (ErrorCode.ENGINE_FAILED, 500),
    errors.EngineLoading: (ErrorCode.ENGINE_LOADING, 503),
    errors.EngineBusy: (ErrorCode.ENGINE_BUSY, 503),
    errors.EngineFailed: (ErrorCode.ENGINE_FAILED, 500),
    errors.EngineTimeout: (ErrorCode.ENGINE_TIMEOUT, 504),
    errors.ShuttingDown: (ErrorCode.SHUTTING_DOWN, 503),
    errors.Preempted: (ErrorCode.PREEMPTED, 503),
    errors.ConfigInvalid: (ErrorCode.CONFIG_INVALID, 503),
    errors.PortUnavailable: (ErrorCode.INTERNAL, 500),
    errors.VoiceDataMissing: (ErrorCode.ENGINE_FAILED, 500),
}


def code_of(error: TTSError) -> ErrorCode:
    """The code a peer gets for an error."""
    return _row(error)[0]


def status_of(error: TTSError) -> int:
    """The HTTP status for an error."""
    return _row(error)[1]


def _row(error: TTSError) -> tuple[ErrorCode, int]:
    """The row of the error's class, or of the nearest class it comes from."""
    return next(CODES[cls] for cls in type(error).__mro__ if cls in CODES)
