"""The folder of voice packs, as every engine looks into it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tts_server.engines.onnx_voices.packs.pack import find_packs as find_onnx_packs
from tts_server.engines.sambert.packs.pack import find_packs as find_sambert_packs

Find = Callable[[Path], list[Path]]


@pytest.mark.parametrize("find", [find_onnx_packs, find_sambert_packs])
def test_a_folder_that_cannot_be_read_has_no_packs_and_a_line_in_the_log(
    find: Find, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unreadable = tmp_path / ("x" * 300)  # for root too; a folder of somebody else's is refused in the same way
    assert find(unreadable) == []
    assert [record.message for record in caplog.records] == [
        f"voice packs in {unreadable} cannot be read: File name too long"
    ]
    assert find(tmp_path / "not-there") == []
    assert len(caplog.records) == 1
