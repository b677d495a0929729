"""Fetches files of repositories on the Hugging Face hub, or on a mirror of it, each of one commit.

The hub says which commit a revision is and lists sizes and hashes of its files: sha256 of large ones, git's own of the
others. Both are checked. What was fetched is noted in lists, which are all that is believed offline.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.installing.download import File, download, read_url
from tts_server.engines.installing.fetched import whole_folder, write_list
from tts_server.engines.installing.progress import Progress
from tts_server.errors import VoiceDataMissing

HUB: Final = "https://huggingface.co"
MAX_ANSWER_BYTES: Final = 16 << 20
COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
WHOLE_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as the hub lists it."""

    path: str
    size: int
    hashes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository at one revision. endpoint: of the hub or a mirror. folder: where fetched things are kept."""

    name: str  # "rhasspy/piper-voices"
    revision: str
    endpoint: str
    folder: Path
    offline: bool = False

    def commit(self) -> str:
        """Which commit the revision is: asked, or, offline, as it was when it was asked. Raises VoiceDataMissing."""
        if WHOLE_COMMIT.fullmatch(self.revision):
            return self.revision
        noted = self._home / f"{quote(self.revision, safe='')}.commit"
        if self.offline:
            try:
                commit = noted.read_text(encoding="ascii").strip()
            except (OSError, ValueError) as error:
                raise VoiceDataMissing(f"nothing of {self} was fetched before: go without --offline once") from error
        else:
            told = self._ask(f"revision/{quote(self.revision, safe='')}")
            commit = str(told.get("sha")) if isinstance(told, dict) else ""
        if not COMMIT.fullmatch(commit):
            raise VoiceDataMissing(f"{self.endpoint} does not tell which commit {self} is")
        if not self.offline:
            noted.parent.mkdir(parents=True, exist_ok=True)
            noted.write_text(commit + "\n", encoding="ascii")
        return commit

    def listing(self, commit: str, folder: str) -> list[Listed]:
        """The files of a folder, folders below it left out. Raises VoiceDataMissing."""
        told = self._ask(f"tree/{commit}/{quote(folder)}".rstrip("/"))
        if not isinstance(told, list):
            raise VoiceDataMissing(f"{self.endpoint} does not list the files of {self}")
        try:
            return [_listed(entry) for entry in told if entry.get("type") == "file"]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise VoiceDataMissing(f"{self.endpoint} garbles the list of files of {self}: {error}") from error

    def fetch(self, commit: str, files: Sequence[Listed], what: str, progress: Progress) -> Path:
        """Fetch files of a commit; returns the commit's folder. what: by which they are found offline."""
        folder = self._home / commit
        wanted = [
            File(f"{self.endpoint}/{self.name}/resolve/{commit}/{quote(file.path)}", folder / file.path, file.size,
                 file.hashes) for file in files
        ]  # fmt: skip
        missing = [file for file in wanted if not file.is_here]
        total = sum(file.size for file in missing)
        check_room(folder, total, f"fetching {what}")
        progress.step(f"fetching {what}, {total / 1e6:.0f} MB")
        for file in missing:
            download(file, progress, total)
        write_list(self._list(commit, what), folder, [file.path for file in files])
        return folder

    def note(self, commit: str, what: str, text: str) -> None:
        """Keep something that the hub told, as a file `what`.json."""
        folder = self._home / commit
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{what}.json").write_text(text, encoding="utf-8")
        write_list(self._list(commit, what), folder, [f"{what}.json"])

    def fetched(self, commit: str, what: str) -> Path:
        """The commit's folder, when all of `what` was fetched into it before. Raises VoiceDataMissing."""
        return whole_folder(self._list(commit, what), what)

    @property
    def _home(self) -> Path:
        return self.folder / "huggingface" / self.name

    def _list(self, commit: str, what: str) -> Path:
        return self._home / f"{commit}-{quote(what, safe='')}.json"

    def _ask(self, path: str) -> Any:
        url = f"{self.endpoint}/api/models/{self.name}/{path}"
        try:
            return json.loads(read_url(url, MAX_ANSWER_BYTES))
        except (ValueError, RecursionError) as error:
            raise VoiceDataMissing(f"{url} answers with something that is no JSON") from error

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"


def _listed(entry: dict[str, Any]) -> Listed:
    path = PurePosixPath(str(entry["path"]))
    if path.is_absolute() or ".." in path.parts or any(char in "\\:" or ord(char) < 32 for char in str(path)):
        raise ValueError(f"a file {str(path)[:80]!r} would leave the folder")
    large = entry.get("lfs")
    hashes = {"sha256": str(large["oid"]).lower()} if large else {"git": str(entry["oid"]).lower()}
    return Listed(str(path), int((large or entry)["size"]), hashes)
