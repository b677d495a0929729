"""How a command ends when it cannot go on: one line that says what to do, and an exit code. No traceback for what is
no fault of ours."""

import logging
import os
import sys
from collections.abc import Callable
from typing import Final

from tts_server.errors import ConfigInvalid, PortUnavailable, TTSError

EXIT_FAILED: Final = 1
EXIT_BAD_USAGE: Final = 2


def run(command: Callable[[], object]) -> int:
    """Run it; its exit code."""
    try:
        code = _run(command)
        sys.stdout.flush()
        return code
    except (TTSError, OSError, UnicodeError) as error:
        return _told(error)
    except BaseExceptionGroup as group:
        expected, others = group.split((TTSError, OSError, UnicodeError))
        if expected is None or others is not None:
            raise
        return _told(_first(expected))


def _run(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # Click ends without a word then
            raise ended.__context__ from None
        return ended.code if isinstance(ended.code, int) else EXIT_FAILED if ended.code else 0
    return 0


def _told(error: BaseException) -> int:
    logging.getLogger(__name__).debug("failed", exc_info=error)
    sys.stderr.write(f"tts-server: {_message(error)}\n")
    try:
        sys.stdout.flush()
    except OSError:
        _forget_output()
    return EXIT_BAD_USAGE if isinstance(error, ConfigInvalid | PortUnavailable) else EXIT_FAILED


def _message(error: BaseException) -> str:
    match error:
        case BrokenPipeError():
            return "whoever read the output went away before all of it was written"
        case OSError(filename=str(name)):
            return f"{name}: {error.strerror}"
        case OSError():
            return f"cannot write the output: {error.strerror or error}; make room, or write elsewhere"
        case UnicodeError():
            return f"the input is not text in UTF-8: {error}"
    return str(error)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _forget_output() -> None:
    """What is still to be written would fail again at exit, with a complaint of Python's own."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
