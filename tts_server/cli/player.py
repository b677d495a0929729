"""Playing aloud: programs that take a WAV on standard input; where one fails, the next is tried."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from tts_server.errors import TTSError

# The most direct first.
PLAYERS = (
    ("pw-play", "-"),
    ("paplay", "--file-format=wav", "/dev/stdin"),
    ("aplay", "-q", "-"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-"),
)
# A player that cannot reach its sound server gives up within its first second; a later end is not asked for again.
_KEPT_BYTES = 512 * 1024


def found_players() -> list[tuple[str, ...]]:
    """The players on this box."""
    return [command for command in PLAYERS if shutil.which(command[0])]


class Player:
    """A file to write a WAV to, which is heard."""

    def __init__(self, commands: Sequence[tuple[str, ...]], errors: IO[bytes]) -> None:
        self._untried, self._errors = list(commands), errors
        self._sent: bytearray | None = bytearray()  # what a next player has to be given; None: too late for that
        self._failures: list[str] = []
        self._start()

    def write(self, data: bytes) -> None:
        """Play the next bytes. Raises TTSError when no player is left."""
        if self._sent is not None:
            self._sent += data
            if len(self._sent) > _KEPT_BYTES:
                self._sent = None
        try:
            self._input.write(data)
            self._input.flush()
        except BrokenPipeError:
            self._next()

    def finish(self) -> None:
        """Wait until all has been heard. Raises TTSError."""
        while not self._has_ended_well():
            self._next()

    def close(self) -> None:
        """Stop playing."""
        self._process.terminate()
        self._process.wait()

    def _start(self) -> None:
        command = self._untried.pop(0)
        self._name = command[0]
        self._errors.seek(0)
        self._errors.truncate()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors, bufsize=0
        )
        assert self._process.stdin is not None
        self._input = self._process.stdin

    def _has_ended_well(self) -> bool:
        self._input.close()
        return self._process.wait() == 0

    def _next(self) -> None:
        self._input.close()
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        said = next((line.strip() for line in lines if line.strip()), f"it ended with code {code}")
        self._failures.append(f"{self._name}: {said.removeprefix(self._name + ': ')}")
        if self._sent is None or not self._untried:
            failures = "; ".join(self._failures)
            raise TTSError(f"cannot play aloud ({failures}); -o FILE writes the speech to a file")
        self._start()
        self._write_again()

    def _write_again(self) -> None:
        """Give the player that was just started all that came so far."""
        try:
            self._input.write(bytes(self._sent or b""))
        except BrokenPipeError:
            self._next()


@contextmanager
def playing(commands: Sequence[tuple[str, ...]]) -> Iterator[Player]:
    """Play what is written, to its end; leaving with an error stops the player."""
    with tempfile.TemporaryFile() as errors:
        player = Player(commands, errors)
        try:
            yield player
            player.finish()
        finally:
            player.close()
