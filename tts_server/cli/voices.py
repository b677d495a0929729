"""`tts-server voices`: which voices are here, and all about one."""

from rich.console import Console
from rich.table import Table

from protocol.emotions import CHINESE_NAMES
from tts_server.config import Config
from tts_server.engine import Voice
from tts_server.engine_host.voices import load_voices
from tts_server.startup import host_settings
from tts_server.voices import Catalogue


def catalogue(config: Config) -> Catalogue:
    """The voices the daemon would offer with this configuration."""
    settings = host_settings(config)
    voices = [voice for _, voice in load_voices(settings.engines, settings.engine_settings).values()]
    return Catalogue.of(voices, settings.default_voice, settings.disabled_voices)


def show_list(config: Config) -> None:
    """A table of the voices, the default one first."""
    table = Table("voice", "language", "rate", "emotions", "licence", "description")
    for voice in catalogue(config).voices:
        emotions = ", ".join(voice.emotions)
        table.add_row(voice.name, voice.language, f"{voice.sample_rate} Hz", emotions, voice.licence, voice.description)
    Console().print(table)


def show_info(name: str, config: Config) -> None:
    """All about one voice. Raises VoiceUnknown."""
    voice = catalogue(config).choose(name)
    table = Table(show_header=False, box=None)
    for field, value in _facts(voice):
        table.add_row(f"[bold]{field}[/bold]", value)
    Console().print(table)


def _facts(voice: Voice) -> list[tuple[str, str]]:
    emotions = ", ".join(f"{emotion} {CHINESE_NAMES[emotion]}" for emotion in voice.emotions)
    return [
        ("voice", voice.name),
        ("description", voice.description),
        ("language", voice.language),
        ("engine", f"{voice.engine} {voice.version}"),
        ("sample rate", f"{voice.sample_rate} Hz"),
        ("emotions", emotions),
        ("made by", f"{voice.attribution} ({voice.attribution_url})"),
        ("licence", voice.licence),
        ("notice", voice.notice or "-"),
    ]
