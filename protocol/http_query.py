"""Fields of a request in an address: the strings of a query, as the JSON that they stand for."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from protocol.fields import Pauses
from protocol.http_api import SpeechRequest

# Beside the fields of `SpeechRequest`, what a signed link carries.
SIGNATURE: Final = "sig"
SIGNED_BY: Final = "by"
EXPIRES: Final = "expires"
LINK_FIELDS: Final = (SIGNATURE, SIGNED_BY, EXPIRES)

_PAUSES: Final = "pauses."

_TRUE: Final = ("true", "1", "yes", "on")
_FALSE: Final = ("false", "0", "no", "off")


def speech_fields(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields of `SpeechRequest` in a query. A value that cannot be read stays a string, for the model to refuse.

    Raises ValueError for a name that comes twice.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:64]} comes twice")
        if name not in LINK_FIELDS:
            found[name] = _value(_KINDS.get(name, "string"), value)
    pauses = {name.removeprefix(_PAUSES): found.pop(name) for name in list(found) if name.startswith(_PAUSES)}
    return {**found, "pauses": pauses} if pauses else found


def in_query(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse, for values that are no strings yet: what is inside a field has a name of its own."""
    inside = {f"{_PAUSES}{name}": value for name, value in (fields.get("pauses") or {}).items()}
    return {**{name: value for name, value in fields.items() if name != "pauses"}, **inside}


def query_parameters() -> list[dict[str, Any]]:
    """The same fields, as an OpenAPI document tells of them."""
    schema = SpeechRequest.model_json_schema()
    required = schema.get("required", ())
    parameters = [
        {"name": name, "in": "query", "required": name in required, "schema": _plain(field)}
        | ({"description": field["description"]} if "description" in field else {})
        for name, field in _properties().items()
    ]
    signed = {
        SIGNATURE: "Of a link made by `POST /api/links`, in place of a token.",
        SIGNED_BY: "Whose token the link was made with.",
        EXPIRES: "When the link ends, in seconds since 1970.",
    }
    return parameters + [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": told}
        for name, told in signed.items()
    ]


def _properties() -> dict[str, Any]:
    """Schemas of all fields, by their names in a query."""
    return in_query({
        **SpeechRequest.model_json_schema()["properties"],
        "pauses": Pauses.model_json_schema()["properties"],
    })  # fmt: skip


def _plain(field: Mapping[str, Any]) -> dict[str, Any]:
    """A field's schema without the null that a query cannot hold, and without what stands beside it."""
    choices = [choice for choice in field.get("anyOf", ()) if choice.get("type") != "null"]
    kept = choices[0] if choices else field
    return {key: value for key, value in kept.items() if key not in ("title", "description")}


def _kind(field: Mapping[str, Any]) -> str:
    return str(_plain(field).get("type", "string"))


def _value(kind: str, text: str) -> Any:
    try:
        match kind:
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case "boolean" if text.casefold() in (*_TRUE, *_FALSE):
                return text.casefold() in _TRUE
    except ValueError:
        pass
    return text


_KINDS: Final = {name: _kind(field) for name, field in _properties().items()}
