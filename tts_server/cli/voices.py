"""`tts-server voices`: which voices are here, all about one, and packs installed, checked and removed."""

import json
import logging
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from protocol.emotions import CHINESE_NAMES
from tts_server.cli.checks.packs import unusable_packs
from tts_server.config.settings import Config, voices_folder
from tts_server.daemon.host_settings import host_settings
from tts_server.engine import Voice
from tts_server.engine_host.voices import load_voices
from tts_server.voices import Catalogue


def catalogue(config: Config) -> Catalogue:
    """The voices the daemon would offer with this configuration."""
    settings = host_settings(config)
    logging.getLogger("tts_server.engines").addHandler(logging.NullHandler())  # what is wrong is shown as output
    voices = [voice for _, voice in load_voices(settings.engines, settings.engine_settings).values()]
    return Catalogue.of(voices, settings.default_voice, settings.disabled_voices)


def show_list(config: Config, *, as_json: bool = False) -> None:
    """The voices, the default one first, and packs that cannot be used."""
    voices, faults = catalogue(config).voices, unusable_packs(config)
    if as_json:
        listed = [_as_json(voice, is_default=index == 0) for index, voice in enumerate(voices)]
        unusable = [{"pack": name, "reason": reason} for name, reason in faults.items()]
        _print_json({"voices": listed, "unusable": unusable, "folder": str(voices_folder(config))})
        return
    table = Table(Column("voice", no_wrap=True), "language", "rate", "emotions", "licence", "version")
    for voice in voices:
        facts = (voice.language, f"{voice.sample_rate} Hz", ", ".join(voice.emotions), voice.licence, voice.version)
        table.add_row(*map(escape, (voice.name, *facts)))
    Console().print(table)
    for name, reason in faults.items():
        Console().print(f"voice pack {name} cannot be used: {reason}", markup=False, highlight=False, soft_wrap=True)


def show_info(name: str, config: Config, *, as_json: bool = False) -> None:
    """All about one voice. Raises VoiceUnknown."""
    known = catalogue(config)
    voice = known.choose(name)
    if as_json:
        _print_json(_as_json(voice, is_default=voice is known.voices[0]))
        return
    table = Table(show_header=False, box=None)
    for field, value in _facts(voice):
        table.add_row(f"[bold]{field}[/bold]", escape(value))
    Console().print(table)


def _facts(voice: Voice) -> list[tuple[str, str]]:
    emotions = ", ".join(
        f"{emotion} {CHINESE_NAMES[emotion]}{'' if strength == 1 else f' ({strength:.0%})'}"
        for emotion, strength in voice.strengths.items()
    )
    return [
        ("voice", voice.name),
        ("description", voice.description),
        ("language", voice.language),
        ("engine", f"{voice.engine} {voice.version}"),
        ("revision", voice.revision),
        ("sample rate", f"{voice.sample_rate} Hz"),
        ("emotions", emotions),
        ("made by", f"{voice.attribution} ({voice.attribution_url})"),
        ("licence", voice.licence),
        ("notice", voice.notice or "-"),
    ]


def _as_json(voice: Voice, *, is_default: bool) -> dict[str, Any]:
    return {**asdict(voice), "default": is_default}


def _print_json(value: Any) -> None:
    Console().print_json(json.dumps(value, ensure_ascii=False))
