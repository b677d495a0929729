"""What a check of `tts-server doctor` is, and what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tts_server.config.settings import Config


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `bad`: it does not work so; `note`: it works, but an owner should know."""

    name: str
    state: Literal["good", "note", "bad"]
    found: str
    advice: str = ""


Check = Callable[[Config], Sequence[Finding]]
