"""Which voices are in memory: loaded when first used, and the one unused for longest goes when there is too little.

A voice that is speaking never goes, nor does the one used last.
"""

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tts_server import heap
from tts_server.engine import AudioChunk, Engine, Unloadable, Utterance, Voice

log = logging.getLogger(__name__)

_PAGES = Path("/proc/self/statm")
_PAGE_BYTES = 4096
MIB = 1 << 20


def resident_bytes() -> int:
    """Memory of this process (RSS); 0 where the kernel does not tell."""
    try:
        return int(_PAGES.read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


@dataclass(slots=True)
class _LoadedVoice:
    """A voice that is loaded, or being loaded."""

    engine: Engine
    speakers: int = 0  # utterances it is in the middle of


class VoiceEviction:
    """Counts who speaks with which voice, and keeps memory under a ceiling."""

    def __init__(self, ceiling_bytes: int = 0, measure: Callable[[], int] = resident_bytes) -> None:
        """ceiling_bytes: of the whole process; 0 is none."""
        self._ceiling_bytes = ceiling_bytes
        self._measure = measure
        self._voices: dict[str, _LoadedVoice] = {}  # the one used last at the end
        self._lock = threading.Lock()

    @property
    def loaded(self) -> list[str]:
        """Voices in memory, the one unused for longest first."""
        return list(self._voices)

    def load(self, engine: Engine, voice: str) -> None:
        """Load a voice and make room for it. Raises what the engine raises."""
        with self.in_use(engine, voice):
            engine.load(voice)

    @contextmanager
    def in_use(self, engine: Engine, voice: str) -> Iterator[None]:
        """The voice stays in memory inside."""
        with self._lock:
            was_loaded = voice in self._voices
            resident = self._voices.pop(voice, None) or _LoadedVoice(engine)
            self._voices[voice] = resident
            resident.speakers += 1
        try:
            yield
        except Exception:
            with self._lock:
                if not was_loaded and resident.speakers == 1:
                    self._voices.pop(voice, None)
            raise
        finally:
            with self._lock:
                resident.speakers -= 1
                if self._voices.get(voice) is resident:
                    self._voices[voice] = self._voices.pop(voice)  # used last
                self._make_room()

    def _make_room(self) -> None:
        if not self._ceiling_bytes or self._measure() <= self._ceiling_bytes:
            return
        for voice, resident in list(self._voices.items())[:-1]:
            if resident.speakers or not isinstance(resident.engine, Unloadable):
                continue
            before = self._measure()
            resident.engine.unload(voice)
            del self._voices[voice]
            heap.give_back()
            log.info("voice %s unloaded: %d MB were in use, above the ceiling of %d", voice, *self._mib(before))
            if self._measure() <= self._ceiling_bytes:
                return

    def _mib(self, used: int) -> tuple[int, int]:
        return used // MIB, self._ceiling_bytes // MIB


class EvictableEngine:
    """An engine whose voices come into memory when used, and may have to leave it."""

    def __init__(self, engine: Engine, eviction: VoiceEviction) -> None:
        self.engine = engine
        self._eviction = eviction

    @property
    def voices(self) -> Sequence[Voice]:
        """The engine's."""
        return self.engine.voices

    def load(self, voice: str) -> None:
        """Load a voice, and make room for it."""
        self._eviction.load(self.engine, voice)

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Speak; the voice stays in memory until the generator ends or is closed."""
        with self._eviction.in_use(self.engine, utterance.voice):
            yield from self.engine.synthesize(utterance, wanted)
