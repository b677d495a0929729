"""Fetches published models from the ModelScope hub, with its own SDK (of the extra `sambert`).

Downloads land in a folder of ours for each revision, never in the SDK's own cache: that may hold files of older
releases, which it gives for any revision. They are resumed where they stopped, checked against the hub's sha256, and
noted in a list of our own, which is all that --offline believes. What a hub answers is data: names of files are looked
at before anything is written.
"""

import importlib.util
import logging
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.installing.fetched import whole_folder, write_list
from tts_server.engines.installing.progress import Progress
from tts_server.errors import VoiceDataMissing

# Names are without the namespace: damo/ and speech_tts/ are served as iic/ as well.
PINNED: Final[Mapping[str, str]] = {
    "speech_sambert-hifigan_tts_zh-cn_16k": "v1.0.2",
    "speech_sambert-hifigan_tts_zh-cn_multisp_pretrain_16k": "v1.0.5",
}
NEWEST: Final = "master"  # of models for which no revision is pinned here
MODEL: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,63}/[A-Za-z0-9][\w.-]{0,127}")
REVISION: Final = re.compile(r"[A-Za-z0-9][\w./-]{0,127}")
# A closed front end, pictures and samples: megabytes that no voice needs.
LEFT_OUT: Final = ("resource.zip", "resource/*", "*.wav", "*.png", "*.jpg", "*.gif", "basemodel_*/*")
NEEDED_TO_BUILD: Final = {"modelscope": "modelscope", "onnx": "onnx", "pyyaml": "yaml", "torch": "torch"}
RETRY_HINT: Final = (
    "run the same command again to go on where it stopped, add --offline to use what was fetched before, "
    "or copy the model's folder here and run `tts-server voices install FOLDER`"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things of the hub are kept."""

    fetched: Path  # models, each revision in a folder of its own
    state: Path  # what the SDK keeps of itself: an id, and a login


@dataclass(frozen=True, slots=True)
class Model:
    """A model on the hub."""

    name: str  # "damo/speech_sambert-hifigan_tts_zh-cn_16k"
    revision: str
    is_pinned: bool  # whether the revision was said, by the user or here

    @classmethod
    def of(cls, named: str) -> "Model":
        """From "owner/name" or "owner/name@revision". Raises ValueError."""
        name, at, revision = named.partition("@")
        if not MODEL.fullmatch(name):
            raise ValueError(f"{name[:200]!r} is no model of the hub; expected OWNER/NAME or OWNER/NAME@REVISION")
        if at and (not REVISION.fullmatch(revision) or ".." in revision):
            raise ValueError(f"{revision[:200]!r} is no revision; expected one like v1.0.2")
        pinned = revision or PINNED.get(name.partition("/")[2], "")
        return cls(name, pinned or NEWEST, bool(pinned))

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"


def require_extra(*needed: str) -> None:
    """Raise VoiceDataMissing, with the line that installs them, when packages that build packs are not there."""
    missing = [name for name in needed or NEEDED_TO_BUILD if not _is_there(NEEDED_TO_BUILD[name])]
    if missing:
        raise VoiceDataMissing(
            f"making a voice pack needs {', '.join(missing)} (the extra `sambert`; speaking with it does not, so it "
            f"may be made on another machine and copied here); run: {install_line()}"
        )


def install_line() -> str:
    """The command that installs the extra into this environment."""
    try:
        wanted = [line for line in requires("tts-server") or () if re.search(r"extra\s*==\s*['\"]sambert['\"]", line)]
    except PackageNotFoundError:
        wanted = list(NEEDED_TO_BUILD)
    packages = [line.partition(";")[0].strip() for line in wanted]
    return shlex.join([sys.executable, "-m", "pip", "install", *packages])


def fetch(model: Model, folders: Folders, progress: Progress, *, offline: bool = False) -> Path:
    """The model's folder, fetched as far as it is not there yet. Raises VoiceDataMissing."""
    if offline:
        return whole_folder(_list_of(model, folders), str(model))
    require_extra("modelscope")
    with _quiet_sdk(folders.state, lambda: progress.note("the connection to the hub broke; trying again")):
        return _downloaded(model, folders, progress)


def _downloaded(model: Model, folders: Folders, progress: Progress) -> Path:
    from modelscope.hub.snapshot_download import snapshot_download

    progress.step(f"asking the hub for {model}")
    folder = _folder_of(model, folders)
    try:
        files = _needed(model, _listed(model))
        total = max(0, sum(files.values()) - _already_there(folder, files))
        check_room(folder, total, f"fetching {model}")
        progress.step(f"fetching {model}, {total / 1e6:.0f} MB")
        snapshot_download(
            model.name,
            revision=model.revision,
            local_dir=str(folder),
            ignore_patterns=list(LEFT_OUT),
            progress_callbacks=[_callback(progress, total)],
        )
        write_list(_list_of(model, folders), folder, files)
    except VoiceDataMissing:
        raise
    except Exception as error:  # the SDK has many classes, and those of three libraries below it
        raise _explained(model, folder, error) from error
    return folder


def _folder_of(model: Model, folders: Folders) -> Path:
    return folders.fetched / "modelscope" / model.name / model.revision.replace("/", "_")


def _list_of(model: Model, folders: Folders) -> Path:
    folder = _folder_of(model, folders)
    return folder.with_name(f"{folder.name}.json")


def _listed(model: Model) -> Sequence[Mapping[str, Any]]:
    from modelscope.hub.api import HubApi

    listed: Sequence[Mapping[str, Any]] = HubApi().get_model_files(model.name, revision=model.revision, recursive=True)
    return listed


def _needed(model: Model, files: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The files that are needed, and their sizes. Raises VoiceDataMissing for names that would leave the folder."""
    needed = {}
    for file in files:
        path = PurePosixPath(str(file.get("Path", "")))
        if path.is_absolute() or ".." in path.parts or any(char in "\\:\0" for char in str(path)):
            raise VoiceDataMissing(f"{model}: the hub lists a file {str(path)[:80]!r} that would leave the folder")
        if file.get("Type") != "tree" and not any(fnmatch(str(path), pattern) for pattern in LEFT_OUT):
            needed[str(path)] = int(file.get("Size") or 0)
    return needed


def _already_there(folder: Path, files: Mapping[str, int]) -> int:
    """Bytes of the files that were fetched before, those in part left out."""
    return sum(size for name, size in files.items() if _size(folder / name) == size)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _callback(progress: Progress, total: int) -> type:
    """A class as the SDK wants one: it makes an instance for each file."""
    from modelscope.hub.callback import ProgressCallback

    class Callback(ProgressCallback):  # type: ignore[misc]
        def update(self, size: int) -> None:
            progress.fetched(size, total)

    return Callback


def _explained(model: Model, folder: Path, error: Exception) -> VoiceDataMissing:
    """One sentence out of whatever the SDK raised."""
    causes = [*getattr(error, "failed_files", {}).values(), error, error.__cause__]
    status = next((code for cause in causes if (code := _status(cause)) is not None), None)
    if status in (401, 403):
        return VoiceDataMissing(f"the hub does not let us have {model} (HTTP {status}): is it a private model?")
    if status == 404:
        return VoiceDataMissing(f"the hub has no {model}: are name and revision right?")
    reason = re.sub(r"\s+", " ", str(causes[0] or error))[:200]
    if any(isinstance(cause, OSError) and cause.errno == 28 for cause in causes):  # ENOSPC
        return VoiceDataMissing(f"the disk of {folder} is full; {model} was fetched in part")
    return VoiceDataMissing(f"{model} could not be fetched ({reason}); {RETRY_HINT}")


def _status(error: object) -> int | None:
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


class _OnRetry(logging.Handler):
    """Tells once that the SDK tries again: it may do so for half a minute, and says nothing else."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell, self._told = tell, False

    def emit(self, record: logging.LogRecord) -> None:
        if not self._told and re.search("retry", record.getMessage(), re.I):
            self._told = True
            self._tell()


@contextmanager
def _quiet_sdk(state: Path, retrying: Callable[[], None]) -> Iterator[None]:
    """Inside, the SDK shows and logs nothing, asks no host but the hub, and keeps its lasting id with our state."""
    changed = {"TQDM_DISABLE": "1", "MODELSCOPE_DOWNLOAD_INTRA_CLOUD": "false"}
    changed["MODELSCOPE_HOME"] = os.environ.get("MODELSCOPE_HOME") or str(state / "modelscope")
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)  # read when the SDK and tqdm are imported
    loggers = [logging.getLogger(name) for name in ("modelscope", "modelscope_hub", "urllib3.connectionpool")]
    handler = _OnRetry(retrying)
    try:
        import modelscope.hub.snapshot_download  # noqa: F401 - its import sets the levels once

        kept = [(logger.level, logger.propagate, logger.handlers[:]) for logger in loggers]
        for logger in loggers:
            logger.handlers[:], logger.propagate = [handler], False
            logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            for logger, (level, propagate, handlers) in zip(loggers, kept, strict=True):
                logger.handlers[:], logger.propagate = handlers, propagate
                logger.setLevel(level)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
