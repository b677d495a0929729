"""Fields of a request in its address: read, checked, and put under those of a body."""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from protocol.http_api import SpeechRequest
from protocol.http_query import speech_fields
from tts_server.transports.http.requests.arguments import InvalidRequest, within

QUERY_BYTES: Final = 4096


def pairs_of(scope: Scope) -> list[tuple[str, str]]:
    """Names and values of the query, as they were sent."""
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def speech_in_address(scope: Scope) -> SpeechRequest:
    """The request that a query is. Raises InvalidRequest."""
    fields = _fields(scope)
    try:
        return SpeechRequest.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequest(within("query", error.errors())) from None


async def with_fields_in_address(request: Request) -> Request:
    """The request with the fields in its address put under those of its JSON body, which win. Raises InvalidRequest."""
    fields = _fields(request.scope)
    return await _with_fields(request, fields) if fields else request


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
        raise InvalidRequest([{"type": "value_error", "loc": ("query",), "msg": str(error)}]) from None


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
