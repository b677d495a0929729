"""Secrets on disk: access tokens and the key that signed tokens are checked with. systemd hands them over as files."""

import logging
import os
import stat
from pathlib import Path
from typing import Final

from tts_server.access.access import ALL_SCOPES, Token
from tts_server.errors import ConfigInvalid

log = logging.getLogger(__name__)

MIN_SECRET_CHARS: Final = 16
_MAX_BYTES: Final = 2**20


def read_tokens(path: Path | None) -> tuple[Token, ...]:
    """The tokens of a file, by default of the systemd credential `tokens`. Raises ConfigInvalid.

    A line is `NAME SECRET [SCOPE,SCOPE]`; `#` begins a comment. Without scopes, a token may do everything.
    """
    found = path or _credential("tokens", "access.tokens_file")
    tokens: dict[str, Token] = {}
    for number, line in enumerate(_read(found, "access.tokens_file").splitlines(), start=1):
        if words := line.partition("#")[0].split():
            token = _token(words, f"{found}, line {number}")
            if token.name in tokens:
                raise ConfigInvalid(f"{found}, line {number}: there are two tokens called {token.name}")
            tokens[token.name] = token
    if not tokens:
        raise ConfigInvalid(f"access.tokens_file: {found} holds no token; write a line: NAME SECRET")
    return tuple(tokens.values())


def read_key(path: Path | None) -> str:
    """The key for signed tokens, by default the systemd credential `jwt_key`. Raises ConfigInvalid."""
    key = _read(path or _credential("jwt_key", "access.jwt_key_file"), "access.jwt_key_file").strip()
    if len(key) < 2 * MIN_SECRET_CHARS:
        raise ConfigInvalid(
            f"access.jwt_key_file: the key for signed tokens has fewer than {2 * MIN_SECRET_CHARS} characters"
        )
    return key


def _token(words: list[str], where: str) -> Token:
    if not 2 <= len(words) <= 3:
        raise ConfigInvalid(f"{where}: write NAME SECRET, or NAME SECRET SCOPE,SCOPE")
    name, secret, *rest = words
    if len(secret) < MIN_SECRET_CHARS:
        raise ConfigInvalid(f"{where}: the secret of {name} has fewer than {MIN_SECRET_CHARS} characters")
    scopes = frozenset(rest[0].split(",")) if rest else ALL_SCOPES
    if unknown := scopes - ALL_SCOPES:
        known = ", ".join(sorted(ALL_SCOPES))
        raise ConfigInvalid(f"{where}: there is no scope {sorted(unknown)[0]}; scopes are {known}")
    return Token(name, secret, scopes)


def _credential(name: str, key: str) -> Path:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise ConfigInvalid(f"{key} names no file, and systemd has handed over no credential {name}")
    return Path(folder) / name


def _read(path: Path, key: str) -> str:
    try:
        if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
            log.warning("%s can be read by everybody on this machine; `chmod 600` it", path)
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8")
    except OSError as error:
        raise ConfigInvalid(f"{key}: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigInvalid(f"{key}: {path} is not text in UTF-8") from None
