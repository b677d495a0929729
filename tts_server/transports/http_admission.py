"""Who may use the HTTP port: addresses, Host names (DNS rebinding) and origins (other people's web pages). Pure."""

import ipaddress
from collections.abc import Mapping, Sequence

from tts_server.errors import Refused
from tts_server.transports.http_settings import HttpSettings
from tts_server.transports.listening import is_allowed


def check_admission(address: str, headers: Mapping[str, str], settings: HttpSettings) -> None:
    """Check a request before anything of it is done. headers: by lower-case name. Raises Refused.

    A request without Host or Origin comes from no browser and passes those checks.
    """
    if not is_allowed(address, settings.networks):
        raise Refused(f"the address {address} is not in one of the networks that may connect (server.networks)")
    host = headers.get("host", "").casefold()
    if host and not _is_our_name(_without_port(host), settings.host_names):
        raise Refused(f"the host name {host[:100]!r} is not one of ours (server.host_names)")
    origin = headers.get("origin")
    if origin is not None and not _is_welcome(origin.casefold(), host, settings.origins):
        raise Refused(f"web pages of {origin[:100]!r} may not use this server (server.origins)")


def _is_our_name(name: str, configured: Sequence[str]) -> bool:
    if name == "localhost" or name.endswith(".local") or name in (ours.casefold() for ours in configured):
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


def _is_welcome(origin: str, host: str, allowed: Sequence[str]) -> bool:
    """A page of our own has our Host as its authority, whatever the scheme a proxy in front of us speaks."""
    if origin in (other.casefold().rstrip("/") for other in allowed):
        return True
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and bool(authority) and authority == host
