"""What a route's function is called with, told by its annotations, as FastAPI reads them; pydantic checks it.

Request                 the request itself
a name in the path      the text there
a model, or | None      the JSON body
anything else           a field of the query
"""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, get_args

from pydantic import BaseModel, ValidationError, create_model
from starlette.exceptions import HTTPException
from starlette.requests import Request

Call = Callable[..., Any]
Problem = Mapping[str, Any]  # as pydantic tells it: type, loc, msg, ctx


class InvalidRequest(Exception):
    """A request that is not as its route asks for it. The place of each problem begins with "query" or "body"."""

    def __init__(self, problems: Sequence[Problem], body: object = None) -> None:
        super().__init__(problems)
        self.problems = problems
        self.body = body  # what was sent, to tell which field a problem is with


class Arguments:
    """Those of one function."""

    def __init__(self, call: Call, names_in_path: Sequence[str]) -> None:
        self._request: list[str] = []
        self._path: list[str] = []
        self._query: dict[str, inspect.Parameter] = {}
        self._body: tuple[inspect.Parameter, type[BaseModel]] | None = None
        for name, parameter in inspect.signature(call).parameters.items():
            if parameter.annotation is Request:
                self._request.append(name)
            elif name in names_in_path:
                self._path.append(name)
            elif (model := _model_in(parameter.annotation)) is not None:
                self._body = parameter, model
            else:
                self._query[name] = parameter

    async def given(self, request: Request) -> dict[str, Any]:
        """The arguments, by name. Raises InvalidRequest, HTTPException."""
        sent = await _sent(request) if self._body else None
        found: dict[str, Any] = dict.fromkeys(self._request, request)
        found |= {name: request.path_params[name] for name in self._path}
        if self._query:
            found |= self._in_query(request)
        if self._body:
            parameter, model = self._body
            found[parameter.name] = _checked(sent, parameter, model)
        return found

    def _in_query(self, request: Request) -> dict[str, Any]:
        try:
            checked = self._query_model.model_validate(dict(request.query_params))
        except ValidationError as error:
            raise InvalidRequest(within("query", error.errors())) from None
        return {name: getattr(checked, name) for name in self._query}

    @cached_property
    def _query_model(self) -> type[BaseModel]:
        """Made when it is first asked for: each takes a millisecond."""
        fields: dict[str, Any] = {
            name: (parameter.annotation, ... if parameter.default is parameter.empty else parameter.default)
            for name, parameter in self._query.items()
        }
        made: type[BaseModel] = create_model("Query", **fields)
        return made


def within(part: str, problems: Sequence[Any]) -> list[Problem]:
    """The problems, with the part of the request before the place of each."""
    return [{**problem, "loc": (part, *problem["loc"])} for problem in problems]


def is_json(content_type: str) -> bool:
    """Whether a body of that type is read as JSON."""
    kind = content_type.partition(";")[0].strip().casefold()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _model_in(annotation: Any) -> type[BaseModel] | None:
    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]
    return next((kind for kind in kinds if issubclass(kind, BaseModel)), None)


async def _sent(request: Request) -> Any:
    """The body as JSON; its bytes where it is empty or does not say that it is JSON, which fit no model."""
    body = await request.body()
    if not body or not is_json(request.headers.get("content-type", "")):
        return body
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        problem = {"type": "json_invalid", "loc": ("body", error.pos), "msg": error.msg, "ctx": {"error": error.msg}}
        raise InvalidRequest([problem], error.doc) from None
    except (ValueError, RecursionError):
        raise HTTPException(400) from None


def _checked(sent: Any, parameter: inspect.Parameter, model: type[BaseModel]) -> Any:
    is_optional = parameter.default is not parameter.empty
    if is_optional and sent in (b"", None):
        return parameter.default
    if sent == b"":
        raise InvalidRequest([{"type": "missing", "loc": ("body",), "msg": "Field required"}])
    try:
        return model.model_validate(sent, from_attributes=True)  # as FastAPI does, whose words clients know
    except ValidationError as error:
        raise InvalidRequest(within("body", error.errors()), sent) from None
