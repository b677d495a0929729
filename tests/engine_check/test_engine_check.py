"""The check lets good engines pass, and finds each broken rule."""

import re
import subprocess
import sys

import pytest

from tests.engine_check import engines
from tts_server.engine_check.__main__ import BROKEN, KEPT, NOTHING_EXAMINED, main
from tts_server.text import frontend

HERE = "tests.engine_check.engines"
BROKEN_RULES = [
    (engines.SpeaksNothingKnown, "description", "the front end would never let it speak"),
    (engines.WithoutNeutral, "description", '"neutral" comes first'),
    (engines.WithoutLicence, "description", "no SPDX identifier"),
    (engines.StrongerThanPlain, "description", "are not between 0 and 1"),
    (engines.WithLists, "description", "lists where tuples belong"),
    (engines.LoadsAnything, "load", "not here raises nothing"),
    (engines.LoadFails, "load", "OSError: the model is not here"),
    (engines.GivesDoubles, "audio", "samples are float64"),
    (engines.TooLoud, "audio", "a sample of 2.000"),
    (engines.GivesNan, "audio", "not a finite number"),
    (engines.ChangesItsRate, "audio", "chunks of [16000, 16001] Hz"),
    (engines.Silent, "audio", "nothing is heard"),
    (engines.GivesNumpyNumbers, "audio", "have to be plain int"),
    (engines.TimesBackwards, "timings", "timings are told in order"),
    (engines.TimesBeyondTheEnd, "timings", "is not within the"),
    (engines.TimesTooLate, "timings", "after it was heard"),
    (engines.TimesNoWord, "timings", "no syllable and no word stands there"),
    (engines.NeverTheSame, "repeatable", "not the same, sample by sample"),
    (engines.NeverAsks, "wanted", "never asked"),
    (engines.AllAtOnce, "wanted", "where 0.1 s are wanted"),
    (engines.StopsWhenLittleIsWanted, "wanted", "0.0 s wanted"),
    (engines.HoldsOn, "close", "a close takes"),
    (engines.IgnoresTheClose, "close", "generator ignored GeneratorExit"),
    (engines.WorksOn, "close", "still at work after the close"),
    (engines.GivesAList, "close", "no generator"),
    (engines.SharesItsState, "threads", "while others are spoken"),
    (engines.WantsOneThread, "threads", "RuntimeError: used on another thread"),
    (engines.NeedsAText, "odd texts", "'no run at all'"),
    (engines.KnowsNoSadness, "styles", "sad is declared and sounds as neutral"),
    (engines.ForgetsHowItSounded, "unload", "it sounds different"),
]


@pytest.fixture(scope="module", autouse=True)
def _front_end() -> None:
    frontend.load()


def test_an_engine_that_keeps_the_contract_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{HERE}:Good"]) == KEPT
    said = capsys.readouterr().out
    assert "faults 0, notes 0: the contract is kept" in said
    assert said.count("  ok  ") == 11


@pytest.mark.parametrize(("engine", "check", "said"), BROKEN_RULES, ids=lambda value: getattr(value, "__name__", None))
def test_a_broken_rule_is_found_and_told(
    engine: type, check: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"{HERE}:{engine.__name__}"]) == BROKEN
    report = capsys.readouterr().out
    told = re.search(rf"^  FAULT +{check}.*\n((?:        .*\n)+)", report, re.M)
    assert told, report
    assert said in told[1]


def test_an_engine_that_hangs_is_told_and_the_check_ends() -> None:
    command = [sys.executable, "-m", "tts_server.engine_check", f"{HERE}:Stuck", "--limit", "0.5"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=18, check=False)
    assert ended.returncode == BROKEN
    assert "does not end within 0.5 s" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-engine"], "no engine of that name is installed; installed: baker, heart"),
        (["no.such.module:Engine"], "No module named 'no'"),
        ([f"{HERE}:CannotBeMade"], "ValueError: the setting pitch_hz is no number"),
        ([f"{HERE}:WithoutVoices"], "the engine has none"),
        ([f"{HERE}:Good", "--voice", "other"], "the engine has tone"),
    ],
)
def test_what_cannot_be_examined_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == NOTHING_EXAMINED
    assert said in capsys.readouterr().out


def test_settings_reach_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{HERE}:Good", "--set", "tells_all=true", "--set", "slow_s=zero"]) == NOTHING_EXAMINED
    assert "could not convert string to float: 'zero'" in capsys.readouterr().out


def test_it_needs_no_pytest() -> None:
    program = "import sys; import tts_server.engine_check.__main__; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
