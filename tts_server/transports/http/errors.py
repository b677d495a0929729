"""What an error looks like on the HTTP routes."""

from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from protocol.errors import ErrorCode
from protocol.http_api import error_json
from tts_server.errors import TTSError
from tts_server.transports.error_codes import code_of, status_of
from tts_server.transports.http.requests.application import Application
from tts_server.transports.http.requests.arguments import InvalidRequest, is_json

INTERNAL: Final = "something went wrong inside the server; its log tells more"
_HTTP_CODES: Final = {400: ErrorCode.BAD_JSON, 404: ErrorCode.NOT_FOUND}
RETRY_LATER: Final = (429, 503)
_FORMAT_FIELDS: Final = ("format", "response_format", "text_format", "stream_format", "rate")


def add_error_handlers(app: Application) -> None:
    """Answer everything that a route may raise with a JSON body."""
    app.add_exception_handler(TTSError, _on_tts_error)
    app.add_exception_handler(InvalidRequest, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_unexpected_error)


def error_answer(
    status: int, code: ErrorCode, message: str, param: str | None = None, retry_after_s: float = 1.0
) -> Response:
    """An error as an answer."""
    headers = {"retry-after": f"{retry_after_s:.0f}"} if status in RETRY_LATER else None
    return Response(error_json(code, message, param), status, headers, "application/json")


def is_openai(path: str) -> bool:
    """Whether a path is one of OpenAI's, whose clients expect 400 for what cannot be read."""
    return path.startswith("/v1/") or path in ("/models", "/audio/speech", "/audio/voices", "/audio/models")


async def _on_tts_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, TTSError)
    return error_answer(status_of(error), code_of(error), str(error), retry_after_s=error.retry_after_s)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = {
        400: "the body cannot be read as JSON in UTF-8",
        404: "there is nothing at this path; /openapi.json lists what there is",
        405: f"this path does not take {request.method}; /openapi.json lists what it takes",
    }.get(error.status_code, error.detail)
    code = _HTTP_CODES.get(error.status_code, ErrorCode.BAD_MESSAGE)
    answer = error_answer(error.status_code, code, message)
    if error.status_code == 405:
        answer.headers["allow"] = ", ".join(_methods_of(request))
    return answer


def _methods_of(request: Request) -> list[str]:
    """What a path takes: Starlette tells of the first route alone, and each of ours has one method."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in routes for method in getattr(route, "methods", None) or ()})


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidRequest)
    problem = error.problems[0]
    if problem["type"] == "json_invalid":
        return error_answer(400, ErrorCode.BAD_JSON, f"the body is not valid JSON: {problem['ctx']['error']}")
    in_body = problem["loc"][:1] != ("query",)
    was_read = isinstance(error.body, dict)  # of an address alone, too
    if in_body and not was_read and not is_json(request.headers.get("content-type", "")):
        return error_answer(415, ErrorCode.BAD_MESSAGE, "send JSON, with the header Content-Type: application/json")
    param = _field_of(problem["loc"][1:], error.body) if in_body else ".".join(map(str, problem["loc"][1:]))
    is_format = param in _FORMAT_FIELDS and problem["type"] == "literal_error"
    code = ErrorCode.FORMAT_UNSUPPORTED if is_format else ErrorCode.BAD_FIELD
    status = 400 if is_openai(request.url.path) else 422
    told = problem["msg"].removeprefix("Value error, ")  # Pydantic's words before those of a check of our own
    where = param or ("the body" if in_body else "the address")
    return error_answer(status, code, f"{where}: {told}", param or None)


def _field_of(loc: Sequence[int | str], body: object) -> str:
    """The field that a problem is with, without the kinds that Pydantic tried one after the other for its value."""
    names: list[str] = []
    for part in loc:
        names.append(str(part))
        body = body.get(part) if isinstance(body, dict) else None
        if not isinstance(body, dict | list):
            break
    return ".".join(names)


async def _on_unexpected_error(_: Request, __: Exception) -> Response:
    return error_answer(500, ErrorCode.INTERNAL, INTERNAL)
