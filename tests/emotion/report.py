"""Measures what `tests.emotion.speak` said and writes docs/EMOTIONS.md: the second half of `make emotions`.

    python -m tests.emotion.report FOLDER        in the environment of requirements/emotion.txt

Writes the tables between the marks of docs/EMOTIONS.md, plots and recordings into docs/emotions/. Exit code 1 when a
bar of `bars.py` is not met.
"""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import soundfile

from tests.emotion.bars import BARS, LEAST_STEP, LOWEST_QUALITY, Bar
from tests.emotion.measure import Measured, load_quality, measure
from tests.emotion.plots import contours

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "EMOTIONS.md"
IMAGES = ROOT / "docs" / "emotions"
MARKS = ("<!-- measured: made by make emotions -->", "<!-- measured: end -->")
RECORDED = {"baker": "b09", "heart": "h09"}  # the sentence that can be heard
PLOTTED = {"baker": ("b02", "b09"), "heart": ("h02", "h09")}
INTENSITIES = ("0", "0.5", "1")


@dataclass(frozen=True)
class Change:
    """An emotion against neutral, averaged over the sentences."""

    f0: float  # semitones
    f0_range: float  # factor
    rate: float  # factor
    level: float  # dB
    tilt: float  # dB
    final: float  # semitones
    quality: float | None = None  # DistillMOS

    @classmethod
    def of(cls, said: dict[str, Measured], neutral: dict[str, Measured], quality: float | None = None) -> "Change":
        """From recordings of the same sentences."""

        def difference(name: str) -> float:
            return fmean(getattr(said[key], name) - getattr(neutral[key], name) for key in neutral)

        return cls(
            f0=difference("f0"),
            f0_range=fmean(said[key].f0_range / neutral[key].f0_range for key in neutral),
            rate=sum(neutral[key].seconds for key in neutral) / sum(said[key].seconds for key in neutral),
            level=difference("level"),
            tilt=difference("tilt"),
            final=difference("final"),
            quality=quality,
        )


def main() -> int:
    """Measure, write, judge."""
    folder = Path(sys.argv[1])
    quality = load_quality()
    parts, missed = [], []
    for voice in sorted(path.name for path in folder.iterdir()):
        changes, own = measured(folder / voice, quality)
        missed += [f"{voice} {problem}" for problem in problems(changes, BARS[voice])]
        if not same_at_zero(folder / voice):
            missed.append(f"{voice}: an intensity of 0 is not neutral")
        contours(folder / voice, PLOTTED[voice], IMAGES / f"{voice}.png")
        record(folder / voice, voice)
        parts.append(section(voice, changes, own))
    write("\n".join(parts))
    sys.stdout.write("\n".join(missed or ["every bar is met"]) + "\n")
    return int(bool(missed))


def measured(folder: Path, quality: Callable[[Path], float]) -> tuple[dict[tuple[str, str], Change], float]:
    """{(emotion, intensity): change} and the quality of the neutral recordings."""
    neutral = {path.stem: measure(path) for path in sorted((folder / "neutral-1").glob("*.wav"))}
    own = fmean(quality(path) for path in sorted((folder / "neutral-1").glob("*.wav")))
    found = {}
    for path in sorted(folder.iterdir()):
        emotion, _, intensity = path.name.rpartition("-")
        if emotion != "neutral":
            said = {file.stem: measure(file) for file in sorted(path.glob("*.wav"))}
            mos = fmean(quality(file) for file in sorted(path.glob("*.wav"))) - own if intensity == "1" else None
            found[emotion, intensity] = Change.of(said, neutral, mos)
    return found, own


def problems(changes: dict[tuple[str, str], Change], bars: dict[str, tuple[Bar, ...]]) -> Iterator[str]:
    """The bars that are not met, in words."""
    for emotion, wanted in bars.items():
        full = changes[emotion, "1"]
        for bar in wanted:
            values = [getattr(changes[emotion, intensity], bar.quantity) for intensity in INTENSITIES]
            if not bar.is_met(values[-1]):
                yield f"{emotion}: {bar.quantity} is {values[-1]:.2f}, wanted {bar}"
            steps = [(b - a) * (1 if bar.rises else -1) for a, b in pairwise(values)]
            if min(steps) < LEAST_STEP[bar.quantity]:
                yield f"{emotion}: {bar.quantity} does not follow the intensity: {values}"
        if full.quality is not None and full.quality < LOWEST_QUALITY:
            yield f"{emotion}: quality falls by {-full.quality:.2f}"


def same_at_zero(folder: Path) -> bool:
    """Whether every emotion at intensity 0 is neutral, byte for byte."""
    neutral = {path.name: path.read_bytes() for path in (folder / "neutral-1").glob("*.wav")}
    zeros = [path for path in folder.iterdir() if path.name.endswith("-0")]
    return bool(zeros) and all((path / name).read_bytes() == wav for path in zeros for name, wav in neutral.items())


def record(folder: Path, voice: str) -> None:
    """One sentence in each emotion, as files that play anywhere."""
    for path in folder.iterdir():
        emotion, _, intensity = path.name.rpartition("-")
        if intensity == "1":
            samples, rate = soundfile.read(path / f"{RECORDED[voice]}.wav")
            soundfile.write(IMAGES / f"{voice}-{emotion}.mp3", samples, rate, format="MP3", subtype="MPEG_LAYER_III")


def section(voice: str, changes: dict[tuple[str, str], Change], own: float) -> str:
    """A voice's tables."""
    lines = [
        f"### {voice}",
        "",
        f"![Pitch contours of {voice}](emotions/{voice}.png)",
        "",
        f"DistillMOS of neutral: {own:.2f}. [Neutral](emotions/{voice}-neutral.mp3)",
        "",
        "| emotion | at | pitch, st | range | rate | level, dB | tilt, dB | end, st | DistillMOS | hear |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (emotion, intensity), change in sorted(changes.items(), key=lambda item: (item[0][0], float(item[0][1]))):
        if intensity == "0":
            continue
        mos = "" if change.quality is None else f"{change.quality:+.2f}"
        hear = f"[listen](emotions/{voice}-{emotion}.mp3)" if intensity == "1" else ""
        lines.append(
            f"| {emotion} | {intensity} | {change.f0:+.1f} | {change.f0_range:.2f} | {change.rate:.2f} "
            f"| {change.level:+.1f} | {change.tilt:+.1f} | {change.final:+.1f} | {mos} | {hear} |"
        )
    return "\n".join([*lines, ""])


def write(tables: str) -> None:
    """Put the tables between the marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = MARKS
    pattern = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    assert pattern.search(text), f"{DOCUMENT.name} has no marks"
    DOCUMENT.write_text(pattern.sub(lambda _: f"{begin}\n\n{tables}\n{end}", text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
