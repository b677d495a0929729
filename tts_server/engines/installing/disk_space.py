"""Is there room on the disk?"""

import shutil
from pathlib import Path
from typing import Final

from tts_server.engines.installing.folder import WORKING
from tts_server.errors import VoiceDataMissing

SPARE_BYTES: Final = 100 << 20


def check_room(folder: Path, needed: int, what: str) -> None:
    """Raise VoiceDataMissing when a disk has not so many bytes left, and some to spare.

    The folder that is told is one that is still there when it is read.
    """
    there = folder
    while not there.exists():
        there = there.parent
    named = next((place.parent for place in (folder, *folder.parents) if place.name.startswith(WORKING)), folder)
    free = shutil.disk_usage(there).free
    if free < needed + SPARE_BYTES:
        wanted = (needed + SPARE_BYTES) / 1e6
        raise VoiceDataMissing(f"{what} needs {wanted:.0f} MB on the disk of {named}; {free / 1e6:.0f} MB are free")
