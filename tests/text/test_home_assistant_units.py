# ruff: noqa: SIM905, E501 - a long row of names
"""Every unit that Home Assistant shows is said, by a Mandarin and by an English voice."""

import re

import pytest

from tts_server.cli.frontend import analyse

UNITS = (
    "VA kVA mW W kW MW GW TW BTU/h var kvar kvarh J kJ MJ GJ mWh Wh kWh MWh GWh TWh cal kcal Mcal Gcal mA A μV mV V kV MV °C °F μs ms s min h d"
    " m mm cm km ft yd mi nmi Hz kHz MHz GHz mPa Pa hPa kPa mbar cbar bar psi inHg mmHg dB dBm L mL m³ ft³ CCF MCF gal m³/h m³/min ft³/min L/min gal/min"
    " m² cm² km² in² ft² mi² ac ha g kg mg μg oz lb μS/cm mS/cm lx lm % rpm W/m² mm/d mm/h in/h μg/m³ mg/m³ mg/dL mmol/L ft/s m/s km/h kn mph"
    " bit kbit Mbit Gbit kB MB KiB MiB GiB bit/s Mbit/s Gbit/s kB/s MB/s MiB/s km/kWh kWh/100km"
).split()  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_mandarin_voice_says_it(unit: str) -> None:
    said = "".join(sentence.normalised for sentence in analyse(f"现在是12.5 {unit}"))
    assert re.fullmatch("[一-龥]+", said), said


@pytest.mark.parametrize("unit", UNITS)
def test_an_english_voice_says_it(unit: str) -> None:
    [run] = [run for sentence in analyse(f"12.5 {unit}", "en") for run in sentence.runs]
    assert re.fullmatch(r"twelve point five [A-Za-z ]{3,}", run.text), run.text
