"""What clients know a box by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """Of the daemon that answers."""

    id: str = "tts-server"
    settings_digest: str = ""  # equal on boxes that are set alike
