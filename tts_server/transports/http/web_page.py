"""The page for people at `/`: its files, read once from the package, and what a browser may do with them."""

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from tts_server.transports.http.requests.application import Application

_MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
# Nothing from elsewhere, no inline code; sound is played from samples, so the only media are those that the page makes.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src blob:; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
SECURITY_HEADERS: Final = {
    "content-security-policy": f"{_POLICY}'none'",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
# A proxy that says where it shows us, as Home Assistant's does, may put us into a frame of its own page.
_FRAMED: Final = {"content-security-policy": f"{_POLICY}'self'", "x-frame-options": "SAMEORIGIN"}
_ISOLATION: Final = {"cross-origin-opener-policy": "same-origin"}  # browsers heed it over HTTPS, and complain elsewhere


def add_page(app: Application) -> None:
    """The page at `/` and its parts under `/web/`. Browsers keep them, and ask whether they are still good."""
    for path, file in _files(files("tts_server.transports.http") / "web", "/web/"):
        if media_type := _MEDIA_TYPES.get(file.name.rpartition(".")[2]):
            _serve(app, "/" if path == "/web/index.html" else path, file.read_bytes(), media_type)


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, f"{path}{each.name}/")
        else:
            yield path + each.name, each


def _serve(app: Application, path: str, content: bytes, media_type: str) -> None:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'

    async def page(request: Request) -> Response:
        told = {**SECURITY_HEADERS, "etag": tag, "cache-control": "no-cache", "vary": "X-Ingress-Path"}
        if request.headers.get("x-ingress-path"):
            told |= _FRAMED
        if request.url.scheme == "https":
            told |= _ISOLATION
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=told)
        return Response(content, headers=told, media_type=media_type)

    app.add_api_route(path, page, include_in_schema=False)
