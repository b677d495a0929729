"""Who comes in by WebSocket: where a token may stand in the handshake, and what is answered to those without one."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

from protocol.messages import SUBPROTOCOL
from tts_server.access.access import TICKET_PREFIX, Access, Principal
from tts_server.errors import Unauthorized

_BEARER: Final = "bearer."  # as a subprotocol: browsers can send no other header


@dataclass(frozen=True, slots=True)
class Handshake:
    """A handshake that may go on."""

    peer: str  # address
    principal: Principal | None  # None: `hello` must bring a token
    subprotocol: str | None  # what we answer with


def read_handshake(scope: Scope, access: Access) -> Handshake:
    """Whose handshake it is. Raises Unauthorized for a token that is not good here, Refused for an address."""
    peer = (scope["client"] or ("",))[0]
    token = _token(scope)
    is_late = access.needs_token and token is None
    principal = None if is_late else access.admit(peer, token)
    return Handshake(peer, principal, SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None)


def speaks_our_version(scope: Scope) -> bool:
    """Whether our version is offered, or none at all."""
    offered = [name for name in scope["subprotocols"] if not name.startswith(_BEARER)]
    return not offered or SUBPROTOCOL in offered


def _token(scope: Scope) -> str | None:
    """From the header, a subprotocol, or a ticket in the query, in this order."""
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer" and token.strip():
        return token.strip()
    for name in scope["subprotocols"]:
        if name.startswith(_BEARER):
            return str(name.removeprefix(_BEARER))
    query = parse_qs(scope["query_string"].decode("ascii", "replace"))
    if "token" in query:
        raise Unauthorized("tokens in the address end up in logs: send a header, `hello`, or a ticket")
    if "ticket" not in query:
        return None
    ticket: str = query["ticket"][0]
    if not ticket.startswith(TICKET_PREFIX):
        raise Unauthorized("that is not a ticket; POST /api/ws-tickets gives one")
    return ticket
