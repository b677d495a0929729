"""Every format, decoded by ffmpeg's readers, is the audio that went in."""

import io
import re
import subprocess
import sys
import wave

import av
import mutagen.mp3
import mutagen.oggopus
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.decoding import decoded, similarity
from tts_server.audio.encode import FORMATS, FormatName, encode_whole, open_encoder
from tts_server.audio.pcm import from_s16le, to_s16le
from tts_server.engine import Samples
from tts_server.events import SAMPLE_RATES

CODED: list[FormatName] = ["mp3", "opus", "flac", "aac"]
ALL: list[FormatName] = ["wav", "pcm", *CODED]


def speechlike(seconds: float, sample_rate: int) -> Samples:
    """A buzz that glides and pulses like syllables: no stretch of it looks like another. (N,)."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    phase = 2 * np.pi * (120 * time + 15 * time**2)
    buzz = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 8))
    samples: Samples = (0.2 * buzz * (1 + np.sin(2 * np.pi * 3.3 * time)) / 2).astype(np.float32)
    return samples


def streamed(name: FormatName, samples: Samples, sample_rate: int, size: int) -> bytes:
    encoder = open_encoder(name, sample_rate, serial=1)
    parts = [encoder.encode(samples[at : at + size]) for at in range(0, len(samples), size)]
    return b"".join([*parts, encoder.finish()])


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
@pytest.mark.parametrize("name", ALL)
def test_what_is_decoded_is_what_was_encoded(name: FormatName, sample_rate: int) -> None:
    samples = speechlike(1.0, sample_rate)
    audio = streamed(name, samples, sample_rate, sample_rate // 10)
    heard = from_s16le(audio) if name == "pcm" else decoded(audio, sample_rate)
    assert similarity(heard, samples) > (0.9999 if name in ("wav", "pcm", "flac") else 0.99)
    assert abs(len(heard) - len(samples)) <= (0 if name in ("wav", "pcm", "flac") else 0.16 * sample_rate)


def test_flac_loses_nothing() -> None:
    samples = speechlike(0.7, 16000)
    expected = np.frombuffer(to_s16le(samples), "<i2")
    for audio in (streamed("flac", samples, 16000, 777), encode_whole("flac", to_s16le(samples), 16000)):
        with av.open(io.BytesIO(audio)) as container:
            frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        assert np.array_equal(np.concatenate(frames), expected)


@pytest.mark.parametrize("name", CODED)
def test_a_whole_file_tells_how_long_it_is(name: FormatName) -> None:
    whole = encode_whole(name, to_s16le(speechlike(2.0, 24000)), 24000)
    with av.open(io.BytesIO(whole)) as container:
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
@pytest.mark.parametrize("seconds", [0.01, 0.5, 1.2345])
def test_a_whole_mp3_is_exact_to_the_sample(sample_rate: int, seconds: float) -> None:
    samples = speechlike(seconds, sample_rate)
    audio = encode_whole("mp3", to_s16le(samples), sample_rate)
    heard = decoded(audio, sample_rate)
    assert len(heard) == len(samples)
    told = mutagen.mp3.MP3(io.BytesIO(audio)).info
    assert told.encoder_info.startswith("LAME 3.100")
    assert told.length == pytest.approx(len(samples) / sample_rate, abs=0.001)
    if seconds > 1:
        assert similarity(heard, samples) > 0.99
        assert float(np.dot(heard, samples) / np.dot(samples, samples)) == pytest.approx(1.0, abs=0.01)  # as loud


def test_a_streamed_mp3_tells_how_much_of_its_beginning_is_the_codecs() -> None:
    samples = speechlike(1.0, 24000)
    heard = decoded(streamed("mp3", samples, 24000, 2400), 24000)
    assert np.corrcoef(heard[:24000], samples)[0, 1] > 0.99


def test_ogg_files_that_are_joined_are_one_valid_file() -> None:
    first, second = speechlike(0.5, 48000), speechlike(0.7, 48000)
    for encode in (
        lambda samples: encode_whole("opus", to_s16le(samples), 48000),
        lambda samples: (encoder := open_encoder("opus", 48000)).encode(samples) + encoder.finish(),
    ):
        parts = [encode(first), encode(second)]
        serials = [{part[at + 14 : at + 18] for at in pages(part)} for part in parts]
        assert [len(found) for found in serials] == [1, 1]
        assert serials[0] != serials[1]
        told = [mutagen.oggopus.OggOpus(io.BytesIO(part)).info.length for part in parts]
        assert told == pytest.approx([0.5, 0.7], abs=0.021)
        assert mutagen.oggopus.OggOpus(io.BytesIO(b"".join(parts))).info.length == pytest.approx(told[1], abs=0.7)


def pages(ogg: bytes) -> list[int]:
    return [found.start() for found in re.finditer(rb"OggS\x00", ogg)]


def test_a_whole_wav_is_read_by_pythons_own_reader() -> None:
    with wave.open(io.BytesIO(encode_whole("wav", bytes(2000), 8000))) as reader:
        assert (reader.getframerate(), reader.getnframes()) == (8000, 1000)


@settings(max_examples=15)
@given(st.sampled_from(ALL), st.lists(st.integers(0, 4000), min_size=1, max_size=12))
def test_however_the_samples_are_cut_the_bytes_are_the_same(name: FormatName, sizes: list[int]) -> None:
    samples = speechlike(sum(sizes) / 16000 + 0.01, 16000)
    cut, whole = (open_encoder(name, 16000, serial=7) for _ in range(2))
    at, parts = 0, []
    for size in sizes:
        parts.append(cut.encode(samples[at : at + size]))
        at += size
    parts += [cut.encode(samples[at:]), cut.finish()]
    assert b"".join(parts) == whole.encode(samples) + whole.finish()


@pytest.mark.parametrize("name", CODED)
def test_what_has_come_out_lags_what_went_in_by_little(name: FormatName) -> None:
    samples = speechlike(2.0, 24000)
    encoder = open_encoder(name, 24000)
    out = b""
    for at in range(0, len(samples), 2400):
        out += encoder.encode(samples[at : at + 2400])
    heard = decoded(out, 24000)
    assert len(samples) - len(heard) <= 0.2 * 24000


def test_an_encoder_that_is_left_unfinished_is_gone_at_once() -> None:
    check = (
        "import gc, numpy as np; from tts_server.audio.encode import *; gc.disable()\n"
        "def size(): return int(open('/proc/self/statm').read().split()[1]) * 4096 >> 20\n"
        "for n in range(12):\n"
        " open_encoder('flac', 24000).encode(np.zeros(24000, np.float32))\n"
        " if n == 1: before = size()\n"
        "print(size() - before)"
    )
    grown_mb = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True).stdout
    assert int(grown_mb) < 20  # of 70, kept until the garbage is collected


@pytest.mark.parametrize("name", ALL)
def test_nothing_encoded_is_a_file_without_audio(name: FormatName) -> None:
    audio = open_encoder(name, 16000).finish()
    assert len(audio) < 300


def test_pyav_is_loaded_by_the_first_format_that_needs_it() -> None:
    check = (
        "import sys; from tts_server.audio.encode import *; open_encoder('wav', 16000); assert 'av' not in sys.modules;"
        "open_encoder('mp3', 16000); assert 'av' in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_every_format_has_its_own_media_type() -> None:
    assert set(FORMATS) == set(ALL)
    assert len({form.media_type for form in FORMATS.values()}) == len(FORMATS)
