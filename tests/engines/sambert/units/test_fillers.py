"""Filled pauses: where they go, and that a voice which has them speaks."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engines.sambert.test_variants import VOICES, built
from tests.engines.spoken import run, samples, speak, timings
from tts_server.engines.sambert.engine import SambertEngine
from tts_server.engines.sambert.units.fillers import filled, filler_units
from tts_server.engines.sambert.units.symbols import MARKS, PHONES

__all__ = ["built"]  # a fixture


def test_a_filler_is_three_units_before_the_one_it_is_predicted_for() -> None:
    rows, owners = filled(np.array([0, 2, 0, 1]))
    assert list(rows) == [0, 7, 8, 9, 1, 2, 4, 5, 6, 3]
    assert list(owners) == [0, 1, 1, 1, 1, 2, 3, 3, 3, 3]


def test_without_fillers_nothing_changes() -> None:
    rows, owners = filled(np.zeros(5, np.int64))
    assert list(rows) == list(owners) == [0, 1, 2, 3, 4]


def test_fillers_are_syllables_with_a_break_behind() -> None:
    units = filler_units()
    symbols = (*PHONES, *MARKS)
    said = [[symbols[unit[0]] for unit in filler] for filler in units]
    assert said == [["ge", "en_c", "#3"], ["ga", "a_c", "#3"], ["ge", "e_c", "#3"]]


def test_the_text_keeps_its_timings_around_fillers(built: Callable[[str, str, int], Any], tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is a development dependency")
    (voice,) = [voice for voice in VOICES if voice[0] == "sambert_fp_8k"]
    _, nets = built(*voice)
    shutil.copytree(nets.pack.folder, tmp_path / "random")
    engine = SambertEngine({"voices_dir": str(tmp_path)})
    chunks = speak(engine, run("ni3 hao3/ jin1 tian1 tian1 qi4/ hen3 hao3."))
    found = timings(chunks)
    assert [(timing.start, timing.end) for timing in found] == [(index, index + 1) for index in range(8)]
    assert all(timing.first_sample <= timing.last_sample for timing in found)
    spoken = sum(timing.last_sample - timing.first_sample for timing in found)
    assert spoken < len(samples(chunks))  # fillers and breaks are of no syllable
