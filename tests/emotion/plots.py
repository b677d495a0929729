"""Pitch contours side by side: each emotion over neutral, half and full intensity."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import parselmouth
import soundfile

from tests.emotion.measure import contour

mpl.use("Agg")

import matplotlib.pyplot as plt

COLOURS = {"neutral-1": "#9a9a9a", "0.5": "#f0a050", "1": "#c0392b"}
LABELS = {"neutral-1": "neutral", "0.5": "intensity 0.5", "1": "intensity 1"}


def contours(folder: Path, sentences: Sequence[str], image: Path) -> None:
    """Draw a row a sentence, a column an emotion. Semitones above 100 Hz."""
    emotions = sorted({path.name.rpartition("-")[0] for path in folder.iterdir()} - {"neutral"})
    half = len(emotions) // 2
    figure, axes = plt.subplots(2 * len(sentences), half, figsize=(3.2 * half, 2.3 * 2 * len(sentences)), sharey=True)
    for row, sentence in enumerate(sentences):
        for index, emotion in enumerate(emotions):
            axis = axes[2 * row + index // half][index % half]
            for name in ("neutral-1", f"{emotion}-0.5", f"{emotion}-1"):
                key = name if name in COLOURS else name.rpartition("-")[2]
                times, st = contour(_sound(folder / name / f"{sentence}.wav"))
                axis.plot(times, st, ".", markersize=2.5, color=COLOURS[key], label=LABELS[key])
            axis.set_title(f"{emotion} ({sentence})", fontsize=9)
            axis.tick_params(labelsize=7)
            axis.grid(visible=True, linewidth=0.3)
    axes[0][0].set_ylabel("semitones over 100 Hz", fontsize=8)
    axes[-1][0].set_xlabel("seconds", fontsize=8)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=3, fontsize=9, markerscale=3, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.97))
    image.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(image, dpi=80)
    plt.close(figure)


def _sound(path: Path) -> parselmouth.Sound:
    samples, rate = soundfile.read(path)
    return parselmouth.Sound(samples, rate)
