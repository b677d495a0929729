"""`tts-server bench`: can this box keep up? A table, or JSON that a later run can be compared with."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tts_server.cli.checks.packs import precisions
from tts_server.config.settings import Config
from tts_server.daemon.host_settings import host_settings
from tts_server.daemon.startup import running_core
from tts_server.errors import BadRequest, EngineLoading, TTSError
from tts_server.measure.figures import MARGIN, Change, Figure, compared, to_json
from tts_server.measure.processor_peak import ProcessorPeak, measure_peak
from tts_server.measure.program import measure_program
from tts_server.measure.speech import TEXTS, measure_voice
from tts_server.measure.vocoder import measure_vocoder

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    voices: tuple[str, ...]  # empty: all
    as_json: bool
    compare: Path | None
    rounds: int
    config_file: Path | None


def bench(wanted: Wanted, config: Config) -> None:
    """Measure and show. Raises TTSError; ends with 1 when a ratio is worse than in the run to compare with."""
    _require_one_thread()
    before = _read(wanted.compare) if wanted.compare else None
    figures = _measure(wanted, config)
    changes = _judged(figures, before, wanted.compare) if before is not None else []
    if wanted.as_json:
        print(json.dumps(to_json(figures), indent=1))  # noqa: T201 -- the answer
    else:
        _show(figures, changes)
    if any(change.is_worse for change in changes):
        worse = ", ".join(f"{c.figure.voice} {c.figure.name}".strip() for c in changes if c.is_worse)
        raise TTSError(f"worse than before by more than {MARGIN:.0%}: {worse}")


def _require_one_thread() -> None:
    """numpy reads this when it is loaded, which has happened: begin anew."""
    if any(os.environ.get(name) != value for name, value in _ONE_THREAD.items()):
        command = [sys.executable, "-m", "tts_server", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env={**os.environ, **_ONE_THREAD}, check=False).returncode)


def _measure(wanted: Wanted, config: Config) -> list[Figure]:
    peak = measure_peak()
    what = "fused multiply-adds at most" if peak.is_compiled else "matrix product, as there is no compiler"
    figures = [
        Figure("", f"one core, {what}", peak.peak_flops / 1e9, "GFLOP/s"),
        Figure("", "one core, matrix product", peak.product_flops / 1e9, "GFLOP/s"),
    ]
    voices, texts, spoken = asyncio.run(_measure_core(wanted, config, peak))
    figures += spoken
    chosen = precisions(config)
    figures += [
        Figure(name, f"products: {chosen[name][1]}", chosen[name][0], "bits") for name in voices if name in chosen
    ]
    settings = host_settings(config)
    for voice in voices:
        figures += measure_vocoder(voice, settings.engines, settings.engine_settings, peak)
    return figures + measure_program(wanted.config_file, texts)


async def _measure_core(
    wanted: Wanted, config: Config, peak: ProcessorPeak
) -> tuple[list[str], dict[str, str], list[Figure]]:
    """The voices, a text for each, and what was measured."""
    figures: list[Figure] = []
    async with running_core(config) as synthesizer:
        names = wanted.voices or tuple(voice.name for voice in synthesizer.catalogue.voices)
        if not names:
            raise EngineLoading("there is no voice to measure; `tts-server voices list` tells what is installed")
        voices = [synthesizer.catalogue.choose(name) for name in names]
        for voice in voices:
            figures += await measure_voice(synthesizer, voice, wanted.rounds, peak)
    texts = {voice.name: TEXTS["zh" if "zh" in voice.speaks else "en"][10] for voice in voices}
    return [voice.name for voice in voices], texts, figures


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"{path} cannot be read: {error}") from error


def _judged(figures: Sequence[Figure], before: object, path: Path | None) -> list[Change]:
    try:
        return compared(figures, before)  # type: ignore[arg-type]
    except (KeyError, TypeError) as error:
        raise BadRequest(f"{path} was not made by `tts-server bench --json`") from error


def _show(figures: Sequence[Figure], changes: Sequence[Change]) -> None:
    factors = {(change.figure.voice, change.figure.name): change for change in changes}
    table = Table("voice", "what", "value", "", "against then" if changes else "")
    for figure in figures:
        change = factors.get((figure.voice, figure.name))
        judged = "" if change is None else f"{'[red]' if change.is_worse else ''}{change.factor:.2f}x"
        table.add_row(figure.voice, figure.name, f"{figure.value:.4g}", figure.unit, judged)
    Console().print(table)
