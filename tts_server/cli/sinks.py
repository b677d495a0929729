"""Where `tts-server say` puts speech: a file, standard output, a player."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

from tts_server.audio.wav import BYTES_PER_SAMPLE, wav_header
from tts_server.cli.player import found_players, playing
from tts_server.errors import BadRequest, FormatUnsupported, TTSError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from tts_server.audio.encode import FormatName

DEFAULT_OUTPUT = Path("speech.wav")
# Ends of file names, and what such files hold.
FILES: "dict[str, FormatName]" = {
    ".wav": "wav",
    ".mp3": "mp3",
    ".opus": "opus",
    ".ogg": "opus",
    ".flac": "flac",
    ".aac": "aac",
    ".m4a": "m4a",
}


class Sink(Protocol):
    """Takes speech as it is made."""

    def begin(self, sample_rate: int) -> None:
        """Say once, before anything else, how fast the samples are to be played (Hz)."""

    def pcm(self, pcm: bytes) -> None:
        """Take the next samples: 16-bit PCM."""


class _Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


class _BegunWhenHeard:
    """Begins a sink with the first samples, so that a text in which nothing can be said leaves nothing behind."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._sample_rate = 0
        self.is_begun = False

    def begin(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate

    def pcm(self, pcm: bytes) -> None:
        if not self.is_begun and pcm:
            self._sink.begin(self._sample_rate)
            self.is_begun = True
        if self.is_begun:
            self._sink.pcm(pcm)


@contextmanager
def opened(output: Path | None) -> Iterator[Sink]:
    """Where the audio goes: the file, standard output ("-"), a player if there is one, else a file in this folder.

    Raises BadRequest when no samples came.
    """
    with _opened(output) as sink:
        begun = _BegunWhenHeard(sink)
        yield begun
        if not begun.is_begun:
            raise BadRequest("there is nothing to say: nothing in the text can be spoken")


@contextmanager
def _opened(output: Path | None) -> Iterator[Sink]:
    players = found_players() if output is None and sys.stdout.isatty() else []
    if players:
        with playing(players) as player:
            yield _WavSink(player)
    elif output is not None and str(output) == "-":
        yield _WavSink(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        with _file(output or DEFAULT_OUTPUT) as sink:
            yield sink


@contextmanager
def _file(path: Path) -> Iterator[Sink]:
    """An audio file that tells its length; nothing is left behind when speaking fails."""
    form = FILES.get(path.suffix.lower())
    if form is None:
        raise FormatUnsupported(f"cannot write {path.name}: the name must end in {', '.join(FILES)}")
    part = path.with_name(path.name + ".part")
    try:
        with _NamedFile(part, path) as file:
            sink = _WavFileSink(file) if form == "wav" else _CodedSink(file, form)
            yield sink
            sink.finish()
        part.replace(path)
    except OSError as error:
        raise TTSError(f"cannot write {path}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    print(path, file=sys.stderr)  # noqa: T201 -- the answer to "where is it?"


class _NamedFile(io.FileIO):
    """A file whose failures name what was to be written, wherever they come up."""

    def __init__(self, path: Path, shown: Path) -> None:
        super().__init__(path, "wb")
        self._shown = shown

    def write(self, data: "ReadableBuffer", /) -> int:
        """All of it. Raises TTSError."""
        view = memoryview(data).cast("B")
        written = 0
        try:
            while written < len(view):
                written += super().write(view[written:]) or 0
        except OSError as error:
            raise TTSError(f"cannot write {self._shown}: {error.strerror}") from error
        return written


class _WavSink:
    """Writes a WAV whose length is not known yet."""

    def __init__(self, file: _Writable) -> None:
        self._file = file

    def begin(self, sample_rate: int) -> None:
        self._file.write(wav_header(sample_rate))

    def pcm(self, pcm: bytes) -> None:
        self._file.write(pcm)


class _WavFileSink(_WavSink):
    """Writes a WAV that tells its length in the end."""

    def __init__(self, file: _NamedFile) -> None:
        super().__init__(file)
        self._written = file

    def finish(self) -> None:
        """Write the length into the header."""
        size = self._written.tell()
        self._written.seek(4)
        self._written.write((size - 8).to_bytes(4, "little"))
        self._written.seek(40)
        self._written.write((size - 44).to_bytes(4, "little"))


class _CodedSink:
    """Writes a file in one of the formats that need a codec."""

    def __init__(self, file: _NamedFile, form: "FormatName") -> None:
        self._file, self._form = file, form
        self._half = b""  # of a sample whose other half has not come yet

    def begin(self, sample_rate: int) -> None:
        from tts_server.audio.encode import open_file_encoder

        self._encoder = open_file_encoder(self._form, sample_rate, cast(IO[bytes], self._file))

    def pcm(self, pcm: bytes) -> None:
        from tts_server.audio.pcm import from_s16le

        pcm = self._half + pcm
        whole = len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE
        self._half = pcm[whole:]
        self._encoder.encode(from_s16le(pcm[:whole]))

    def finish(self) -> None:
        """Write the rest, and the length where the format has room for it."""
        self._encoder.finish()
