"""What a house keeps of its own: phrases, and how its words are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tts_server.house.dictionary import FILE_NAME, HouseDictionary
from tts_server.house.phrases import Phrases


@dataclass(frozen=True, slots=True)
class House:
    """By default one that forgets all with the process."""

    phrases: Phrases = field(default_factory=Phrases)
    dictionary: HouseDictionary = field(default_factory=HouseDictionary)

    @classmethod
    def at(cls, folder: Path, own_words: Mapping[str, str]) -> "House":
        """The one kept in a folder. own_words: the owner's, which win."""
        return cls(Phrases(folder / "phrases.json"), HouseDictionary(folder / FILE_NAME, own_words))
