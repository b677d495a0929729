"""Each family's nets, and how they speak."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from tts_server.engine import AudioChunk, Run
from tts_server.engines.onnx_voices.packs.pack import Pack

Speak = Callable[[Any, int, Sequence[Run], Callable[[], float]], Generator[AudioChunk]]


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded pack. Safe to use from several threads."""

    nets: Any
    say: Speak

    def speak(self, speaker: int, runs: Sequence[Run], wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """The runs' audio. speaker: its index in the model."""
        return self.say(self.nets, speaker, runs, wanted)


def load(pack: Pack) -> Model:
    """Make the sessions of a pack. Raises VoiceDataMissing."""
    if pack.family in ("kokoro", "sherpa"):
        from tts_server.engines.onnx_voices.clauses.speaker import speak as speak_clauses
        from tts_server.engines.onnx_voices.kokoro import runtime as kokoro
        from tts_server.engines.onnx_voices.sherpa import runtime as sherpa

        return Model(kokoro.Nets(pack) if pack.family == "kokoro" else sherpa.Nets(pack), speak_clauses)
    from tts_server.engines.onnx_voices.piper import runtime as piper
    from tts_server.engines.onnx_voices.piper.speaker import speak as speak_piper

    return Model(piper.Nets(pack), speak_piper)
