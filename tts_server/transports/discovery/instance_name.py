"""The name under which a machine is found: Home Assistant knows a device by it, so it must never change by itself."""

import hashlib
import logging
import re
import uuid
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

MACHINE_ID: Final = Path("/etc/machine-id")
_NAME: Final = re.compile(r"tts-server-[0-9a-f]{8}(-[0-9a-f]{4})?")


def instance_name(machine_id: Path = MACHINE_ID) -> str:
    """A name that this machine keeps for ever and no other has, unless one is a copy of the other."""
    try:
        identity = machine_id.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        identity = ""
    # Hashed: a machine id is confidential (machine-id(5)).
    return f"tts-server-{_digest(identity or _hardware())[:8]}"


def second_name(machine_id: Path = MACHINE_ID) -> str:
    """The name of a machine that was copied from another, memory card and all: its network hardware is its own."""
    return f"{instance_name(machine_id)}-{_digest(_hardware())[:4]}"


def kept_name(path: Path | None) -> str | None:
    """The name that was kept, if there is one."""
    try:
        name = path.read_text(encoding="ascii").strip() if path is not None else ""
    except (OSError, UnicodeDecodeError):
        return None
    return name if _NAME.fullmatch(name) else None


def keep_name(name: str, path: Path | None) -> None:
    """Remember a name over restarts."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n", encoding="ascii")
    except OSError as error:
        log.warning("the name %s cannot be kept in %s: %s", name, path, error.strerror)


def _hardware() -> str:
    return f"{uuid.getnode():012x}"  # the MAC address


def _digest(identity: str) -> str:
    return hashlib.sha256(f"tts-server:{identity}".encode()).hexdigest()
