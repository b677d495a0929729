"""What a door asks of the core (SpeechOptions) and what it gets back (SpeechEvent). No wire format here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from tts_server.errors import BadRequest, FormatUnsupported, TTSError

if TYPE_CHECKING:
    from tts_server.engine import Samples

RANGES: Final[Mapping[str, tuple[float, float, str]]] = {
    "intensity": (0.0, 2.0, ""),
    "speed": (0.4, 2.5, ""),
    "pitch": (-12.0, 12.0, " semitones"),
    "volume": (-40.0, 12.0, " dB"),
}
TextFormat = Literal["auto", "plain", "ssml", "markdown"]  # auto: plain, but a text that begins with <speak is SSML
TEXT_FORMATS: Final[tuple[TextFormat, ...]] = ("auto", "plain", "ssml", "markdown")
SAMPLE_RATES: Final = (8000, 16000, 22050, 24000, 44100, 48000)


def check_range(name: str, value: float) -> None:
    """Raise BadRequest when a control is outside what any voice can do."""
    low, high, unit = RANGES[name]
    if not low <= value <= high:  # also refuses NaN
        raise BadRequest(f"{name} is {value:g}{unit}; it can be {low:g} to {high:g}{unit}")


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long nothing is heard, in ms. None: as the box is set, and there: as the voice does it, or none."""

    sentence_ms: int | None = None
    clause_ms: int | None = None
    paragraph_ms: int | None = None  # where a line ends, besides the sentence's
    lead_ms: int | None = None  # before the first word
    tail_ms: int | None = None  # behind the last one

    def over(self, others: "Pauses") -> "Pauses":
        """These, and for what is left out the others."""
        named = (field.name for field in fields(self))
        return Pauses(*(getattr(others if getattr(self, name) is None else self, name) for name in named))


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How a context is to be spoken. Raises BadRequest when a value is out of range."""

    voice: str | None = None  # None: by language, else the default voice
    language: str | None = None
    emotion: str | None = None  # any spelling protocol.emotions knows; None: the default of this box
    intensity: float = 1.0
    speed: float = 1.0
    pitch: float = 0.0  # semitones
    volume: float | None = None  # dB; None: as the client is given it, else 0
    pauses: Pauses = Pauses()
    sample_rate: int | None = None  # Hz; None: the voice's own
    split: Literal["auto", "sentence", "none"] = "auto"
    text_format: TextFormat = "auto"
    lenient: bool = False  # SSML that cannot be read is said without its tags; else it is an error
    strict: bool = False  # an emotion the voice lacks is an error, not a fallback
    priority: int = 0  # -1 low, 0 normal, 1 high
    client: str = ""  # who asks, as far as the door knows: clients take turns when not all can be let in
    max_delay_s: float | None = None  # text without a sentence end waits no longer; None: the limit of this box
    idle_s: float | None = None  # the context ends when no text came for so long; None: the limit of this box

    def __post_init__(self) -> None:
        for name in RANGES:
            if (value := getattr(self, name)) is not None:
                check_range(name, value)
        if self.sample_rate is not None and self.sample_rate not in SAMPLE_RATES:
            raise BadRequest(f"sample rate is {self.sample_rate} Hz; it can be {', '.join(map(str, SAMPLE_RATES))}")
        if self.text_format not in TEXT_FORMATS:
            raise FormatUnsupported(f"text format is {self.text_format!r}; it can be {', '.join(TEXT_FORMATS)}")


class ContextState(StrEnum):
    """Where a context stands."""

    OPEN = "open"
    BUFFERING = "buffering"  # has text that is no whole segment yet
    SPEAKING = "speaking"
    ENDING = "ending"  # all text is here, some of it is still to be said
    CANCELLING = "cancelling"
    DONE = "done"


class DoneReason(StrEnum):
    """Why a context is over."""

    END = "end"
    CANCELLED = "cancelled"
    PREEMPTED = "preempted"
    IDLE = "idle"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Queued:
    """More is being spoken than this box can keep playing: the context waits in line. Comes again as it moves up."""

    position: int  # 1 is next
    eta_s: float  # an estimate of how long it will wait


@dataclass(frozen=True, slots=True)
class SegmentStarted:
    """The audio that follows says this stretch of the client's text."""

    index: int
    text: str
    start: int  # code points of the context's text, half-open
    end: int
    voice: str
    emotion: str  # what is used
    intensity: float
    is_cached: bool = False  # it was spoken before, and is there at once


@dataclass(frozen=True, slots=True)
class Marks:
    """When stretches of the client's text are heard: (start, end, start_ms, end_ms), times from the context's start."""

    items: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Audio:
    """The next samples of the context."""

    samples: "Samples"  # float32 (N,), N > 0, at the context's sample rate
    position: int  # of the first of them, in samples from the context's start


@dataclass(frozen=True, slots=True)
class SegmentEnded:
    """All audio of the segment has been given out."""

    index: int
    samples: int
    synth_ms: int  # time the engine worked on it
    wait_ms: int  # time it waited for its turns
    first_ms: int | None  # from its cut to its first audio; None: it has none


@dataclass(frozen=True, slots=True)
class Passed:
    """Everything before a note (`Context.note`) has been given out; what follows comes after its place in the text."""

    note: object


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of every context, exactly once."""

    reason: DoneReason
    error: TTSError | None
    segments: int
    chars: int
    samples: int
    first_ms: int | None  # from the first text to the first audio; None: there was none
    synth_ms: int  # time the engine spent
    skipped: int = 0  # letters that no language here reads
    gaps: int = 0  # times at which the listener had nothing to hear for longer than players bridge


SpeechEvent = Queued | SegmentStarted | Marks | Audio | SegmentEnded | Passed | Done
