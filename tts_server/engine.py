"""The engine contract: all that the author of an engine plug-in needs to read.

A plug-in is a package with one class and one entry point in the group `tts_server.engines`. The class is made once, in
the engine host (a child process), with the engine's own table of the configuration. Of tts_server it imports only this.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, runtime_checkable

from tts_server.text.linguistic.utterance import Break, Prosody, Run, Sentence, Syllable, Word

__all__ = [
    "AudioChunk",
    "Break",
    "Engine",
    "Prosody",
    "Refreshable",
    "Run",
    "Samples",
    "Sentence",
    "Syllable",
    "Timing",
    "Unloadable",
    "Utterance",
    "VocoderTask",
    "Voice",
    "Word",
]

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
else:

    def __getattr__(name: str) -> Any:
        """`Samples`, when it is asked for: numpy takes 0.1 s, which commands that make no sound need not spend."""
        if name != "Samples":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import numpy as np
        from numpy.typing import NDArray

        return NDArray[np.float32]


FAINT: Final = 0.5  # how plainly an emotion must be heard to be offered like others


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as people choose it."""

    name: str  # "baker": stable, clients store it
    engine: str  # the entry point's name
    language: str  # BCP 47, as people choose it: "zh-CN"
    speaks: tuple[str, ...]  # languages of the runs it can say: ("zh",)
    sample_rate: int  # Hz, native
    emotions: tuple[str, ...]  # canonical names it can do, "neutral" first
    description: str
    attribution: str  # who made it
    attribution_url: str
    licence: str  # SPDX identifier
    version: str
    gender: Literal["female", "male", "neutral", ""] = ""  # "": not known
    by_signal: tuple[str, ...] = ()  # of the emotions, those that the engine says as neutral: its audio is changed
    # How plainly each of the emotions is heard at intensity 1, in order: 0 not at all, 1 plainly; (): each plainly.
    emotion_strengths: tuple[float, ...] = ()
    revision: str = ""  # changes whenever the voice sounds different; "": as `version`
    notice: str = ""  # what a user must be told about the licence, one or two sentences
    level_dbfs: float = -19.0  # of its neutral speech, pauses left out: voices within one text are matched by it
    speaker_of: str = ""  # the voice of whose model it is another speaker: lists for people may show it below that one
    loudness_lufs: float | None = None  # of its neutral speech by ITU-R BS.1770; None: measured when it first speaks

    @property
    def strengths(self) -> Mapping[str, float]:
        """How plainly each emotion is heard."""
        told = dict(zip(self.emotions, self.emotion_strengths, strict=False))
        return {emotion: told.get(emotion, 1.0) for emotion in self.emotions}

    @property
    def faint_emotions(self) -> tuple[str, ...]:
        """Emotions that are hardly heard, and not offered as equals."""
        return tuple(emotion for emotion, strength in self.strengths.items() if strength < FAINT)


@dataclass(frozen=True, slots=True)
class Timing:
    """When a stretch of the client's text is heard. Text in code points, time in samples from the utterance's start."""

    start: int
    end: int
    first_sample: int
    last_sample: int


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A run of samples, and the timings of the syllables or words that begin in audio not yet told about."""

    samples: "Samples"  # float32 (N,), -1..1
    sample_rate: int  # Hz; constant for one utterance
    timings: tuple[Timing, ...] = ()


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one call of `synthesize` says: neighbouring runs in languages the voice speaks."""

    voice: str
    runs: tuple[Run, ...]
    is_last: bool = True  # nothing of the same segment follows; ends of sentences may take their pause
    before: Prosody | None = None  # what came just before was in this other emotion: a voice may change over smoothly


@dataclass(frozen=True, slots=True)
class VocoderTask:
    """A vocoder on its own, for `tts-server bench`. An engine may have a method `vocoder_task(voice: str)` for it."""

    macs_per_s: float  # multiply-adds that a second of audio takes
    audio_s: float  # that one run makes
    run: Callable[[], object]


class Engine(Protocol):
    """Speaks with one or more voices. Runs on synthesis threads of the engine host; may block; must not use asyncio.

    `synthesize` may run on several threads at once, each with a generator of its own.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Cheap: no model is read here, so that `voices` is known at once."""

    @property
    def voices(self) -> Sequence[Voice]:
        """The voices whose data is installed."""

    def load(self, voice: str) -> None:
        """Make a voice ready to speak, warm-up included. Idempotent, thread-safe. Raises VoiceDataMissing."""

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Yield audio as it is ready; being closed early is normal: the listener left.

        wanted: asked before each chunk, says how many seconds of audio the listener wants next: a hint, no more.
        """


@runtime_checkable
class Unloadable(Protocol):
    """What an engine may do besides: give back the memory of a voice. Called only while the voice is not speaking."""

    def unload(self, voice: str) -> None:
        """Let go of what `load` made; the next `load` makes it anew. Idempotent, thread-safe."""


@runtime_checkable
class Refreshable(Protocol):
    """What an engine may do besides: have voices that come and go while it runs."""

    def refresh(self) -> None:
        """Look again which voices there are. Thread-safe; speech under way goes on with what it began with."""
