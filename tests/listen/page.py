"""The page to listen to before a release:  python -m tests.listen.page NOW FORMER PAGE.html

Every recording with its spectrogram, pitch and figures, its last 300 ms enlarged, beside the former commit's. Runs
in the environment of requirements/emotion.txt.
"""

import base64
import html
import io
import sys
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
import soundfile

from tests.listen.acoustics import CEILING_HZ, FLOOR_HZ, Figures, Samples, contour, figures

mpl.use("Agg")
from matplotlib import pyplot

LAST_S: Final = 0.3
SENTENCES: Final = Path(__file__).with_name("sentences.tsv")
UNITS: Final = {
    "seconds": ("length", "s", 2),
    "lufs": ("loudness", "LUFS", 1),
    "cut_db": ("loudest cut", "dB", 0),
    "final_st": ("final pitch", "st", 1),
    "end_db": ("level at the end", "dB", 1),
    "pauses_s": ("pauses", "s", 2),
}
HEARD: Final = {"seconds": 0.1, "lufs": 0.7, "cut_db": 3.0, "final_st": 0.5, "end_db": 1.0, "pauses_s": 0.05}
STYLE: Final = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { margin: 0 0 .3rem; font-size: 1.6rem; }
h2 { position: sticky; top: 0; z-index: 1; margin: 2.5rem 0 .8rem; padding: .5rem 0; background: Canvas;
     border-bottom: 1px solid color-mix(in srgb, CanvasText 25%, transparent); font-size: 1.15rem; }
h2 small, .what { color: GrayText; font-weight: normal; }
.pair { display: grid; grid-template-columns: 6rem 1fr 1fr; gap: 1.2rem; margin-bottom: 1.6rem; }
.pair > b { padding-top: .6rem; }
figure { margin: 0; min-width: 0; }
audio { width: 100%; height: 2.2rem; }
img { display: block; width: 100%; aspect-ratio: 7/5; margin: .4rem 0; border-radius: .3rem; background: white; }
dl { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0; font-size: .85rem; }
dt, dd { display: inline; margin: 0; }
dt { color: GrayText; }
.moved dd { color: #c2410c; font-weight: 600; }
"""


def main(now: Path, former: Path, page: Path) -> None:
    """Write the page."""
    lines = (line.split("\t") for line in SENTENCES.read_text(encoding="utf-8").splitlines())
    said = {line[0]: line for line in lines if len(line) == 3}
    parts = []
    ordered = sorted(now.glob("*.wav"), key=lambda path: path.stem.replace("-neutral", "-"))  # which comes first
    for name, recordings in groupby(ordered, key=lambda path: path.stem.partition("-")[0]):
        _, voice, text = said[name]
        parts.append(f"<h2>{html.escape(text)} <small>{name}, {voice}</small></h2>")
        parts += (_pair(recording, former / recording.name) for recording in recordings)
    head = f"<!doctype html><meta charset=utf-8><title>Listen</title><style>{STYLE}</style><h1>Listen</h1>"
    about = (
        "<p class=what>On the left as it is now, on the right the former commit. Above: spectrum, and pitch as dots "
        "(scale on the right). Below: the last 300 ms of sound. Figures that have moved by more than is heard stand "
        "out.</p>"
    )
    page.write_text(head + about + "".join(parts), "utf-8")


def _pair(now: Path, former: Path) -> str:
    """One recording beside its former self."""
    emotion = now.stem.partition("-")[2]
    samples, rate = soundfile.read(now)
    told, before = figures(samples, rate), None
    other = ""
    if former.exists():
        old, old_rate = soundfile.read(former)
        before = figures(old, old_rate)
        other = _figure(old, old_rate, before, None)
    return f"<div class=pair><b>{emotion}</b>{_figure(samples, rate, told, before)}{other}</div>"


def _figure(samples: Samples, rate: int, told: Figures, before: Figures | None) -> str:
    """A player, a picture and figures. before: what they are held against."""
    flac = io.BytesIO()
    soundfile.write(flac, samples, rate, format="FLAC", subtype="PCM_16")
    sound, picture = (base64.b64encode(data).decode() for data in (flac.getvalue(), draw(samples, rate)))
    player = f'<audio controls preload=none src="data:audio/flac;base64,{sound}"></audio>'
    image = f'<img loading=lazy alt="" src="data:image/webp;base64,{picture}">'
    values, old = asdict(told), asdict(before) if before else {}
    rows = []
    for key, (called, unit, digits) in UNITS.items():
        is_moved = key in old and abs(values[key] - old[key]) > HEARD[key]
        moved = " class=moved" if is_moved else ""
        rows.append(f"<div{moved}><dt>{called}</dt> <dd>{values[key]:.{digits}f} {unit}</dd></div>")
    return f"<figure>{player}{image}<dl>{''.join(rows)}</dl></figure>"


def draw(samples: Samples, rate: int) -> bytes:
    """A WebP: spectrogram with pitch, and the last 300 ms of sound. As PNGs, the page would be 200 MB large."""
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(7, 5), height_ratios=(2, 1), layout="constrained")
    hiss = 1e-6 * np.random.default_rng(0).standard_normal(len(samples))  # zeros have no logarithm
    above.specgram(samples + hiss, NFFT=512, Fs=rate, noverlap=384, vmin=-140, vmax=-40, cmap="magma")
    above.set(ylim=(0, 8000), yticks=range(0, 8001, 2000), yticklabels=range(0, 9, 2), ylabel="kHz", xlabel="s")
    times, semitones = contour(samples, rate)
    pitch = above.twinx()
    pitch.plot(times, 100 * 2 ** (semitones / 12), ".", color="cyan", markersize=3)
    pitch.set_yscale("log")
    pitch.set(ylim=(FLOOR_HZ, CEILING_HZ), xlim=above.get_xlim(), ylabel="pitch, Hz")
    pitch.set_yticks((100, 200, 300, 500), labels=("100", "200", "300", "500"))
    pitch.minorticks_off()
    end = int(samples.nonzero()[0][-1]) + 1 if samples.any() else len(samples)
    start = max(0, end - round(LAST_S * rate))
    below.plot(np.arange(start, end) / rate, samples[start:end], linewidth=0.6)
    below.margins(x=0)
    below.set(xlabel="s, the last 300 ms")
    below.grid(alpha=0.3)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="webp", dpi=75, pil_kwargs={"quality": 75})
    pyplot.close(figure)
    return drawn.getvalue()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
