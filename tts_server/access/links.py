"""Signed links: an address that speaks one text, for players that cannot send a token. No secret is in it."""

import base64
import hashlib
import hmac
import logging
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from tts_server.errors import Unauthorized

log = logging.getLogger(__name__)

KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 16

Pairs = Sequence[tuple[str, str]]


class LinkSigner:
    """Signs queries and checks them. Whoever has the key can make links; without the key's file all links end."""

    def __init__(self, key: bytes | None = None) -> None:
        """key: None makes one that is forgotten with this object."""
        self._key = key or secrets.token_bytes(KEY_BYTES)

    def sign(self, pairs: Pairs) -> str:
        """The signature of a query, whatever the order of its fields."""
        told = urlencode(sorted(pairs), errors="surrogatepass").encode("ascii")
        digest = hmac.digest(self._key, told, hashlib.sha256)[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    def check(self, pairs: Pairs, signature: str, expires: str | None) -> None:
        """Raises Unauthorized unless the query is as it was signed, and its time has not come."""
        if not hmac.compare_digest(self.sign(pairs).encode(), signature.encode("utf-8", "surrogatepass")):
            raise Unauthorized("the link is not one of ours, or was changed; make another")
        if expires is not None and not (expires.isdecimal() and time.time() < int(expires)):
            raise Unauthorized("the link has expired; make another")


def read_link_key(path: Path) -> bytes | None:
    """The key that links are signed with, made on first use. None, with a warning, where it cannot be kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        if not path.exists():
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(descriptor)
            part.replace(path)
        key = path.read_bytes()
    except OSError as error:
        log.warning("signed links will end with this process: cannot keep their key in %s: %s", path, error.strerror)
        return None
    if len(key) < KEY_BYTES:
        log.warning("%s is damaged; remove it for a new key: signed links end with this process", path)
        return None
    return key
