"""`python -m tts_server.engine_check ENGINE`: exit code 0 contract kept, 1 broken, 2 nothing could be examined."""

import argparse
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from tts_server.engine import Engine
from tts_server.engine_check.examination import examine
from tts_server.engine_check.findings import Finding, Kind
from tts_server.engine_check.subject import Subject
from tts_server.engine_host.installed import installed_engines
from tts_server.errors import ConfigInvalid
from tts_server.text import frontend

KEPT, BROKEN, NOTHING_EXAMINED = 0, 1, 2
CHEAP_S: Final = 1.0  # of processor time, to make an engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Examine an engine's voices and report on standard output."""
    options = _options(arguments)
    try:
        name, target = _find(options.engine)
        engine, made_s = _make(target, _settings(options.set))
        voices = list(engine.voices)
    except Exception as error:
        _say(f"{options.engine} cannot be examined: {type(error).__name__}: {error}")
        return NOTHING_EXAMINED
    chosen = [voice for voice in voices if not options.voice or voice.name in options.voice]
    _say(f"engine {name or 'without an entry point'}: {target}, made in {1000 * made_s:.0f} ms of processor time")
    if not chosen:
        known = ", ".join(voice.name for voice in voices) or "none"
        _say(f"no voice to examine; the engine has {known}. Is its data installed?")
        return NOTHING_EXAMINED
    count: Counter[Kind] = Counter()
    if made_s > CHEAP_S:
        count["fault"] += 1
        _say("  FAULT: making an engine is cheap; models are read by load")
    frontend.load()
    for voice in chosen:
        _say(f"voice {voice.name} ({voice.language}, {voice.sample_rate} Hz)")
        for check, findings in examine(Subject(name, engine, voice, voices), options.limit):
            _tell(check, findings)
            count.update(finding.kind for finding in findings)
    verdict = "broken" if count["fault"] else "kept"
    _say(f"voices {len(chosen)}, faults {count['fault']}, notes {count['note']}: the contract is {verdict}")
    return BROKEN if count["fault"] else KEPT


def _tell(check: str, findings: Sequence[Finding]) -> None:
    """One line for a check with what was measured, one for each thing that is wrong."""
    is_good = all(finding.kind != "fault" for finding in findings)
    facts = "; ".join(finding.text for finding in findings if finding.kind == "fact")
    _say(f"  {'ok' if is_good else 'FAULT':6}{check:12} {facts}".rstrip())
    for finding in findings:
        if finding.kind != "fact":
            _say(f"{'':8}{finding.kind}: {finding.text}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tts_server.engine_check",
        description="Does an engine keep the contract of tts_server.engine?",
        epilog="Exit code 0: kept. 1: broken. 2: nothing could be examined.",
    )
    parser.add_argument("engine", help="name of its entry point, or MODULE:CLASS")
    parser.add_argument("--voice", action="append", help="only this voice; may be repeated")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting; VALUE as in TOML")
    parser.add_argument("--limit", type=float, default=120.0, metavar="SECONDS", help="for each check (120)")
    return parser.parse_args(arguments)


def _find(wanted: str) -> tuple[str, str]:
    """The engine's name, "" where it is not installed as one, and "module:Class". Raises ConfigInvalid."""
    installed = installed_engines()
    if wanted in installed:
        return wanted, installed[wanted]
    if ":" in wanted:
        return next((name for name, target in installed.items() if target == wanted), ""), wanted
    raise ConfigInvalid(f"no engine of that name is installed; installed: {', '.join(installed) or 'none'}")


def _make(target: str, settings: dict[str, Any]) -> tuple[Engine, float]:
    module, _, cls = target.partition(":")
    made = getattr(import_module(module), cls)
    begun = time.process_time()
    engine: Engine = made(settings)
    return engine, time.process_time() - begun


def _settings(given: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE each; a value that is none in TOML is a text."""
    settings: dict[str, Any] = {}
    for pair in given:
        key, _, value = pair.partition("=")
        try:
            settings[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            settings[key] = value
    return settings


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
