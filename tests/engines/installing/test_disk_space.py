"""A disk without room is told before anything is written, by a folder that is still there afterwards."""

from pathlib import Path

import pytest

from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.installing.folder import working_folder
from tts_server.errors import VoiceDataMissing


def test_enough_room_is_passed_over(tmp_path: Path) -> None:
    check_room(tmp_path / "not/yet/there", 1000, "fetching it")


def test_a_full_disk_is_told_by_the_folder_of_the_voices(tmp_path: Path) -> None:
    with working_folder(tmp_path / "voices") as working:
        for folder in (working, working / "made" / "joe"):
            with pytest.raises(
                VoiceDataMissing, match=rf"installing joe needs \d+ MB on the disk of {tmp_path}/voices;"
            ):
                check_room(folder, 1 << 60, "installing joe")
    with pytest.raises(VoiceDataMissing, match=f"on the disk of {tmp_path}/cache;"):
        check_room(tmp_path / "cache", 1 << 60, "fetching it")
