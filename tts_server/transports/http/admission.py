"""Who may use the HTTP port: addresses, Host names (DNS rebinding), origins (other people's pages), tokens. Pure."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Scope

from protocol.http_query import EXPIRES, SIGNATURE, SIGNED_BY
from tts_server.access.access import METRICS, SPEAK
from tts_server.access.networks import is_allowed
from tts_server.errors import AddressTooLong, BadRequest, HostRefused, Refused, Unauthorized
from tts_server.transports.http.errors import is_openai
from tts_server.transports.http.requests.query import QUERY_BYTES, pairs_of
from tts_server.transports.http.settings import HttpSettings

PROBES: Final = ("/healthz", "/readyz")
_OPEN: Final = ("/", "/docs", "/openapi.json", "/asyncapi.yaml", *PROBES)  # nothing of the house is in them
_OPEN_FOLDERS: Final = (
    "/docs/",
    "/web/",
    "/schema/",
    "/audio/",
)  # nobody can guess what a reply under /audio/ is called
LINK_PATH: Final = "/api/tts"
_SECRETS: Final = frozenset(
    {"token", "access_token", "auth", "authorization", "bearer", "api_key", "api-key", "apikey", "key", "jwt", "secret"}
)


def check_admission(
    address: str, headers: Mapping[str, str], settings: HttpSettings, *, is_signed_in: bool = False
) -> None:
    """Check a request before anything of it is done. headers: by lower-case name. Raises Refused.

    is_signed_in: a trusted proxy has signed its people in, who may know the house by any name.

    A request without Host or Origin comes from no browser and passes those checks.
    """
    if not is_allowed(address, settings.networks):
        raise Refused(f"the address {address} is not in one of the networks that may connect (server.networks)")
    if is_signed_in:
        return
    host = headers.get("host", "").casefold()
    if host and not _is_our_name(_without_port(host), settings.host_names):
        raise HostRefused(_without_port(host)[:100])
    origin = headers.get("origin")
    if origin is not None and not _is_our_page(origin.casefold(), host) and not is_allowed_origin(origin, settings):
        raise Refused(f"web pages of {origin[:100]!r} may not use this server (server.origins)")
    if is_embedded_elsewhere(headers) and not settings.origins:
        raise Refused("pages of others may not play sound of this server (server.origins)")


def is_embedded_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a page of another site has us as its image or sound. Over plain HTTP none says so."""
    site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode")
    return mode == "no-cors" and site not in ("none", "same-origin")


def is_allowed_origin(origin: str, settings: HttpSettings) -> bool:
    """Whether pages from elsewhere, of that origin, may use us and read our answers."""
    return origin.casefold() in (other.casefold().rstrip("/") for other in settings.origins)


def scope_needed(path: str, method: str = "GET") -> str | None:
    """What a token must be good for to ask for a path; None: it needs no token."""
    if method == "OPTIONS":
        return None
    if path == "/metrics":
        return METRICS
    if path in _OPEN or (path.startswith(_OPEN_FOLDERS) and not is_openai(path)):
        return None
    return SPEAK


def token_in(headers: Mapping[str, str]) -> str | None:
    """The token of `Authorization: Bearer TOKEN`. Raises Unauthorized for another kind."""
    authorization = headers.get("authorization")
    if authorization is None:
        return None
    kind, _, token = authorization.replace(";", " ", 1).partition(" ")  # Volcengine's clients write a semicolon
    if kind.casefold() != "bearer":
        raise Unauthorized("send the token as Authorization: Bearer TOKEN")
    return token.strip() or None


def signed_link(scope: Scope) -> tuple[list[tuple[str, str]], str, str, str | None] | None:
    """Of a link that was signed: its query without the signature, that, whose it is, when it ends. None: it is none."""
    if scope["path"] != LINK_PATH or scope["method"] != "GET":
        return None
    pairs = pairs_of(scope)
    found = dict(pairs)
    if SIGNATURE not in found:
        return None
    unsigned = [(name, value) for name, value in pairs if name != SIGNATURE]
    return unsigned, found[SIGNATURE], found.get(SIGNED_BY, ""), found.get(EXPIRES)


def check_query(query: bytes) -> None:
    """Refuse secrets in addresses: they end up in logs and histories. Raises BadRequest, AddressTooLong."""
    if len(query) > QUERY_BYTES:
        raise AddressTooLong(
            f"the query has {len(query)} bytes; the limit is {QUERY_BYTES}, about {QUERY_BYTES // 9} Han characters: "
            "send longer texts by POST"
        )
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name.casefold() in _SECRETS:
            raise BadRequest(f"{name!r} does not belong in an address; send the header Authorization: Bearer TOKEN")


def _is_our_name(name: str, configured: Sequence[str]) -> bool:
    if name and "." not in name and ":" not in name:  # nobody can buy it, and browsers ask this network for it
        return True
    if name.endswith((".local", ".localhost")) or name in (ours.casefold().removesuffix(".") for ours in configured):
        return True
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    has_port = colon and not port.endswith("]")  # the last colon of "[::1]" is no port's
    return (name if has_port else host).removesuffix(".")


def _is_our_page(origin: str, host: str) -> bool:
    """A page of our own has our Host as its authority, whatever the scheme a proxy in front of us speaks."""
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and bool(authority) and authority == host
