"""The engine keeps the contract as its own check says, with a pack of tiny nets."""

from collections.abc import Callable

import pytest

from tts_server.engine_check.__main__ import KEPT, main
from tts_server.engines.sambert.packs.pack import Pack


@pytest.mark.timeout(90)
@pytest.mark.parametrize("voice", ["tiny_nsf_24k"])
def test_it_keeps_the_contract_of_engines(
    voice: str, pack_of: Callable[[str], Pack], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pack_of(voice).folder
    assert main(["sambert", "--set", f"voices_dir={folder.parent}", "--voice", voice]) == KEPT, capsys.readouterr().out
