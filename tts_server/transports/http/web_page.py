"""The page for people at `/`: its files, read once from the package, and what a browser may do with them."""

import hashlib
from importlib.resources import files
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import Response

_MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Nothing from elsewhere, no inline code; sound is played from samples, so there is no media to load.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
_ISOLATION: Final = {"cross-origin-opener-policy": "same-origin"}  # browsers heed it over HTTPS, and complain elsewhere


def add_page(app: FastAPI) -> None:
    """The page at `/` and its parts at `/web/`. Browsers keep them, and ask each time whether they are still good."""
    for file in (files("tts_server.transports.http") / "web").iterdir():
        if media_type := _MEDIA_TYPES.get(file.name.rpartition(".")[2]):
            path = "/" if file.name == "index.html" else f"/web/{file.name}"
            _serve(app, path, file.read_bytes(), media_type)


def _serve(app: FastAPI, path: str, content: bytes, media_type: str) -> None:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {**SECURITY_HEADERS, "etag": tag, "cache-control": "no-cache"}

    async def page(request: Request) -> Response:
        told = {**headers, **_ISOLATION} if request.url.scheme == "https" else headers
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=told)
        return Response(content, headers=told, media_type=media_type)

    app.add_api_route(path, page, include_in_schema=False)
