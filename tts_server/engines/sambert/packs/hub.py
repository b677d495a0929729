"""Fetches published models from the ModelScope hub, with its own SDK (of the extra `sambert`).

Downloads land in the SDK's cache (MODELSCOPE_CACHE), are resumed where they stopped, and are checked against the hub's
sha256. What a hub answers is data: names of files are looked at before anything is written.
"""

import importlib.util
import logging
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol

from tts_server.engines.installing.disk_space import check_room
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


class Progress(Protocol):
    """Who watches."""

    def step(self, what: str) -> None:
        """Something else is being done now."""

    def fetched(self, count: int, total: int) -> None:
        """So many more bytes of so many have arrived; negative when some must be fetched again."""


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


def fetch(model: Model, progress: Progress, *, offline: bool = False) -> Path:
    """The model's folder, fetched as far as it is not there yet. Raises VoiceDataMissing."""
    require_extra("modelscope")
    with _quiet_sdk():
        return _cached(model) if offline else _downloaded(model, progress)


def _cached(model: Model) -> Path:
    from modelscope.hub.snapshot_download import snapshot_download

    try:
        return Path(snapshot_download(model.name, revision=model.revision, local_files_only=True))
    except Exception as error:
        raise VoiceDataMissing(
            f"{model} was not fetched before: without --offline it is fetched from the hub"
        ) from error


def _downloaded(model: Model, progress: Progress) -> Path:
    from modelscope.hub.snapshot_download import snapshot_download

    progress.step(f"asking the hub for {model}")
    try:
        total = max(0, _checked_listing(model, _listed(model)) - _already_there(model))
        check_room(cache_folder(), total, f"fetching {model}")
        progress.step(f"fetching {model}, {total / 1e6:.0f} MB")
        folder = snapshot_download(
            model.name,
            revision=model.revision,
            ignore_patterns=list(LEFT_OUT),
            progress_callbacks=[_callback(progress, total)],
        )
    except VoiceDataMissing:
        raise
    except Exception as error:  # the SDK has many classes, and those of three libraries below it
        raise _explained(model, error) from error
    return Path(folder)


def _listed(model: Model) -> Sequence[Mapping[str, Any]]:
    from modelscope.hub.api import HubApi

    listed: Sequence[Mapping[str, Any]] = HubApi().get_model_files(model.name, revision=model.revision, recursive=True)
    return listed


def _checked_listing(model: Model, files: Sequence[Mapping[str, Any]]) -> int:
    """Bytes of the files that are needed. Raises VoiceDataMissing for names that would leave the folder."""
    total = 0
    for file in files:
        path = PurePosixPath(str(file.get("Path", "")))
        if path.is_absolute() or ".." in path.parts or any(char in "\\:\0" for char in str(path)):
            raise VoiceDataMissing(f"{model}: the hub lists a file {str(path)[:80]!r} that would leave the folder")
        if not any(fnmatch(str(path), pattern) for pattern in LEFT_OUT):
            total += int(file.get("Size") or 0)
    return total


def _already_there(model: Model) -> int:
    """Bytes of the files that were fetched before, those in part left out."""
    try:
        files = [path for path in _cached(model).rglob("*") if path.suffix != ".incomplete"]
    except VoiceDataMissing:
        return 0
    return sum(path.stat().st_size for path in files if path.is_file())


def cache_folder() -> Path:
    """Where the SDK keeps what it fetches."""
    from modelscope_hub.config import get_default_config

    return Path(get_default_config().cache_dir)


def _callback(progress: Progress, total: int) -> type:
    """A class as the SDK wants one: it makes an instance for each file."""
    from modelscope.hub.callback import ProgressCallback

    class Callback(ProgressCallback):  # type: ignore[misc]
        def update(self, size: int) -> None:
            progress.fetched(size, total)

    return Callback


def _explained(model: Model, error: Exception) -> VoiceDataMissing:
    """One sentence out of whatever the SDK raised."""
    causes = [*getattr(error, "failed_files", {}).values(), error, error.__cause__]
    status = next((code for cause in causes if (code := _status(cause)) is not None), None)
    if status in (401, 403):
        return VoiceDataMissing(f"the hub does not let us have {model} (HTTP {status}): is it a private model?")
    if status == 404:
        return VoiceDataMissing(f"the hub has no {model}: are name and revision right?")
    reason = re.sub(r"\s+", " ", str(causes[0] or error))[:200]
    if any(isinstance(cause, OSError) and cause.errno == 28 for cause in causes):  # ENOSPC
        return VoiceDataMissing(f"the disk of {cache_folder()} is full; {model} was fetched in part")
    return VoiceDataMissing(f"{model} could not be fetched ({reason}); {RETRY_HINT}")


def _status(error: object) -> int | None:
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


@contextmanager
def _quiet_sdk() -> Iterator[None]:
    """Inside, the SDK shows no bars and logs errors only: we tell what goes on."""
    before = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported, which is what makes it quiet from then on
    loggers = [logging.getLogger(name) for name in ("modelscope", "modelscope_hub")]
    levels = [logger.level for logger in loggers]
    try:
        import modelscope.hub.snapshot_download  # noqa: F401 - its import sets the levels once

        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if before is None:
            del os.environ["TQDM_DISABLE"]
        else:
            os.environ["TQDM_DISABLE"] = before
