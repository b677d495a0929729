"""The page `/docs`: the OpenAPI document for people, to be tried out, by Swagger UI's own files and no other site's."""

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from tts_server.transports.http.requests.application import Application

# Its buttons are pictures inside the style sheet; an answer that is sound is played from memory.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OURS: Final = ("docs.css", "docs.js")
_THEIRS: Final = ("swagger-ui-bundle.js", "swagger-ui.css")
_FOLDER: Final = files("tts_server.transports.http") / "swagger"


def add_docs(app: Application) -> None:
    """Add the page and its files under /docs/."""
    headers = {"content-security-policy": _POLICY}
    page = (_FOLDER / "docs.html").read_text(encoding="utf-8")

    async def docs(request: Request) -> Response:
        # The page's links are relative, so that a proxy may put us anywhere: below /docs/ they lead one step up.
        below = request.scope["raw_path"].endswith(b"/")
        shown = page.replace('="docs/', '="').replace('"openapi.json"', '"../openapi.json"') if below else page
        return Response(shown, headers={**headers, "cache-control": "no-cache"}, media_type="text/html")

    app.add_api_route("/docs", docs, include_in_schema=False)
    for name in _OURS:
        _serve(app, name, (_FOLDER / name).read_bytes)
    for name in _THEIRS:
        _serve(app, name, partial(_theirs, name))


def _serve(app: Application, name: str, read: Callable[[], bytes]) -> None:
    """The file is read whenever it is asked for, which is seldom: kept in memory, they would be 2 MB."""
    media_type = "text/css" if name.endswith(".css") else "text/javascript"

    async def file(request: Request) -> Response:
        content = await asyncio.to_thread(read)
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=media_type)

    app.add_api_route(f"/docs/{name}", file, include_in_schema=False)


def _theirs(name: str) -> bytes:
    """A file of Swagger UI, out of the package that carries them; nothing of its code is run."""
    return Path(str(distribution("fastapi-swagger").locate_file(f"fastapi_swagger/resources/{name}"))).read_bytes()
