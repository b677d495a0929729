"""Where this program keeps things: systemd's folders when it runs as a service, XDG's otherwise."""

import os
from pathlib import Path
from typing import Final

_NAME: Final = "tts-server"


def config_folder() -> Path:
    """What its owner writes."""
    return _folder("CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME", ".config")


def state_folder() -> Path:
    """What must outlive a restart and cannot be made again: voices, the name on the LAN."""
    return _folder("STATE_DIRECTORY", "XDG_DATA_HOME", ".local/share")


def cache_folder() -> Path:
    """What can be made again."""
    return _folder("CACHE_DIRECTORY", "XDG_CACHE_HOME", ".cache")


def credentials_folder() -> Path | None:
    """Where systemd hands secrets over; None when it hands over none."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(given) if given else None


def _folder(service: str, desktop: str, otherwise: str) -> Path:
    if given := os.environ.get(service):
        return Path(given.split(":")[0])
    home = os.environ.get(desktop)
    return (Path(home) if home else Path.home() / otherwise) / _NAME
