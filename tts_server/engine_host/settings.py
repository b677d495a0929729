"""What the engine host is told at its start. Imports nothing heavy: it is sent before the rest of the daemon is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tts_server.logs import LogFormat


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What the engine host is started with."""

    engines: Mapping[str, str]  # name -> "module:Class"
    engine_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    default_voice: str = ""
    disabled_voices: Sequence[str] = ()
    preload: Sequence[str] = ()
    max_memory_mb: int = 0  # above it, voices unused for long are unloaded; 0: never
    loudness_lufs: float | None = None  # that all voices are brought to; None: each as loud as it is
    loudness_file: str = ""  # where what was measured of voices is kept; empty: nowhere
    threads: int = 1
    chunk_timeout_s: float = 30.0
    start_timeout_s: float = 60.0
    restart_min_s: float = 0.2
    restart_max_s: float = 30.0
    dictionary: Mapping[str, str] = field(default_factory=dict)  # the owner's words for the front end
    log_level: str = "info"
    log_format: LogFormat = "auto"

    def message(self) -> dict[str, Any]:
        """The link's first message, `configure`."""
        return {
            "type": "configure",
            "engines": dict(self.engines),
            "engine_settings": {name: dict(table) for name, table in self.engine_settings.items()},
            "default_voice": self.default_voice,
            "disabled_voices": list(self.disabled_voices),
            "preload": list(self.preload),
            "max_memory_mb": self.max_memory_mb,
            "loudness_lufs": self.loudness_lufs,
            "loudness_file": self.loudness_file,
            "threads": self.threads,
            "dictionary": dict(self.dictionary),
            "log_level": self.log_level,
            "log_format": self.log_format,
        }
