"""`tts-server config`: check or show the configuration."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from tts_server.config import settings as configuration
from tts_server.daemon.startup import host_settings


def check(path: Path | None) -> None:
    """Say that the configuration can be used. Raises ConfigInvalid when it cannot."""
    file = configuration.find_file(path)
    config = configuration.load(configuration.read_file(file) if file else {})
    host_settings(config)  # engines that are named must be installed
    Console().print(f"{file or 'no file, all defaults'}: good", highlight=False)


def show(path: Path | None) -> None:
    """Every key, its value and where it came from."""
    file = configuration.find_file(path)
    tables = configuration.read_file(file) if file else {}
    config = configuration.load(tables)
    table = Table("key", "value", "from", title=str(file or "no file"), title_justify="left")
    for key, source in configuration.where_from(config, tables).items():
        section, _, name = key.partition(".")
        table.add_row(key, _shown(getattr(getattr(config, section), name)), source)
    for engine, settings in config.engines.items():
        table.add_row(f"engines.{engine}", str(settings), "file or environment")
    Console().print(table)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "(none)"
    return "(empty)" if value in ("", None) else str(value)
