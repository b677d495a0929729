"""An engine whose voices are lines of a file, and whose loaded voices are lines of another."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.engines import ToneEngine, voice
from tts_server.engine import Voice
from tts_server.errors import VoiceDataMissing


class ChangingEngine(ToneEngine):
    """Lines are NAME or NAME REVISION; a voice of revision `bad` cannot be loaded."""

    name = "changing"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._list, self._loaded = Path(settings["list"]), Path(settings["loaded"])
        self.refresh()

    @property
    def voices(self) -> Sequence[Voice]:
        return self._voices

    def refresh(self) -> None:
        lines = [line.split() for line in self._list.read_text(encoding="utf-8").splitlines()]
        self._voices = [voice(line[0], "sambert", revision=(*line, "1")[1]) for line in lines]

    def load(self, voice: str) -> None:
        if any(known.name == voice and known.revision == "bad" for known in self._voices):
            raise VoiceDataMissing(f"voice {voice} is damaged")
        with self._loaded.open("a", encoding="utf-8") as file:
            file.write(f"{voice}\n")
