"""One segment after the other from the engine: turns taken, rate changed, pieces joined, time and samples counted."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Final

import numpy as np

from tts_server.audio.join import SILENCE, Joiner
from tts_server.audio.pcm import silence
from tts_server.audio.resample import Resampler
from tts_server.cache.segment_cache import SegmentCache
from tts_server.engine import AudioChunk, Samples
from tts_server.engine_host.link import EngineHostLost, EngineLink
from tts_server.events import Audio, Marks, Queued, SegmentEnded, SegmentStarted, SpeechEvent
from tts_server.scheduling.prebuffer import Prebuffer
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.intake import Planned
from tts_server.synthesis.interruption import Interruption
from tts_server.synthesis.pauses import taken_from_start

_STEP_S: Final = 0.125  # of audio that goes through rate and joiner at once; then others have their turn
_GAP_S: Final = 0.3  # Home Assistant plays to devices 0.38 s behind


class SegmentSpeaker:
    """Speaks the segments of one context into one run of samples."""

    def __init__(
        self,
        link: EngineLink,
        turns: Turns,
        cache: SegmentCache,
        interruption: Interruption,
        sample_rate: int,
        lead_ms: int = 0,
    ) -> None:
        """lead_ms: silence before the first word."""
        self._link = link
        self._turns = turns
        self._cache = cache
        self._interruption = interruption
        self._sample_rate = sample_rate
        self._lead_ms = lead_ms
        self._joiner = Joiner(sample_rate)
        self.segments = self.samples = 0  # given out so far
        self._heard_until = 0  # the sample behind the last that is no silence
        self.gaps = 0  # see `Done`
        self._dry_at = 0.0  # when a listener who plays all at once has heard it
        self.synth_s = 0.0  # the engine's own time
        self._asking_s = 0.0  # the time spent asking for it
        self.first_audio_at: float | None = None

    async def speak(self, stream: int, planned: Planned) -> AsyncGenerator[SpeechEvent]:
        """The events of one segment. Raises Stopped, EngineError."""
        index, base = self.segments, self.samples
        heard_from = base
        synth_s, asking_s = self.synth_s, self._asking_s
        first_at: float | None = None
        pause_ms, segment = taken_from_start(planned.segment) if index else (0, planned.segment)
        planned = replace(planned, segment=segment)
        self.segments += 1
        rate = Resampler(planned.voice.sample_rate, self._sample_rate)
        async with aclosing(self._prebuffered(stream, index, planned)) as chunks:
            async for chunk in chunks:
                if not isinstance(chunk, AudioChunk):
                    yield chunk
                    if isinstance(chunk, SegmentStarted):
                        if lead := self.pause(pause_ms) if index else self.silence(self._lead_ms):
                            yield lead
                        heard_from = self.samples
                    continue
                first_at = first_at or _now()
                if chunk.timings:
                    yield _marks(chunk, heard_from / self._sample_rate)
                for piece in _pieces(chunk):
                    # Speech that is there already waits for nothing, and a fast reader never makes it wait.
                    await self._interruption.wait(asyncio.sleep(0))
                    if len(samples := self._joiner.feed(rate.feed(piece))):
                        yield self._audio(samples)
        if len(samples := np.concatenate([self._joiner.feed(rate.flush()), self._joiner.end_piece()])):
            yield self._audio(samples)
        synth_s, asking_s = self.synth_s - synth_s, self._asking_s - asking_s
        yield SegmentEnded(
            *(index, self.samples - base, ms(synth_s), ms(max(0.0, asking_s - synth_s))),
            first_ms=None if first_at is None else ms(first_at - planned.cut_at),
        )

    def pause(self, pause_ms: int) -> Audio | None:
        """What a pause of this length still lacks: what the voice made at its last end counts."""
        return self.silence(pause_ms - ms((self.samples - self._heard_until) / self._sample_rate))

    def silence(self, pause_ms: int) -> Audio | None:
        """Nothing, for so long."""
        samples = silence(max(0, pause_ms) / 1000, self._sample_rate)
        return self._audio(samples) if len(samples) else None

    def cut_off(self) -> Audio | None:
        """What was held back of speech that ends here and now: it fades out, so that nobody hears a click."""
        return self._audio(rest) if len(rest := self._joiner.end_piece()) else None

    async def _prebuffered(
        self, stream: int, index: int, planned: Planned
    ) -> AsyncGenerator[AudioChunk | Queued | SegmentStarted]:
        """As `_chunks`; of a voice slower than real time, the first ones come late and together."""
        prebuffer = Prebuffer()
        async with aclosing(self._chunks(stream, index, planned)) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, AudioChunk):
                    for ready in prebuffer.feed(chunk, self._turns.in_hand_s(stream)):
                        yield ready
                    continue
                if isinstance(chunk, SegmentStarted) and not chunk.is_cached:
                    prebuffer = self._turns.prebuffer(stream, planned.voice.name, is_followed=planned.is_followed)
                yield chunk
        for ready in prebuffer.flush():
            yield ready

    async def _chunks(
        self, stream: int, index: int, planned: Planned
    ) -> AsyncGenerator[AudioChunk | Queued | SegmentStarted]:
        """The segment's start and audio. One of which nothing was heard is run once more if the engine host is lost."""
        is_told = False
        for attempt in itertools.count():
            was_heard = False
            try:
                opening = self._cache.open(planned.segment, planned.voice, stream)
                with closing(await self._interruption.wait(opening)) as source:
                    if not is_told:
                        is_told = True
                        yield self._segment_started(index, planned, source.is_cached)
                    try:
                        while True:
                            asked_at = _now()
                            chunk = await self._interruption.wait(source.next())
                            self._asked(asked_at)
                            if chunk is None:
                                return
                            was_heard |= isinstance(chunk, AudioChunk)
                            yield chunk
                    finally:
                        self.synth_s += source.busy_s
            except EngineHostLost:
                if was_heard or attempt:
                    raise
            await self._interruption.wait(self._link.wait_ready())

    def _segment_started(self, index: int, planned: Planned, is_cached: bool) -> SegmentStarted:
        segment, prosody = planned.segment, planned.segment.prosody
        start, end = segment.offsets[0], segment.offsets[-1]
        voice = self._link.catalogue.speaker_of(segment.text, planned.voice).name
        return SegmentStarted(index, segment.text, start, end, voice, prosody.emotion, prosody.intensity, is_cached)

    def _asked(self, asked_at: float) -> None:
        """Count what the engine has kept us waiting for, and its listener."""
        now = _now()
        self._asking_s += now - asked_at
        if self.first_audio_at is not None and now - max(asked_at, self._dry_at) > _GAP_S:
            self.gaps += 1

    def _audio(self, samples: Samples) -> Audio:
        now = _now()
        if self.first_audio_at is None:
            self.first_audio_at = now
        self._dry_at = max(self._dry_at, now) + len(samples) / self._sample_rate
        position = self.samples
        if len(loud := np.flatnonzero(np.abs(samples) > SILENCE)):
            self._heard_until = position + int(loud[-1]) + 1
        self.samples += len(samples)
        return Audio(samples, position)


def _pieces(chunk: AudioChunk) -> Iterator[Samples]:
    """The chunk in small steps: while a slow reader is waited for, few copies of it are held."""
    size = round(_STEP_S * chunk.sample_rate)
    return (chunk.samples[start : start + size] for start in range(0, len(chunk.samples), size))


def ms(seconds: float) -> int:
    """Whole milliseconds."""
    return round(1000 * seconds)


def _marks(chunk: AudioChunk, base_s: float) -> Marks:
    def at_ms(sample: int) -> int:
        return ms(base_s + sample / chunk.sample_rate)

    return Marks(tuple((t.start, t.end, at_ms(t.first_sample), at_ms(t.last_sample)) for t in chunk.timings))


def _now() -> float:
    return asyncio.get_running_loop().time()
