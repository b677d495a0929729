"""Downloads a file over HTTP: resumed where it stopped, checked by size and hashes, there whole or not at all."""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tts_server.engines.installing.progress import Progress
from tts_server.errors import VoiceDataMissing

COPY_BYTES: Final = 1 << 18
TIMEOUT_S: Final = 30.0
WAITS_S: Final = (1.0, 3.0, 9.0)  # before each further try
AGENT: Final = {"User-Agent": "tts-server"}


@dataclass(frozen=True, slots=True)
class File:
    """A file to fetch. hashes: hexadecimal, by name: "sha256", "md5", or "git", of a file as git counts it."""

    url: str
    path: Path
    size: int
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_here(self) -> bool:
        return self.path.is_file() and self.path.stat().st_size == self.size and self._fault(self.path) == ""

    def _fault(self, path: Path) -> str:
        """Which hash is not the one that is expected; "" for none."""
        digests = {name: hashlib.new("sha1" if name == "git" else name, usedforsecurity=False) for name in self.hashes}
        if "git" in digests:
            digests["git"].update(f"blob {self.size}\0".encode())
        with path.open("rb") as file:
            while part := file.read(COPY_BYTES):
                for digest in digests.values():
                    digest.update(part)
        return next((name for name, digest in digests.items() if digest.hexdigest() != self.hashes[name]), "")

    def finish(self, part: Path) -> None:
        """Put what was fetched into its place. Raises VoiceDataMissing for what is not the file that was listed."""
        if fault := self._fault(part):
            part.unlink()
            raise VoiceDataMissing(
                f"{self.url} is not the file that is expected ({fault}): nothing of it is kept; try again"
            )
        part.replace(self.path)


def read_url(url: str, most_bytes: int) -> bytes:
    """A small answer. Raises VoiceDataMissing."""
    try:
        with _open(url, {}) as answer:
            content: bytes = answer.read(most_bytes + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _explained(url, error) from error
    if len(content) > most_bytes:
        raise VoiceDataMissing(f"{url} answers with more than {most_bytes} bytes")
    return content


def download(file: File, progress: Progress, total: int) -> None:
    """Fetch a file as far as it is not here. total: of all files, to be told. Raises VoiceDataMissing."""
    if file.is_here:
        return
    file.path.parent.mkdir(parents=True, exist_ok=True)
    part = file.path.with_name(f"{file.path.name}.part")
    for wait_s in (*WAITS_S, None):
        try:
            _go_on(file, part, progress, total)
        except (OSError, http.client.HTTPException, ValueError) as error:
            may_pass = not isinstance(error, urllib.error.HTTPError) or error.code >= 500
            if wait_s is None or not may_pass or (isinstance(error, OSError) and error.errno == 28):
                raise _explained(file.url, error) from error
            progress.note("the connection broke; trying again")
            time.sleep(wait_s)
        else:
            break
    file.finish(part)


def _go_on(file: File, part: Path, progress: Progress, total: int) -> None:
    done = part.stat().st_size if part.is_file() else 0
    if done > file.size:
        part.unlink()
        done = 0
    if done == file.size:
        return
    with _open(file.url, {"Range": f"bytes={done}-"} if done else {}) as answer:
        if done and answer.status != 206:  # a server that cannot go on begins anew
            done = 0
        with part.open("ab" if done else "wb") as written:
            progress.fetched(done, total)
            while content := answer.read(min(COPY_BYTES, file.size - done + 1)):
                done += len(content)
                if done > file.size:
                    raise VoiceDataMissing(f"{file.url} is longer than the {file.size} bytes that its hub lists")
                written.write(content)
                progress.fetched(len(content), total)
    if done < file.size:
        raise ConnectionError(f"the answer ended after {done} of {file.size} bytes")


def _open(url: str, headers: Mapping[str, str]) -> Any:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("only http and https are fetched from")
    asked = urllib.request.Request(url, headers={**AGENT, **headers})
    return urllib.request.urlopen(asked, timeout=TIMEOUT_S)  # nosec B310


def _explained(url: str, error: Exception) -> VoiceDataMissing:
    if isinstance(error, urllib.error.HTTPError) and error.code == 404:
        return VoiceDataMissing(f"{url} is not there (HTTP 404)")
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return VoiceDataMissing(
        f"{url} could not be fetched ({str(reason)[:120]}); run the same command again to go on where it stopped, "
        "or name a mirror of the hub (`voices.hub` in the configuration, or HF_ENDPOINT)"
    )
