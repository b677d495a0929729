"""Figures, and whether they are better or worse than those of another day. Only ratios are judged."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

MARGIN: Final = 0.2  # what noise may do to a ratio


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured."""

    voice: str  # "": it is about the box or the program
    name: str
    value: float
    unit: str
    ratio: float | None = None  # the value in terms of what this box can do; None: it is not to be judged
    more_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A ratio then and now."""

    figure: Figure
    before: float
    factor: float  # above 1 is better

    @property
    def is_worse(self) -> bool:
        """By more than the margin."""
        return self.factor < 1 - MARGIN


def to_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """All of a run, and where it was made."""
    return {
        "box": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.system(),
                "machine": platform.machine(), "python": platform.python_version()},
        "figures": [asdict(figure) for figure in figures],
    }  # fmt: skip


def compared(figures: Sequence[Figure], before: Mapping[str, Any]) -> list[Change]:
    """The ratios that both runs have. Raises KeyError, TypeError when `before` is not what `to_json` makes."""
    then = {(old["voice"], old["name"]): old["ratio"] for old in before["figures"]}
    changes = []
    for figure in figures:
        old = then.get((figure.voice, figure.name))
        if figure.ratio and old:
            better = figure.ratio / old if figure.more_is_better else old / figure.ratio
            changes.append(Change(figure, old, better))
    return changes


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(("model name", "Model", "Hardware")):
            return line.partition(":")[2].strip()
    return platform.processor()
