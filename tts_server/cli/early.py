"""The engine host of `tts-server run`, started before anything else is loaded: what it loads goes on beside us."""

import contextlib
from collections.abc import Sequence

from tts_server.engine_host.child import HostProcess

_started: list[HostProcess] = []


def start(arguments: Sequence[str]) -> None:
    """Start it if the command line is that of `run`. It ends with this process, whatever becomes of the command."""
    if arguments[:1] == ["run"] and not {"-h", "--help"}.intersection(arguments):
        with contextlib.suppress(OSError):  # told where it is needed
            _started.append(HostProcess())


def take() -> HostProcess:
    """The one that was started; else one that is started now. Raises OSError."""
    return _started.pop() if _started else HostProcess()
