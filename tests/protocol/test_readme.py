"""The Python that README and PROTOCOL show is run as it stands."""

import re
import textwrap
from pathlib import Path

import pytest

from tests.support.core import Core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tests.support.http_door import open_door

ROOT = Path(__file__).parent.parent.parent
BLOCKS = {
    name: re.findall(r"^```python\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.M | re.S)
    for name in ("README.md", "README.zh-CN.md", "docs/PROTOCOL.md")
}


@pytest.mark.parametrize("name", BLOCKS)
async def test_the_python_shown_speaks(core: Core, name: str) -> None:
    (block,) = BLOCKS[name]
    played: list[bytes] = []
    async with open_door(core) as door:
        code = block.replace("localhost:8080", f"localhost:{door.port}")
        defined: dict[str, object] = {"play": lambda pcm, sample_rate: played.append(pcm)}
        exec("async def shown():\n" + textwrap.indent(code, "    "), defined)
        await defined["shown"]()  # type: ignore[operator]
    assert len(b"".join(played)) == 2 * 7 * SAMPLES_PER_CHARACTER
