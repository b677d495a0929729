"""The engine: what tts-server asks of a plug-in. How a syllable sounds stands in `formants.py`."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from formant_voice.formants import RATE, Style, syllable_sound
from tts_server.engine import AudioChunk, Break, Prosody, Samples, Syllable, Timing, Utterance, Voice

NAME: Final = "formant"
EMOTIONS: Final = {  # semitones, and how much faster
    "neutral": (0.0, 1.0),
    "happy": (3.0, 1.15),
    "sad": (-3.0, 0.8),
    "angry": (1.5, 1.25),
}
PAUSES_S: Final = {Break.PHRASE: 0.04, Break.CLAUSE: 0.2, Break.SENTENCE: 0.35}  # at speed 1
SYLLABLE_S: Final = 0.24
SHORTEST_CHUNK_S: Final = 0.02


class FormantEngine:
    """One Mandarin voice. Keeps nothing between calls, so any number of threads may speak at once."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """settings: the table [engines.formant] of the configuration; `pitch_hz` is its only key."""
        self._pitch_hz = float(settings.get("pitch_hz", 190.0))

    @property
    def voices(self) -> Sequence[Voice]:
        return (
            Voice(
                name=NAME,
                engine="formant",
                language="zh-CN",
                speaks=("zh",),  # English words are said by another voice that is installed
                sample_rate=RATE,
                emotions=tuple(EMOTIONS),
                description="Mandarin, a talking machine made of sines",
                attribution="tts-server's example plug-in",
                attribution_url="https://example.org/formant-voice",
                licence="Apache-2.0",
                version="1.0.0",
                revision=f"1.0.0-{self._pitch_hz:g}",  # kept recordings of another pitch are not played
                level_dbfs=-18.2,
            ),
        )

    def load(self, voice: str) -> None:
        """Nothing to read. A voice with a model makes it here, under a lock, and keeps it."""
        if voice != NAME:
            raise ValueError(f"engine formant has no voice {voice!r}; it has {NAME!r}")

    def unload(self, voice: str) -> None:
        """Nothing to let go of."""

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Syllable by syllable, cut into chunks as long as the listener wants.

        Whoever closes the generator ends it at a `yield`: there is nothing to clean up, and nothing goes on behind it.
        """
        self.load(utterance.voice)
        waiting, timings, made = np.zeros(0, np.float32), list[Timing](), 0
        for syllable, sound in self._sounds(utterance):
            if syllable is not None:
                timings.append(Timing(syllable.start, syllable.end, made, made + len(sound)))
            made += len(sound)
            waiting = np.concatenate([waiting, sound])
            while len(waiting) > (size := round(max(wanted(), SHORTEST_CHUNK_S) * RATE)):
                yield AudioChunk(waiting[:size], RATE, tuple(timings))
                waiting, timings = waiting[size:], []
        if len(waiting):
            yield AudioChunk(waiting, RATE, tuple(timings))

    def _sounds(self, utterance: Utterance) -> Iterator[tuple[Syllable | None, Samples]]:
        """Syllables and their sound; None and silence between them."""
        for run in utterance.runs:
            style = _style(run.prosody, self._pitch_hz)
            for syllable in run.syllables:
                yield syllable, syllable_sound(syllable.spoken, style)
                if syllable is not run.syllables[-1]:
                    yield None, _silence(_pause_s(syllable.break_after, run.prosody))
            yield (
                None,
                _silence(_pause_s(run.break_after, run.prosody) if run.pause_ms is None else run.pause_ms / 1000),
            )


def _style(prosody: Prosody, pitch_hz: float) -> Style:
    semitones, faster = EMOTIONS.get(prosody.emotion, EMOTIONS["neutral"])
    speed = prosody.speed * faster**prosody.intensity
    hertz = pitch_hz * 2 ** ((semitones * prosody.intensity + prosody.pitch) / 12)
    return Style(hertz, SYLLABLE_S / speed, 10 ** (prosody.volume / 20))


def _pause_s(after: Break, prosody: Prosody) -> float:
    """How long a break is: as the client asks, else the voice's own."""
    asked_ms = {Break.CLAUSE: prosody.clause_pause_ms, Break.SENTENCE: prosody.sentence_pause_ms}.get(after)
    return PAUSES_S.get(after, 0.0) / prosody.speed if asked_ms is None else asked_ms / 1000


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)
