"""The plot of a soak: what was held, over the days of the home."""

from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

PANELS: Final = (
    ("memory, RSS (MiB)", {"daemon_rss_mib": "daemon", "host_rss_mib": "engine host"}),
    ("descriptors, tasks, timers", {"daemon_files": "descriptors", "tasks": "tasks", "timers": "timers"}),
    ("loop lag, worst of 10 s (ms)", {"lag_ms": "with waiting for the machine", "own_lag_ms": "own work"}),
)


def draw(samples: list[dict[str, Any]], file: Path) -> None:
    """Three panels, one above the other."""
    figure, axes = plt.subplots(len(PANELS), 1, figsize=(9, 8), sharex=True, layout="constrained")
    for axis, (title, lines) in zip(axes, PANELS, strict=True):
        for name, label in lines.items():
            found = [(sample["day"], sample[name]) for sample in samples if name in sample]
            axis.plot(*zip(*found, strict=True), label=label, linewidth=0.9)
        axis.set_title(title, loc="left", fontsize=10)
        axis.legend(loc="upper left", fontsize=8)
        axis.grid(alpha=0.3)
        axis.set_ylim(bottom=0)
    axes[-1].set_yscale("symlog", linthresh=10)
    axes[-1].set_xlabel("days of the home")
    figure.savefig(file, dpi=80)
