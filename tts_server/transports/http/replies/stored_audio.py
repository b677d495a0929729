"""Finished replies kept in memory for a while, so that a player can fetch them by URL."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tts_server.access.box_names import elsewhere, marked
from tts_server.audio.encode import FormatName
from tts_server.audio.wav import BYTES_PER_SAMPLE, wav_header
from tts_server.errors import AudioGone, EngineBusy, TextTooLong

HEADER_BYTES: Final = len(wav_header(8000, 0))


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply as it was spoken, and in the formats it was asked for since."""

    wav: bytearray
    sample_rate: int
    form: FormatName  # what it is served as when a URL says nothing else
    expiry: asyncio.TimerHandle
    tag: str = ""  # of the request that it answers, if it is found by that
    headers: Mapping[str, str] = field(default_factory=dict)  # what was told beside it
    coded: dict[FormatName, bytes] = field(default_factory=dict)

    @property
    def pcm(self) -> memoryview:
        """Its 16-bit PCM."""
        return memoryview(self.wav)[HEADER_BYTES:]

    @property
    def used_bytes(self) -> int:
        """Memory it takes."""
        return len(self.wav) + sum(map(len, self.coded.values()))


class Recording:
    """A WAV in the making; it counts against the store's bytes as it grows."""

    def __init__(self, store: "StoredAudio") -> None:
        self._store = store
        self.wav = bytearray(HEADER_BYTES)

    @property
    def samples(self) -> int:
        """Samples recorded."""
        return (len(self.wav) - HEADER_BYTES) // BYTES_PER_SAMPLE

    @property
    def pcm(self) -> memoryview:
        """What has been recorded: 16-bit PCM. No more can be added while the view is held."""
        return memoryview(self.wav)[HEADER_BYTES:]

    def add(self, pcm: bytes) -> None:
        """Append 16-bit PCM. Raises TextTooLong, EngineBusy when the store cannot hold it."""
        self._store.claim(len(pcm), len(self.wav))
        self.wav += pcm

    def keep(
        self, sample_rate: int, form: FormatName = "wav", tag: str = "", headers: Mapping[str, str] | None = None
    ) -> str:
        """Finish the WAV and keep it, to be served as `form`, and found by a request's tag. Returns its id."""
        self.wav[:HEADER_BYTES] = wav_header(sample_rate, len(self.wav) - HEADER_BYTES)
        return self._store.put(self.wav, sample_rate, form, tag, headers or {})

    def drop(self) -> None:
        """Forget what was recorded."""
        self._store.forget(self)


class StoredAudio:
    """WAVs by id. The oldest make room for new ones."""

    def __init__(self, max_bytes: int, max_age_s: float, box: str = "") -> None:
        """box: the name of this one among several."""
        self._box = box
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._kept: dict[str, Kept] = {}  # oldest first
        self._by_tag: dict[str, str] = {}  # tag of a request to the id of its answer
        self._recordings: set[Recording] = set()

    @property
    def used_bytes(self) -> int:
        """Bytes kept and being recorded."""
        kept = sum(kept.used_bytes for kept in self._kept.values())
        return kept + sum(len(recording.wav) for recording in self._recordings)

    @contextmanager
    def record(self) -> Iterator[Recording]:
        """A new recording; it is dropped on leaving if it was not kept."""
        recording = Recording(self)
        self._recordings.add(recording)
        try:
            yield recording
        finally:
            self._recordings.discard(recording)

    def forget(self, recording: Recording) -> None:
        """Drop a recording that is not to be kept."""
        self._recordings.discard(recording)

    def find(self, tag: str) -> Kept | None:
        """The answer to a request that was answered before, if it is kept."""
        audio_id = self._by_tag.get(tag)
        return None if audio_id is None else self._kept[audio_id]

    def get(self, audio_id: str) -> Kept:
        """The reply of that id. Raises AudioGone."""
        kept = self._kept.get(audio_id)
        if kept is None:
            where = elsewhere(self._box, audio_id)
            raise AudioGone(f"this audio is not kept any longer; replies stay for {self._max_age_s:g} s at most{where}")
        return kept

    def clear(self) -> None:
        """Forget all."""
        for audio_id in list(self._kept):
            self._drop(audio_id)

    def claim(self, more_bytes: int, has_bytes: int) -> None:
        """Make room for a recording that has `has_bytes` to grow. Raises TextTooLong, EngineBusy."""
        if has_bytes + more_bytes > self._max_bytes:
            limit = f"{self._max_bytes} bytes"
            raise TextTooLong(
                f"the speech takes more than the {limit} that are kept; leave out format json: audio is streamed"
            )
        while self._kept and self.used_bytes + more_bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))
        if self.used_bytes + more_bytes > self._max_bytes:
            raise EngineBusy("too many replies are being recorded; try again soon, or let the audio be streamed")

    def remember(self, kept: Kept, form: FormatName, coded: bytes) -> None:
        """Keep the reply in another format too, where there is room without dropping another."""
        if self.used_bytes + len(coded) <= self._max_bytes:
            kept.coded[form] = coded

    def put(self, wav: bytearray, sample_rate: int, form: FormatName, tag: str, headers: Mapping[str, str]) -> str:
        """Keep a WAV under a new id that nobody can guess."""
        if tag in self._by_tag:
            self._drop(self._by_tag[tag])
        audio_id = marked(self._box, secrets.token_urlsafe(16))
        expiry = asyncio.get_running_loop().call_later(self._max_age_s, self._drop, audio_id)
        self._kept[audio_id] = Kept(wav, sample_rate, form, expiry, tag, headers)
        if tag:
            self._by_tag[tag] = audio_id
        return audio_id

    def _drop(self, audio_id: str) -> None:
        kept = self._kept.pop(audio_id)
        kept.expiry.cancel()
        self._by_tag.pop(kept.tag, None)
