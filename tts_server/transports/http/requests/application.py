"""Routes as FastAPI has them, on Starlette alone: FastAPI is loaded when somebody asks what routes there are.

It takes a fifth of the daemon's start and a tenth of its memory, and is asked for its document alone.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tts_server.transports.http.requests.arguments import Arguments, Call
from tts_server.transports.http.requests.query import with_fields_in_address

DOCUMENT_PATH: Final = "/openapi.json"
Function = TypeVar("Function", bound=Call)


class ApiRoute(Route):
    """A route whose function takes what its annotations say, and gives a response, a model, or what JSON can hold."""

    def __init__(self, path: str, call: Call, methods: Iterable[str], also_in_address: bool, told: dict[str, Any]):
        """told: what the document says of it, as FastAPI's arguments; None: nothing."""

        async def answer(request: Request) -> Response:
            if also_in_address:
                request = await with_fields_in_address(request)
            return _response(await call(**await arguments.given(request)))

        super().__init__(path, answer)
        self.methods = set(methods)  # Starlette would add HEAD, which the guard answers
        self.call, self.told = call, told
        arguments = Arguments(call, tuple(self.param_convertors))


class Application(Starlette):
    """All routes, and their document at /openapi.json."""

    def __init__(self, has_document: bool = True, needs_token: bool = False, **described: Any) -> None:
        """described: title, version and more, as FastAPI's arguments; needs_token: the document then says so."""
        super().__init__()
        self._described = described
        self._needs_token = needs_token
        self._documented: tuple[Sequence[BaseRoute], dict[str, Any]] = (), {}
        self._describing = threading.Lock()
        if has_document:
            self.add_api_route(DOCUMENT_PATH, self._show_document, include_in_schema=False)

    def add_api_route(
        self,
        path: str,
        call: Call,
        *,
        methods: Iterable[str] = ("GET",),
        also_in_address: bool = False,
        **told: Any,
    ) -> None:
        """Add a route. also_in_address: fields of the body may stand there too; told: for the document."""
        self.router.routes.append(ApiRoute(path, call, methods, also_in_address, told))

    def route_for(self, method: str, path: str, **told: Any) -> Callable[[Function], Function]:
        """A decorator that adds a function as a route."""

        def add(call: Function) -> Function:
            self.add_api_route(path, call, methods=(method,), **told)
            return call

        return add

    def get(self, path: str, **told: Any) -> Callable[[Function], Function]:
        """See `route_for`."""
        return self.route_for("GET", path, **told)

    def post(self, path: str, **told: Any) -> Callable[[Function], Function]:
        """See `route_for`."""
        return self.route_for("POST", path, **told)

    def put(self, path: str, **told: Any) -> Callable[[Function], Function]:
        """See `route_for`."""
        return self.route_for("PUT", path, **told)

    def delete(self, path: str, **told: Any) -> Callable[[Function], Function]:
        """See `route_for`."""
        return self.route_for("DELETE", path, **told)

    async def _show_document(self) -> Response:
        return JSONResponse(await asyncio.to_thread(self.document))

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of the routes. The first time takes a second: not for the loop."""
        with self._describing:
            routes = tuple(self.router.routes)  # doors are opened and shut
            if routes != self._documented[0]:
                self._documented = routes, self._document_of(routes)
            return self._documented[1]

    def _document_of(self, routes: Sequence[BaseRoute]) -> dict[str, Any]:
        from fastapi import FastAPI

        describing = FastAPI(**self._described)
        for route in routes:
            if isinstance(route, ApiRoute) and route.told.get("include_in_schema", True):
                describing.add_api_route(route.path, route.call, methods=sorted(route.methods or ()), **route.told)
        document = describing.openapi()
        if self._needs_token:
            document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
        return document


def _response(answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, BaseModel):
        return Response(answer.model_dump_json(by_alias=True), media_type="application/json")
    return JSONResponse(answer)
