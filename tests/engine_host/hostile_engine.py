"""An engine that is hostile, or badly broken: each of its voices in another way, which its description names."""

import os
import struct
import sys
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final

import numpy as np

from tests.support.engines import RATE, ToneEngine, voice
from tts_server.engine import AudioChunk, Timing, Utterance, Voice

TONE: Final = np.zeros(1600, np.float32)
CHUNKS: Final[dict[str, Any]] = {
    "gives samples that are not finite": lambda: AudioChunk(np.full(1600, np.nan, np.float32), RATE),
    "gives enormous samples": lambda: AudioChunk(np.full(1600, 3e38, np.float32), RATE),
    "gives no rate": lambda: AudioChunk(TONE, 0),
    "gives a negative rate": lambda: AudioChunk(TONE, -16000),
    "gives a rate that is text": lambda: AudioChunk(TONE, "16000"),  # type: ignore[arg-type]
    "gives samples in two dimensions": lambda: AudioChunk(TONE.reshape(2, -1), RATE),
    "gives objects for samples": lambda: AudioChunk(np.array([None, "x"], object), RATE),  # type: ignore[arg-type]
    "gives whole numbers": lambda: AudioChunk(np.full(1600, 9999, np.int16), RATE),  # type: ignore[arg-type]
    "gives something else than chunks": lambda: {"samples": 1},
    "gives timings out of place": lambda: AudioChunk(TONE, RATE, (Timing(-5, 10**9, 10**12, -3),)),
    "gives timings that are text": lambda: AudioChunk(TONE, RATE, ("now",)),  # type: ignore[arg-type]
}
MESSAGES: Final = {
    "writes nonsense into the link": b"\x00\x00\x00\x05\x00\x00\x00\x00nonse",
    "announces four gigabytes": struct.pack("!II", 2, 2**32 - 1) + b"{}",
    "announces an endless header": struct.pack("!II", 2**32 - 1, 0),
    "writes JSON that is no object": struct.pack("!II", 2, 0) + b"[]",
    "writes a message without its fields": struct.pack("!II", 16, 0) + b'{"type":"hello"}',
    "answers what was not asked, without a name": struct.pack("!II", 14, 0) + b'{"type":"end"}',
    "nests deeply": struct.pack("!II", 100_000, 0) + b"[" * 100_000,
}
CALLS: Final[dict[str, Callable[[], object]]] = {
    "ends the process": lambda: os._exit(3),
    "raises SystemExit": lambda: sys.exit(3),
    "raises KeyboardInterrupt": lambda: (_ for _ in ()).throw(KeyboardInterrupt()),
    "closes the link": lambda: os.close(_link()),
    "recurses": lambda: CALLS["recurses"](),
}
HOWS: Final = (*CHUNKS, *MESSAGES, *CALLS, "gives nothing for ever")


def _link() -> int:
    return int(sys.argv[1])


def name_of(how: str) -> str:
    """Of the voice that does this."""
    return how.replace(" ", "-").replace(",", "").lower()


class HostileEngine(ToneEngine):
    """See above."""

    name = "hostile"

    @property
    def voices(self) -> Sequence[Voice]:
        return [voice(name_of(how), "hostile", description=how) for how in HOWS]

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        how = next(how for how in HOWS if name_of(how) == utterance.voice)
        if how in MESSAGES:
            os.write(_link(), MESSAGES[how])
        if how in CALLS:
            CALLS[how]()
        if how in CHUNKS:
            yield CHUNKS[how]()
        while how == "gives nothing for ever":
            time.sleep(0.001)
            yield AudioChunk(TONE[:0], RATE)
        yield from super().synthesize(utterance, wanted)


class UntellableEngine(ToneEngine):
    """Its voice cannot be told over the link."""

    name = "untellable"

    @property
    def voices(self) -> Sequence[Voice]:
        return [voice(self.name, self.name, level_dbfs=np.float32(-19))]
