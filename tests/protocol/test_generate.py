"""The published schemas are those of the models."""

import json

import pytest

from protocol.answers import SERVER_MESSAGE, Pong
from protocol.errors import ErrorCode
from protocol.generate import FOLDER, documents


@pytest.mark.parametrize("name", ["client.json", "server.json", "asyncapi.yaml"])
def test_the_files_are_up_to_date(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == documents()[name], "stale: run python -m protocol.generate"


def test_nothing_else_lies_in_the_folder() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(documents())


@pytest.mark.parametrize("name", ["client.json", "server.json"])
def test_a_schema_knows_every_type_by_its_name(name: str) -> None:
    schema = json.loads(documents()[name])
    for wire_name, reference in schema["discriminator"]["mapping"].items():
        definition = schema["$defs"][reference.rpartition("/")[2]]
        assert definition["properties"]["type"]["const"] == wire_name


def test_the_asyncapi_document_tells_messages_errors_and_close_codes() -> None:
    text = documents()["asyncapi.yaml"]
    assert text.startswith('"asyncapi": "3.0.0"\n')
    assert all(f'- "{code.value}"' in text for code in ErrorCode)
    for wanted in ('"/ws/v1"', '"client_text":', '"server_segment":', '"frame":', '"4408":', '"action": "receive"'):
        assert wanted in text
    assert "$defs" not in text


def test_what_the_server_says_is_read_back() -> None:
    said = Pong(ref="1", t=2.0, server_t=3.0)
    assert said.to_json() == '{"type":"pong","ref":"1","t":2.0,"server_t":3.0}'
    assert SERVER_MESSAGE.validate_json(said.to_json()) == said
