"""What a request has come to: gathered while it is served, told in the log, in headers and in figures."""

import time
from dataclasses import dataclass, field

from starlette.types import Scope

from tts_server.access.access import ANYBODY, Principal
from tts_server.events import Done

_KEY = "tts_report"


@dataclass(slots=True)
class Report:
    """One request. The guard makes it; whoever speaks fills it in."""

    peer: str
    is_head: bool = False  # only the answer's head is asked for
    principal: Principal = ANYBODY
    started_at: float = field(default_factory=time.monotonic)
    door: str = ""  # of another program, that it came in by
    chars: int | None = None
    voice: str | None = None  # who says the beginning of the text
    first_audio_ms: int | None = None
    real_time_factor: float | None = None
    skipped: int = 0  # letters of the text that no language reads

    @classmethod
    def of(cls, scope: Scope) -> "Report":
        """The report of the request that a scope belongs to."""
        report = scope["state"][_KEY]
        assert isinstance(report, cls)
        return report

    def attach(self, scope: Scope) -> None:
        """Let `of` find this report."""
        scope.setdefault("state", {})[_KEY] = self

    @property
    def client(self) -> str:
        """Who shares the engines fairly with others."""
        return self.principal.name or self.peer

    def audio_came(self) -> None:
        """Note the time of the first audio."""
        if self.first_audio_ms is None:
            self.first_audio_ms = round(1000 * (time.monotonic() - self.started_at))

    def ended(self, done: Done, sample_rate: int) -> None:
        """Note how the speech went."""
        self.skipped = done.skipped
        if done.samples:
            self.real_time_factor = round(done.synth_ms / 1000 / (done.samples / sample_rate), 3)

    def __str__(self) -> str:
        """For the log: what is known, without the text."""
        facts = {"chars": self.chars, "first_audio_ms": self.first_audio_ms, "rtf": self.real_time_factor}
        named = [f"{name}={fact}" for name, fact in facts.items() if fact is not None]
        named += [f"door={self.door}"] if self.door else []
        return " ".join([*named, *([f"token={self.principal.name}"] if self.principal.name else [])])
