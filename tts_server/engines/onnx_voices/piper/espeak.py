"""Phonemes by espeak-ng, a program that its owner may have installed: one process a language, asked line by line.

It is never linked and nothing here needs it (its licence is the GPL); English is pronounced without it as well.
"""

import atexit
import os
import pty
import re
import select
import shutil
import subprocess
import threading
import time
import tty
import unicodedata
from typing import Final

from tts_server.errors import VoiceDataMissing

PROGRAM: Final = "espeak-ng"
VOICE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,12}){0,3}")
TIMEOUT_S: Final = 5.0
MAX_CHARS: Final = 1000  # of a line
END: Final = "xqzjv"  # said behind each line: what follows it belongs to the next
NOT_SAID: Final = re.compile(r"[^\w\s'’.,%&+-]|_")  # brackets would be taken for phonemes
OTHER_LANGUAGE: Final = re.compile(r"\([a-z-]+\)")  # told where a word is said as in another one
HINT: Final = f"it needs the program {PROGRAM} (Debian, Ubuntu: apt install {PROGRAM})"

_programs: dict[str, "Espeak"] = {}
_starting: Final = threading.Lock()


@atexit.register
def _close_all() -> None:
    for program in _programs.values():
        program.close()


def is_installed() -> bool:
    """Whether the program is here."""
    return shutil.which(PROGRAM) is not None


def espeak(voice: str) -> "Espeak":
    """The program for one of its voices, the same for all who ask."""
    with _starting:
        if voice not in _programs:
            _programs[voice] = Espeak(voice)
        return _programs[voice]


class Espeak:
    """A running program. Safe to use from several threads; started when first needed, and again when it died."""

    def __init__(self, voice: str) -> None:
        """voice: as the program calls it, "de", "en-us"."""
        self._voice = voice
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._output = -1
        self._heard = ""
        self._end = ""

    def phonemes(self, text: str) -> list[str]:
        """Of each spoken word of one clause, in IPA, decomposed (NFD). Raises VoiceDataMissing."""
        line = " ".join(NOT_SAID.sub(" ", re.sub(END, " ", text, flags=re.I)).split())[:MAX_CHARS]
        if not line:
            return []
        with self._lock:
            try:
                self._start()
                said = self._ask(line)
            except (OSError, TimeoutError, ValueError) as error:
                self._stop()
                raise VoiceDataMissing(f"{PROGRAM} does not answer for {self._voice}: {error}") from error
        if self._voice.startswith("en"):
            said = said.replace("oːɹ", "ɔːɹ")  # as newer ones write it than Debian has, and voices learned it
        return unicodedata.normalize("NFD", OTHER_LANGUAGE.sub("", said)).split()

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._stop()
        path = shutil.which(PROGRAM)
        if path is None or not VOICE.fullmatch(self._voice):
            raise ValueError("it is not installed" if path is None else "that is none of its voices")
        # a terminal in place of a pipe: into that it writes each line at once
        self._output, inside = pty.openpty()
        tty.setraw(inside)
        command = [path, "-q", "--ipa", "-v", self._voice]
        with os.fdopen(inside, "wb") as terminal:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=terminal, stderr=subprocess.DEVNULL, close_fds=True
            )
        self._heard, self._end = "", ""
        self._end = self._ask("").strip()

    def _ask(self, line: str) -> str:
        """What it says of a line; of "" the line that stands for the end, when that is not known yet."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n{END}\n".encode() if line else f"{END}\n".encode())
        self._process.stdin.flush()
        lines: list[str] = []
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            said = self._line(deadline).strip()
            if said and (said == self._end or not self._end):
                return " ".join(lines) if self._end else said
            lines.append(said)

    def _line(self, deadline: float) -> str:
        while "\n" not in self._heard:
            ready, _, _ = select.select([self._output], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"no answer within {TIMEOUT_S:g} s")
            read = os.read(self._output, 65536)
            if not read:
                raise ValueError("it has ended")
            self._heard += read.decode("utf-8", "replace")
        line, _, self._heard = self._heard.partition("\n")
        return line

    def close(self) -> None:
        """End the program; the next question starts it again."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._output >= 0:
            os.close(self._output)
            self._output = -1
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
