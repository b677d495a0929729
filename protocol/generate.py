"""Writes `schema/`: JSON Schema of both directions, and the protocol as AsyncAPI 3.0.

Use: python -m protocol.generate
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from protocol.answers import SERVER_MESSAGE
from protocol.errors import CLOSE_REASONS, ErrorCode
from protocol.frames import HEADER
from protocol.messages import CLIENT_MESSAGE, MINOR_VERSION, PATH, SUBPROTOCOL

FOLDER: Final = Path(__file__).parent / "schema"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_FRAME: Final = """\
16 bytes in network order, then the payload (struct "!BBHIII"):
byte 0: high nibble header version 1, low nibble kind (1 = audio; skip others);
byte 1: flags (0x01 first of segment, 0x02 last of segment, 0x04 discontinuity, 0x08 cached, 0x10 codec setup);
bytes 2-3: ch, from `opened`; bytes 4-7: seq; bytes 8-11: segment;
bytes 12-15: pts, the sample index of the first sample in the context, modulo 2^32."""


def documents() -> dict[str, str]:
    """File name to text, of everything in `schema/`."""
    return {
        "client.json": _as_json(_schema(CLIENT_MESSAGE, "validation", "client to server")),
        "server.json": _as_json(_schema(SERVER_MESSAGE, "serialization", "server to client")),
        "asyncapi.yaml": "\n".join(_as_yaml(_asyncapi())) + "\n",
    }


def write() -> None:
    """Write all files anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _schema(adapter: TypeAdapter[Any], mode: Any, direction: str) -> dict[str, Any]:
    schema = adapter.json_schema(mode=mode)
    return {"$schema": _DIALECT, "title": f"{SUBPROTOCOL}, {direction}", **schema}


def _asyncapi() -> dict[str, Any]:
    client, server = _messages(CLIENT_MESSAGE, "validation"), _messages(SERVER_MESSAGE, "serialization")
    schemas = {**client.schemas, **server.schemas}
    frame = {
        "name": "frame",
        "title": "Audio (framing header16)",
        "contentType": "application/octet-stream",
        "description": _FRAME,
        "payload": {"type": "string", "format": "binary", "minLength": HEADER.size},
    }
    messages = {**client.messages, **server.messages, "frame": frame}
    channel = "#/channels/speech"
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": SUBPROTOCOL,
            "version": MINOR_VERSION,
            "description": "Text and emotion in, speech out: many contexts on one WebSocket. See docs/PROTOCOL.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "speech": {
                "address": PATH,
                "description": f"A WebSocket with the subprotocol {SUBPROTOCOL}.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "x-close-codes": {str(code): reason for code, reason in CLOSE_REASONS.items()},
                "x-error-codes": [code.value for code in ErrorCode],
            }
        },
        "operations": {
            "listen": _operation("receive", channel, client.messages),
            "speak": _operation("send", channel, [*server.messages, "frame"]),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


class _Direction:
    """The messages of one direction as AsyncAPI has them, and the schemas they refer to."""

    def __init__(self, definitions: dict[str, Any], types: Mapping[str, str], prefix: str) -> None:
        text = json.dumps(definitions).replace('"#/$defs/', f'"#/components/schemas/{prefix}')
        self.schemas: dict[str, Any] = {f"{prefix}{name}": schema for name, schema in json.loads(text).items()}
        self.messages: dict[str, Any] = {
            f"{prefix}{name}": {
                "name": name,
                "title": definitions[cls]["title"],
                "summary": definitions[cls]["description"].splitlines()[0],
                "payload": {"$ref": f"#/components/schemas/{prefix}{cls}"},
            }
            for name, cls in types.items()
        }


def _messages(adapter: TypeAdapter[Any], mode: Any) -> _Direction:
    schema = adapter.json_schema(mode=mode)
    mapping = schema["discriminator"]["mapping"]
    types = {name: reference.rpartition("/")[2] for name, reference in mapping.items()}
    return _Direction(schema["$defs"], types, "client_" if mode == "validation" else "server_")


def _operation(action: str, channel: str, names: Any) -> dict[str, Any]:
    pointer = f"{channel}/messages/"
    return {"action": action, "channel": {"$ref": channel}, "messages": [{"$ref": pointer + name} for name in names]}


def _as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _as_yaml(value: Any, indent: str = "") -> Iterator[str]:
    """The lines of a document in block style; scalars are JSON, which is YAML too."""
    children = value.items() if isinstance(value, dict) else (("-", child) for child in value)
    for key, child in children:
        head = indent + ("-" if isinstance(value, list) else f"{json.dumps(key, ensure_ascii=False)}:")
        if isinstance(child, dict | list) and child:
            yield head
            yield from _as_yaml(child, indent + "  ")
        else:
            yield f"{head} {json.dumps(child, ensure_ascii=False)}"


if __name__ == "__main__":
    write()
