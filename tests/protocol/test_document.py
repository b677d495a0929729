"""docs/PROTOCOL.md says what is true."""

import json
import re
from pathlib import Path

import pytest

from protocol.answers import SERVER_MESSAGE
from protocol.errors import CLOSE_REASONS, ErrorCode
from protocol.messages import CLIENT_MESSAGE, Open

TEXT = (Path(__file__).parent.parent.parent / "docs/PROTOCOL.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json (client|server)\n(.*?)^```", TEXT, re.M | re.S)


@pytest.mark.parametrize(("side", "example"), EXAMPLES, ids=[example[:40] for _, example in EXAMPLES])
def test_an_example_is_a_message_and_has_no_field_too_many(side: str, example: str) -> None:
    if side == "client":
        parsed = CLIENT_MESSAGE.validate_json(example)
        read = parsed.model_dump_json(exclude_unset=True)
    else:
        read = SERVER_MESSAGE.validate_json(example).to_json()
    assert json.loads(read) == json.loads(example)


@pytest.mark.parametrize("adapter", [CLIENT_MESSAGE, SERVER_MESSAGE])
def test_every_message_has_an_example(adapter: object) -> None:
    types = adapter.json_schema()["discriminator"]["mapping"]  # type: ignore[attr-defined]
    shown = {json.loads(example)["type"] for _, example in EXAMPLES}
    assert types.keys() - shown == set()


def test_every_field_of_open_and_every_code_is_told() -> None:
    for name in Open.model_fields.keys() - {"type", "ref", "ctx"}:
        assert f"`{name}`" in TEXT
    for code in ErrorCode:
        assert f"`{code.value}`" in TEXT
    for code in CLOSE_REASONS:
        assert str(code) in TEXT
