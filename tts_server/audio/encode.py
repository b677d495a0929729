"""Samples to bytes in the formats that players know, while the samples are being made. Blocking: milliseconds a call.

PyAV (ffmpeg's libraries) is loaded on the first use of a format that needs it: 0.1 s and 25 MB.
"""

import contextlib
import io
import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final, Literal, Protocol

import numpy as np

from tts_server.audio.info_frame import Length, info_frame
from tts_server.audio.pcm import from_s16le, to_s16le
from tts_server.audio.resample import Resampler
from tts_server.audio.wav import BYTES_PER_SAMPLE, wav_header
from tts_server.engine import Samples

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

FormatName = Literal["wav", "mp3", "opus", "flac", "aac", "pcm", "m4a"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format as it goes out: mono always."""

    name: FormatName
    media_type: str
    container: str = ""  # ffmpeg's names; empty: we write it ourselves
    codec: str = ""
    bit_rate: int | None = None
    rates: Sequence[int] = ()  # Hz that the codec takes; empty: all of ours
    container_options: Mapping[str, str] = field(default_factory=dict)
    codec_options: Mapping[str, str] = field(default_factory=dict)
    heard_rate: int | None = None  # Hz that a decoder gives, whatever was encoded
    scale: float = 1.0  # factor that makes up for what the codec does to the level
    delay_samples: int = 0  # at the codec's rate: by how much the sound lags in players that read all the file says

    def delay_ms(self, sample_rate: int) -> int:
        """By how much what is heard lags the samples of `sample_rate`: 42 ms of AAC, nothing of the others."""
        return round(1000 * self.delay_samples / self.rate_for(sample_rate))

    def told_rate(self, sample_rate: int) -> int:
        """The rate of what a listener decodes, of samples of `sample_rate`."""
        return self.heard_rate or self.rate_for(sample_rate)

    def rate_for(self, sample_rate: int) -> int:
        """The rate at which samples of `sample_rate` are encoded: the same, or the next higher that the codec takes."""
        return next((rate for rate in self.rates if rate >= sample_rate), self.rates[-1] if self.rates else sample_rate)


# The codecs' settings are the fastest that sound no worse for speech: a few ms of CPU per second of audio.
FORMATS: Final[dict[str, Format]] = {
    form.name: form
    for form in (
        Format("wav", "audio/wav"),
        Format(
            *("mp3", "audio/mpeg", "mp3", "libmp3lame", 64_000),
            # small devices take an ID3 head for sound; the first frame is ours
            container_options={"id3v2_version": "0", "write_xing": "0"},
            codec_options={"compression_level": "7"},
            scale=1 / 0.95,  # up to 160 kbit/s LAME turns down by so much
        ),
        Format(
            *("opus", "audio/ogg", "ogg", "libopus", 32_000, (8000, 12000, 16000, 24000, 48000)),
            container_options={"page_duration": "20000"},  # µs; a page holds a second otherwise, and comes as late
            codec_options={"compression_level": "5", "frame_duration": "20"},
            heard_rate=48_000,
        ),
        Format(
            *("flac", "audio/flac", "flac", "flac"),
            container_options={"metadata_header_padding": "0"},
            codec_options={"compression_level": "2"},
        ),
        Format(
            *("aac", "audio/aac", "adts", "aac", 64_000),
            codec_options={"aac_coder": "fast"},
            delay_samples=1024,  # ADTS has no place to tell it
        ),
        Format("pcm", "audio/pcm"),
    )
}
# Whole files by the ends of their names; an .m4a has to be gone back in, so it is never streamed.
FILES: Final[dict[str, Format]] = {
    **FORMATS,
    "ogg": FORMATS["opus"],
    "oga": FORMATS["opus"],
    "m4a": Format(
        *("m4a", "audio/mp4", "ipod", "aac", 64_000),
        codec_options={"aac_coder": "fast"},
    ),
}


class Encoder(Protocol):
    """One stream of samples on its way to bytes. Used by one thread at a time."""

    def encode(self, samples: Samples) -> bytes:
        """The bytes that are ready after samples (N,)."""

    def finish(self) -> bytes:
        """The rest. The encoder takes nothing after this."""


def open_encoder(name: FormatName, sample_rate: int, serial: int | None = None) -> Encoder:
    """An encoder for a stream whose length is not known yet. serial: of an Ogg stream; None: any.

    Ogg files may be joined as long as their serials differ.
    """
    form = FORMATS[name]
    if not form.container:
        return _Plain(name, sample_rate)
    return _Coded(form, sample_rate, _Pipe(), random.getrandbits(31) if serial is None else serial)


def open_file_encoder(name: FormatName, sample_rate: int, file: IO[bytes], serial: int | None = None) -> Encoder:
    """An encoder into a file that it may go back in, to write the length at its beginning. It returns no bytes.

    For the formats that ffmpeg writes. serial: as for `open_encoder`.
    """
    return _Coded(FILES[name], sample_rate, file, random.getrandbits(31) if serial is None else serial)


def encode_whole(name: FormatName, pcm: bytes | memoryview, sample_rate: int) -> bytes:
    """A whole file of 16-bit PCM, its length in its header where the format has room for it. Same PCM, same bytes."""
    form = FILES[name]
    if not form.container:
        return (wav_header(sample_rate, len(pcm)) if name == "wav" else b"") + bytes(pcm)
    file = io.BytesIO()
    encoder = _Coded(form, sample_rate, file, zlib.crc32(pcm) >> 1)
    step = BYTES_PER_SAMPLE * sample_rate
    for start in range(0, len(pcm), step):
        encoder.encode(from_s16le(bytes(pcm[start : start + step])))
    encoder.finish()
    return file.getvalue()


class _Plain:
    """16-bit PCM, after the header of a WAV without an end where that is wanted."""

    def __init__(self, name: FormatName, sample_rate: int) -> None:
        self._head = wav_header(sample_rate) if name == "wav" else b""

    def encode(self, samples: Samples) -> bytes:
        head, self._head = self._head, b""
        return head + to_s16le(samples)

    def finish(self) -> bytes:
        return self._head


class _Pipe:
    """What ffmpeg writes to: it cannot go back."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)


class _Coded:
    """By one of ffmpeg's codecs, in one of its containers. The bytes depend on the samples and the serial alone."""

    def __init__(self, form: Format, sample_rate: int, file: "IO[bytes] | _Pipe", serial: int) -> None:
        import av
        from av.audio.stream import AudioStream

        self._form, self._file = form, file
        self._pipe = file if isinstance(file, _Pipe) else None
        self._rate = rate = form.rate_for(sample_rate)
        self._resampler = Resampler(sample_rate, rate)
        self._scale = np.float32(form.scale)
        self._frames = self._frame_bytes = 0  # of packets, given out
        if form.name == "mp3":
            file.write(info_frame(rate, form.bit_rate or 0))
        options = {"fflags": "+bitexact", **form.container_options}
        if form.container == "ogg":
            options["serial_offset"] = str(serial)
        self._container: OutputContainer = av.open(file, "w", format=form.container, options=options)
        codec_options = {"flags": "+bitexact", **form.codec_options}
        stream = self._container.add_stream(form.codec, rate=rate, options=codec_options)
        assert isinstance(stream, AudioStream)
        self._stream = stream
        self._stream.layout = "mono"
        if form.bit_rate:
            self._stream.bit_rate = form.bit_rate
        self._position = 0  # samples given to the codec

    def encode(self, samples: Samples) -> bytes:
        self._code(self._resampler.feed(samples))
        return self._taken()

    def finish(self) -> bytes:
        self._code(self._resampler.flush())
        self._mux(self._stream.encode(None))
        self._container.close()
        if self._form.name == "mp3" and not isinstance(self._file, _Pipe):
            length = Length(self._position, self._frames, self._frame_bytes)
            self._file.seek(0)
            self._file.write(info_frame(self._rate, self._form.bit_rate or 0, length))
            self._file.seek(0, io.SEEK_END)
        return self._taken()

    def __del__(self) -> None:
        """Who hangs up leaves it unfinished, and container and stream holding each other: 7 MB of FLAC's."""
        with contextlib.suppress(Exception):
            self._container.close()

    def _code(self, samples: Samples) -> None:
        from av import AudioFrame

        if not len(samples):
            return
        pcm = np.frombuffer(to_s16le(samples * self._scale), "<i2")[None, :]
        frame = AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = self._stream.sample_rate
        frame.pts = self._position
        self._position += len(samples)
        self._mux(self._stream.encode(frame))

    def _mux(self, packets: "Iterable[Packet[AudioStream]]") -> None:
        for packet in packets:
            self._frames += 1
            self._frame_bytes += packet.size
            self._container.mux(packet)

    def _taken(self) -> bytes:
        if self._pipe is None:
            return b""
        taken = bytes(self._pipe.written)
        self._pipe.written.clear()
        return taken
