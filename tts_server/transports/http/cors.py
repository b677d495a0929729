"""Leave for pages of other origins to read our answers (CORS): for those on the list, and nobody else."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

from tts_server.transports.http.admission import is_allowed_origin
from tts_server.transports.http.settings import HttpSettings

_EXPOSED: Final = ", ".join((
    *("Content-Disposition", "ETag", "Retry-After", "X-Emotion", "X-First-Audio-Ms", "X-Request-Id", "X-Skipped"),
    *("X-Sample-Rate", "X-Voice", "X-Warning"),
))  # fmt: skip
_REMEMBER_S: Final = "600"


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks for leave before it sends the request itself."""
    return scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope)


def add_leave(scope: Scope, headers: MutableHeaders, settings: HttpSettings) -> None:
    """Add what lets the page that asks read the answer, if its origin is on the list."""
    if not settings.origins:
        return
    headers.add_vary_header("Origin")
    origin = Headers(scope=scope).get("origin")
    if origin is None or not is_allowed_origin(origin, settings):
        return
    headers["access-control-allow-origin"] = origin
    headers["access-control-expose-headers"] = _EXPOSED
    if is_preflight(scope):
        headers["access-control-allow-methods"] = "GET, POST, PUT, DELETE"
        headers["access-control-allow-headers"] = "Authorization, Content-Type, Accept"
        headers["access-control-max-age"] = _REMEMBER_S
