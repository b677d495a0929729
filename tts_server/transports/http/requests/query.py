"""Fields of a request in its address: read, checked, and put under those of a body."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from protocol.http_api import SpeechRequest
from protocol.http_query import speech_fields

QUERY_BYTES: Final = 4096
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def pairs_of(scope: Scope) -> list[tuple[str, str]]:
    """Names and values of the query, as they were sent."""
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def speech_in_address(scope: Scope) -> SpeechRequest:
    """The request that a query is. Raises RequestValidationError."""
    fields = _fields(scope)
    try:
        return SpeechRequest.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(_in_query(error.errors())) from None


class AlsoInAddress(APIRoute):
    """A route whose JSON body may leave fields to the address; those of the body win."""

    def get_route_handler(self) -> Handler:
        """The handler that gets them together."""
        handler = super().get_route_handler()

        async def merged(request: Request) -> Response:
            if fields := _fields(request.scope):
                request = await _with_fields(request, fields)
            return await handler(request)

        return merged


async def _with_fields(request: Request, fields: dict[str, Any]) -> Request:
    body = await request.body()
    try:
        sent = json.loads(body) if body else {}
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        return Request(request.scope, replay(body, request.receive))  # refused where all bodies are
    scope = dict(request.scope)
    if not body:
        scope["headers"] = [*scope["headers"], (b"content-type", b"application/json")]
    together = json.dumps({**fields, **sent}).encode()
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    return Request(scope, replay(together, request.receive))


def _fields(scope: Scope) -> dict[str, Any]:
    try:
        return speech_fields(pairs_of(scope))
    except ValueError as error:
        raise RequestValidationError(_in_query([{"type": "value_error", "loc": (), "msg": str(error)}])) from None


def _in_query(problems: Any) -> list[dict[str, Any]]:
    return [{**problem, "loc": ("query", *problem["loc"])} for problem in problems]


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body read already, then what comes after it."""
    is_given = False

    async def replayed() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
