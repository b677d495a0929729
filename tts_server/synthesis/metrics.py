"""Figures for Prometheus. Every label has few values: routes, voices, statuses; never a text, a peer or a token."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tts_server import __version__
from tts_server.events import Done
from tts_server.synthesis.context import Context
from tts_server.synthesis.synthesizer import Synthesizer

_FIRST_AUDIO_S: Final = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)
_RTF: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0)
_LAG_S: Final = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_LOOK_S: Final = 0.5  # between two looks at the loop's lag
_WEIGHT: Final = 0.2  # of the newest speech in the recent real-time factor
_MAX_VOICES: Final = 64
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts what the core and the doors do."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        self.recent_real_time_factor: float | None = None
        self._registry = registry = CollectorRegistry()
        self._voices: set[str] = set()
        self._requests = Counter("tts_http_requests", "HTTP requests answered.", ("route", "status"), registry=registry)
        self._texts = Counter("tts_texts", "Texts, over all doors, by how they ended.", ("end",), registry=registry)
        self._chars = Counter("tts_characters", "Characters of text taken.", registry=registry)
        self._audio = Counter("tts_audio_seconds", "Seconds of audio given out.", ("voice",), registry=registry)
        self._gaps = Counter("tts_gaps", "Stalls of more than 0.3 s within a text: most are heard.", registry=registry)
        self._first_audio = Histogram(
            *("tts_first_audio_seconds", "From the first text to the first audio."),
            buckets=_FIRST_AUDIO_S,
            registry=registry,
        )
        self._rtf = Histogram(
            *("tts_real_time_factor", "Computing time over audio time, of each text; the cache makes it 0."),
            buckets=_RTF,
            registry=registry,
        )
        self._lag = Histogram("tts_loop_lag_seconds", "How late the event loop is.", buckets=_LAG_S, registry=registry)
        Gauge("tts_build_info", "1, with the version.", ("version",), registry=registry).labels(__version__).set(1)
        registry.register(_Core(synthesizer))
        synthesizer.observers.append(self._spoken)

    def answered(self, route: str, status: int) -> None:
        """Count an HTTP request. route: a template, never a path."""
        self._requests.labels(route, str(status)).inc()

    def text(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self._registry)

    async def watch_loop(self) -> None:
        """Measure the event loop's lag until cancelled."""
        while True:
            due = time.monotonic() + _LOOK_S
            await asyncio.sleep(_LOOK_S)
            self._lag.observe(max(0.0, time.monotonic() - due))

    def _spoken(self, context: Context, done: Done) -> None:
        self._texts.labels(str(done.reason)).inc()
        self._chars.inc(done.chars)
        self._gaps.inc(done.gaps)
        if done.first_ms is not None:
            self._first_audio.observe(done.first_ms / 1000)
        if done.samples:
            audio_s = done.samples / context.sample_rate
            self._audio.labels(self._voice_label(context.voice)).inc(audio_s)
            factor = done.synth_ms / 1000 / audio_s
            self._rtf.observe(factor)
            before = factor if self.recent_real_time_factor is None else self.recent_real_time_factor
            self.recent_real_time_factor = round((1 - _WEIGHT) * before + _WEIGHT * factor, 4)

    def _voice_label(self, voice: str) -> str:
        """Voice packs come and go; their names do not grow without end."""
        if len(self._voices) < _MAX_VOICES:
            self._voices.add(voice)
        return voice if voice in self._voices else "other"


class _Core(Collector):
    """What the core counts itself, read when it is asked for."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer

    def collect(self) -> Iterator[Metric]:
        figures = self._synthesizer.figures
        cache = figures.cache
        yield GaugeMetricFamily("tts_active_streams", "Texts being spoken, over all doors.", figures.active)
        yield GaugeMetricFamily("tts_queued_streams", "Texts that wait for their turn.", figures.queued)
        yield GaugeMetricFamily("tts_load_ratio", "Room taken: 1 is all of it, more is a line.", round(figures.load, 4))
        draining = int(self._synthesizer.is_draining)
        yield GaugeMetricFamily("tts_draining", "1 while the daemon stops and takes no new texts.", draining)
        yield GaugeMetricFamily("tts_ready", "1 while a request would be spoken.", int(self._synthesizer.is_ready))
        yield CounterMetricFamily("tts_underruns", "Chunks that came after the listener ran dry.", figures.late_chunks)
        yield CounterMetricFamily("tts_engine_host_restarts", "Restarts of the engine host.", figures.host_restarts)
        room = GaugeMetricFamily(
            "tts_room_streams", "Texts in this voice that are spoken at once; others wait in line.", labels=("voice",)
        )
        for voice, streams in list(figures.room.items())[:_MAX_VOICES]:
            room.add_metric((voice,), streams)
        yield room
        segments = CounterMetricFamily("tts_segments", "Segments, by where their audio came from.", labels=("source",))
        segments.add_metric(("memory",), cache.from_memory)
        segments.add_metric(("disk",), cache.from_store)
        segments.add_metric(("other_box",), cache.from_other_box)
        segments.add_metric(("shared",), cache.joined)
        segments.add_metric(("followed",), cache.followed)
        segments.add_metric(("engine",), cache.spoken)
        yield segments
        taken_over = CounterMetricFamily(
            "tts_segments_taken_over",
            "Followed segments that were spoken here after all: the other box was silent, or was lost.",
            labels=("why",),
        )
        taken_over.add_metric(("silent",), cache.after_silence)
        taken_over.add_metric(("lost",), cache.after_loss)
        yield taken_over
        memory = GaugeMetricFamily("tts_resident_bytes", "Memory of both processes.", labels=("process",))
        for process, pid in (("daemon", "self"), ("engine_host", figures.host_pid)):
            memory.add_metric((process,), _resident_bytes(pid))
        yield memory


def _resident_bytes(pid: int | str | None) -> int:
    """Resident memory; 0 for a process that is not there."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 0
