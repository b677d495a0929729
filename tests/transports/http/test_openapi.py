"""The OpenAPI document holds: schemathesis sends what it allows and what it does not, and checks every answer."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.core import ENGINES, running_core
from tests.support.http_door import open_door

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
# Not checked: that all it allows is accepted. It cannot tell which SSML is well-formed, or which voices exist.
UNCHECKED = "positive_data_acceptance"


@pytest.mark.timeout(120)  # a quarter of it on a quiet machine
@pytest.mark.parametrize("phase", ["coverage", "fuzzing"])
async def test_every_answer_is_one_that_the_document_tells_of(phase: str, tmp_path: Path) -> None:
    async with running_core(engines={"tone": ENGINES["tone"]}) as core, open_door(core) as door:
        process = await asyncio.create_subprocess_exec(
            *(str(SCHEMATHESIS), "run", f"http://127.0.0.1:{door.port}/openapi.json", "--no-color", "--seed", "1"),
            *("--phases", phase, "--max-examples", "10", "--exclude-checks", UNCHECKED, "--request-timeout", "15"),
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "100"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told = (await process.communicate())[0].decode()
    assert process.returncode == 0, told
    generated = re.search(r"(\d+) generated", told)
    assert generated is not None
    assert int(generated[1]) >= 30, told
