"""What the environment says of the configuration: TTS_SERVER__SECTION__KEY, in any case.

pydantic-settings does this and more; importing it takes a quarter of the time that reading a configuration takes.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

PREFIX: Final = "TTS_SERVER__"
_SEVERAL: Final = (list, tuple, set, frozenset, dict)  # these are written in JSON


def variables() -> Iterator[tuple[str, list[str], str]]:
    """Each variable that is meant for us: its name, the key as parts, what it says."""
    for variable, said in os.environ.items():
        if variable.upper().startswith(PREFIX):
            yield variable, variable[len(PREFIX) :].lower().split("__"), said


def merged(tables: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """A file's tables with what the environment says on top."""
    found = dict(tables)
    for _, parts, said in variables():
        _put(found, parts, _value(said, _annotation(model, parts)))
    return found


def _put(tables: dict[str, Any], parts: list[str], value: Any) -> None:
    """Set a value some tables down, in copies of those; what stands in place of a table stays: it is a mistake."""
    name, *rest = parts
    below = tables.get(name, {})
    if not rest:
        tables[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, dict) else value
    elif isinstance(below, dict):
        tables[name] = dict(below)
        _put(tables[name], rest, value)


def _annotation(model: type[BaseModel], parts: list[str]) -> Any:
    """The type of a key; that of anything for what no section declares, such as an engine's settings."""
    section = model.model_fields.get(parts[0])
    kind = section.annotation if section is not None else None
    if len(parts) == 2 and isinstance(kind, type) and issubclass(kind, BaseModel) and parts[1] in kind.model_fields:
        return kind.model_fields[parts[1]].annotation
    return Any


def _value(said: str, annotation: Any) -> Any:
    """JSON where a key may hold several values, or where nobody knows; else as it stands."""
    if annotation is not Any and not _holds_several(annotation):
        return said
    try:
        return json.loads(said)
    except ValueError:
        return said


def _holds_several(annotation: Any) -> bool:
    origin = get_origin(annotation) or annotation
    return origin in _SEVERAL or any(_holds_several(part) for part in get_args(annotation))
