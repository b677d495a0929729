"""The record of a soak: a folder that every piece adds to, usable whenever a piece is stopped.

samples.jsonl   a line every ten seconds: what the daemon and its engine host hold
heard.jsonl     a line for everybody who was spoken to, and for everything that was done
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.soak.clock import DAY_S


@dataclass(frozen=True)
class Record:
    """Files that only grow."""

    folder: Path

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Of samples or heard; a last line that was cut off is left out."""
        file = self.folder / f"{name}.jsonl"
        if not file.exists():
            return []
        found = []
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def add(self, name: str, **what: Any) -> None:
        """One line."""
        with (self.folder / f"{name}.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(what, ensure_ascii=False) + "\n")

    def lived(self) -> tuple[int, float]:
        """How many pieces there are, and where in the home's time the last one stopped."""
        samples = self.lines("samples")
        if not samples:
            return 0, 7 * 3600.0  # the first piece begins in the morning
        return samples[-1]["piece"] + 1, samples[-1]["day"] * DAY_S
