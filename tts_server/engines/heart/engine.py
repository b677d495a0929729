"""The embedded English voice `heart` (hibari-tts): words inside Mandarin, and English texts.

Honours speed and volume. Pitch and emotions are made of its samples by the engine host: the net's spectral envelope is
only meant for its own F0 (moved by 3 semitones the level rises by 4 dB and peaks pass full scale).
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from tts_server.engine import AudioChunk, Utterance, Voice
from tts_server.engines.heart.output import LEVEL_DBFS, SAMPLE_RATE
from tts_server.errors import VoiceUnknown
from tts_server.presets import BY_SIGNAL_STRENGTHS, PRESETS

if TYPE_CHECKING:
    from tts_server.engines.heart.runtime import Runtime

NAME: Final = "heart"
LOUDNESS_LUFS: Final = -25.9  # median of 20 sentences


class HeartEngine:
    """Speaks English. `synthesize` may run on several threads at once."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Looks whether hibari is installed, without importing it."""
        self._voices = (_voice(),) if find_spec("hibari") else ()
        self._loading = Lock()
        self._runtime: Runtime | None = None

    @property
    def voices(self) -> Sequence[Voice]:
        """`heart`, or nothing where hibari-tts is not installed."""
        return self._voices

    def load(self, voice: str) -> None:
        """Read the net and the lexicons, and speak once. Raises VoiceUnknown."""
        self._loaded(voice)

    def unload(self, voice: str) -> None:
        """Let go of the net and the lexicons."""
        with self._loading:
            self._runtime = None

    def _loaded(self, voice: str) -> "Runtime":
        if voice != NAME:
            raise VoiceUnknown(f"engine heart has no voice {voice!r}; it has {NAME!r}")
        with self._loading:
            if self._runtime is None:
                from tts_server.engines.heart.runtime import Runtime
                from tts_server.engines.heart.speaker import warm_up

                runtime = Runtime()
                warm_up(runtime)
                self._runtime = runtime
            return self._runtime

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Speak the runs one after the other, a sentence at a time, cut as `wanted` asks."""
        from tts_server.engines.heart.speaker import speak

        yield from speak(self._loaded(utterance.voice), utterance.runs, wanted)


def _voice() -> Voice:
    return Voice(
        name=NAME,
        engine="heart",
        language="en-US",
        speaks=("en",),
        sample_rate=SAMPLE_RATE,
        emotions=tuple(PRESETS),
        by_signal=tuple(emotion for emotion in PRESETS if emotion != "neutral"),
        emotion_strengths=tuple(BY_SIGNAL_STRENGTHS[emotion] for emotion in PRESETS),
        gender="female",
        description="American English, female, small and fast",
        attribution="hibari-tts (a student of Kokoro)",
        attribution_url="https://pypi.org/project/hibari-tts/",
        licence="Apache-2.0",
        version=version("hibari-tts"),
        revision=version("hibari-tts"),
        level_dbfs=LEVEL_DBFS,
        loudness_lufs=LOUDNESS_LUFS,
    )
