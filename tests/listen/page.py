"""The page to listen to before a release:  python -m tests.listen.page NOW FORMER PAGE.html

Every recording with its spectrogram, pitch and figures, its last 300 ms enlarged, beside the former commit's. Runs
in the environment of requirements/emotion.txt.
"""

import base64
import html
import io
import sys
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
import soundfile

from tests.listen.acoustics import Samples, contour, figures

mpl.use("Agg")
from matplotlib import pyplot

LAST_S: Final = 0.3
SENTENCES: Final = Path(__file__).with_name("sentences.tsv")
STYLE: Final = "body{font:14px sans-serif;margin:2em}td{vertical-align:top;padding:.4em}img{width:420px}pre{margin:0}"


def main(now: Path, former: Path, page: Path) -> None:
    """Write the page."""
    lines = (line.split("\t") for line in SENTENCES.read_text(encoding="utf-8").splitlines())
    said = {line[0]: line[2] for line in lines if len(line) == 3}
    rows = []
    for recording in sorted(now.glob("*.wav")):
        name, _, emotion = recording.stem.partition("-")
        cells = "".join(f"<td>{_cell(folder / recording.name)}</td>" for folder in (now, former))
        rows.append(f"<tr><td><b>{name}</b> {emotion}<br>{html.escape(said[name])}</td>{cells}</tr>")
    head = "<tr><th></th><th>now</th><th>former</th></tr>"
    body = f"<table>{head}{''.join(rows)}</table>"
    page.write_text(f"<!doctype html><meta charset=utf-8><title>listen</title><style>{STYLE}</style>{body}", "utf-8")


def _cell(path: Path) -> str:
    if not path.exists():
        return ""
    samples, rate = soundfile.read(path)
    told = figures(samples, rate)
    text = (
        f"{told.seconds:.2f} s  {told.lufs:.1f} LUFS  cut {told.cut_db:.0f} dB\n"
        f"end {told.final_st:.1f} st, {told.end_db:.1f} dB  pauses {told.pauses_s:.2f} s"
    )
    sound = base64.b64encode(path.read_bytes()).decode()
    picture = base64.b64encode(draw(samples, rate)).decode()
    player = f'<audio controls preload=none src="data:audio/wav;base64,{sound}"></audio>'
    return f'{player}<br><img src="data:image/png;base64,{picture}"><pre>{text}</pre>'


def draw(samples: Samples, rate: int) -> bytes:
    """A PNG: spectrogram with pitch, and the last 300 ms of sound."""
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(7, 5), height_ratios=(2, 1))
    hiss = 1e-6 * np.random.default_rng(0).standard_normal(len(samples))  # zeros have no logarithm
    above.specgram(samples + hiss, NFFT=512, Fs=rate, noverlap=384, vmin=-140, vmax=-40, cmap="magma")
    times, semitones = contour(samples, rate)
    above.plot(times, 100 * 2 ** (semitones / 12) * 10, ".", color="cyan", markersize=2)  # tenfold, to be seen
    above.set_ylim(0, 8000)
    end = int(samples.nonzero()[0][-1]) + 1 if samples.any() else len(samples)
    start = max(0, end - round(LAST_S * rate))
    below.plot([at / rate for at in range(start, end)], samples[start:end], linewidth=0.6)
    figure.tight_layout()
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=75)
    pyplot.close(figure)
    return drawn.getvalue()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
