"""Which pack of a folder a voice is in."""

from pathlib import Path

from tts_server.engines.sambert.packs.pack import find_packs, read_pack
from tts_server.errors import VoiceDataMissing, VoiceUnknown


def find_pack(name: str, folder: Path) -> Path:
    """Where the pack of a voice is, usable or not. Raises VoiceUnknown."""
    packs = find_packs(folder)
    for path in packs:
        if path.name == name:
            return path
    for path in packs:
        if name.startswith(f"{path.name}-") and name.removeprefix(f"{path.name}-") in _speakers(path):
            return path
    known = ", ".join(path.name for path in packs) or "none"
    raise VoiceUnknown(f"there is no voice pack {name[:64]!r} in {folder}; there is {known}")


def _speakers(path: Path) -> tuple[str, ...]:
    try:
        return read_pack(path).speakers
    except VoiceDataMissing:
        return ()
