"""Arguments are told by annotations and checked as FastAPI does it: the same requests give the same answers."""

import subprocess
import sys
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tts_server.transports.http.requests.application import Application
from tts_server.transports.http.requests.arguments import InvalidRequest

NO_FASTAPI = """
import sys
from tts_server.daemon import daemon
from tests.support.core import ENGINES
from tests.support.http_door import core_without_engines
from tts_server.access.access import Access
from tts_server.synthesis.metrics import Metrics
from tts_server.transports.http.replies.stored_audio import StoredAudio
from tts_server.transports.http.routes import build_app
from tts_server.transports.http.settings import HttpSettings
core = core_without_engines().synthesizer
app = build_app(core, StoredAudio(1, 1), HttpSettings(), Access(), Metrics(core))
assert "fastapi" not in sys.modules
assert "/api/tts" in app.document()["paths"]
"""


class Wanted(BaseModel):
    text: str = Field(min_length=1)
    speed: float = 1.0


class Told(BaseModel):
    start: int = Field(serialization_alias="from")


def routes(app: Any) -> Any:
    """The same functions, on either kind of application."""

    async def body(name: str, wanted: Wanted, request: Request) -> dict[str, Any]:
        return {"name": name, "path": request.url.path, **wanted.model_dump()}

    async def perhaps(wanted: Wanted | None = None) -> dict[str, Any]:
        return {"wanted": wanted and wanted.model_dump()}

    async def query(text: Annotated[str, Field(min_length=2)], speed: float = 1.0, voice: str | None = None) -> Any:
        return {"text": text, "speed": speed, "voice": voice}

    async def model() -> Told:
        return Told(start=3)

    async def response() -> Response:
        return Response("plain", 201)

    app.add_api_route("/body/{name}", body, methods=["POST"])
    app.add_api_route("/perhaps", perhaps, methods=["POST"])
    app.add_api_route("/query", query)
    app.add_api_route("/model", model)
    app.add_api_route("/response", response, response_class=Response)
    app.add_exception_handler(InvalidRequest, told_problems)
    app.add_exception_handler(RequestValidationError, told_problems)
    app.add_exception_handler(HTTPException, told_status)
    return app


async def told_problems(_: Request, error: Any) -> Response:
    problems = error.problems if isinstance(error, InvalidRequest) else error.errors()
    return JSONResponse([[problem["type"], list(problem["loc"])] for problem in problems], 422)


async def told_status(_: Request, error: Any) -> Response:
    return Response(status_code=error.status_code)


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "address", "headers", "content"),
    [
        ("POST", "/body/x%20y", JSON, b'{"text": "hi", "speed": "1.5"}'),
        ("POST", "/body/x", {"content-type": "Application/problem+JSON; charset=utf-8"}, b'{"text": "hi"}'),
        ("POST", "/body/x", JSON, b'{"text": "", "speed": "fast"}'),
        ("POST", "/body/x", JSON, b"[1]"),
        ("POST", "/body/x", JSON, b"null"),
        ("POST", "/body/x", JSON, b""),
        ("POST", "/body/x", JSON, b'{"text": '),
        ("POST", "/body/x", JSON, b'{"text": "\xff"}'),
        ("POST", "/body/x", JSON, b"[" * 100_000),
        ("POST", "/body/x", {"content-type": "text/plain"}, b'{"text": "hi"}'),
        ("POST", "/body/x", {}, b'{"text": "hi"}'),
        ("POST", "/perhaps", {}, b""),
        ("POST", "/perhaps", JSON, b"null"),
        ("POST", "/perhaps", JSON, b'{"text": "hi"}'),
        ("POST", "/perhaps", JSON, b"{}"),
        ("GET", "/query?text=hello&speed=2", {}, b""),
        ("GET", "/query?text=first&text=last&voice=", {}, b""),
        ("GET", "/query?text=x&speed=fast", {}, b""),
        ("GET", "/query", {}, b""),
        ("GET", "/model", {}, b""),
        ("GET", "/response", {}, b""),
        ("DELETE", "/query", {}, b""),
        ("HEAD", "/query?text=hello", {}, b""),
        ("GET", "/nowhere", {}, b""),
    ],
)
async def test_a_request_is_taken_as_fastapi_takes_it(
    method: str, address: str, headers: dict[str, str], content: bytes
) -> None:
    answers = []
    for app in (routes(Application()), routes(FastAPI())):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            answer = await client.request(method, address, headers=headers, content=content)
        answers.append((answer.status_code, answer.headers.get("content-type"), answer.content))
    assert answers[0] == answers[1]


def test_the_document_is_fastapis_and_follows_the_routes() -> None:
    app = routes(Application(title="a", version="1"))
    assert app.document() == routes(FastAPI(title="a", version="1")).openapi()
    del app.router.routes[1:-1]
    assert list(app.document()["paths"]) == ["/response"]


def test_fastapi_is_loaded_for_the_document_alone() -> None:
    subprocess.run([sys.executable, "-c", NO_FASTAPI], check=True)
