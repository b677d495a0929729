"""Where the memory is that boxes share, and how it is reached."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tts_server.errors import ConfigInvalid

PLAIN: Final = "valkey"
TLS: Final = "valkeys"
UNIX: Final = "unix"
_MAX_PASSWORD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class SharedSettings:
    """A Valkey server, and how long is waited for it."""

    url: str
    timeout_s: float
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None  # who signed the server's certificate; None: those that this box trusts anyway


def check_url(url: str) -> None:
    """Raise ConfigInvalid for an address that cannot be used, or that would carry speech and password in the clear."""
    told = urlsplit(url)
    try:
        port_is_odd = told.port == 0
    except ValueError:
        port_is_odd = True
    if told.scheme not in (PLAIN, TLS, UNIX) or port_is_odd or not (told.hostname or told.scheme == UNIX):
        raise ConfigInvalid("cache.shared: write valkeys://HOST:6379, valkey://127.0.0.1:6379 or unix:///PATH")
    if told.password is not None:
        raise ConfigInvalid("cache.shared holds a password; put it into the credential valkey_password")
    if told.scheme == PLAIN and not _is_loopback(told.hostname or ""):
        raise ConfigInvalid(f"cache.shared: {told.hostname} is another machine, which needs TLS: write valkeys://")


def check_ca_file(path: Path | None) -> None:
    """Raise ConfigInvalid when it cannot be read."""
    if path is not None:
        try:
            ssl.create_default_context(cafile=str(path))
        except (OSError, ssl.SSLError) as error:
            raise ConfigInvalid(f"cache.shared_ca_file: cannot use {path}: {error}") from error


def read_password(path: Path | None, credentials: Path | None) -> str | None:
    """The password of a file, by default of the systemd credential; None where there is none. Raises ConfigInvalid."""
    found = path or (credentials / "valkey_password" if credentials else None)
    if found is None or (path is None and not found.exists()):
        return None
    try:
        with found.open("rb") as file:
            return file.read(_MAX_PASSWORD_BYTES).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"cache.shared_password_file: cannot read {found}: {error}") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
