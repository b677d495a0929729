"""The engine keeps the contract as its own check says."""

import pytest

from tts_server.engine_check.__main__ import KEPT, main


@pytest.mark.timeout(90)
def test_it_keeps_the_contract_of_engines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baker"]) == KEPT, capsys.readouterr().out
