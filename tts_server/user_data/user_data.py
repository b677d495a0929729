"""What a house keeps of its own: phrases, and how its words are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tts_server.user_data.dictionary import OwnDictionary
from tts_server.user_data.phrases import Phrases
from tts_server.user_data.words_file import FILE_NAME


@dataclass(frozen=True, slots=True)
class UserData:
    """By default one that forgets all with the process."""

    phrases: Phrases = field(default_factory=Phrases)
    dictionary: OwnDictionary = field(default_factory=OwnDictionary)

    @classmethod
    def at(cls, folder: Path, own_words: Mapping[str, str]) -> "UserData":
        """The one kept in a folder. own_words: the owner's, which win."""
        return cls(Phrases(folder / "phrases.json"), OwnDictionary(folder / FILE_NAME, own_words))
