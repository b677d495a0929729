"""Who may speak, and how much: one object, asked by every door.

Modes: `none` (whoever is on a network of ours), `token` (secrets of a file), `jwt` (signed tokens of somebody else).
Browsers cannot send headers with a WebSocket: they get a ticket, good for one connection within half a minute.
"""

import hashlib
import hmac
import ipaddress
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Literal

from tts_server.access.box_names import elsewhere, marked
from tts_server.access.links import LinkSigner, Pairs
from tts_server.access.networks import PRIVATE_NETWORKS, Network, is_allowed
from tts_server.access.rate_limits import Allowance, RateLimits
from tts_server.access.shared_counts import SharedCounts
from tts_server.errors import Refused, Unauthorized

log = logging.getLogger(__name__)

Mode = Literal["none", "token", "jwt"]
Algorithm = Literal["HS256", "RS256", "ES256", "EdDSA"]

SPEAK: Final = "tts"  # speak, and see what there is
PRIORITY: Final = "tts:priority"  # speak ahead of others
EDIT: Final = "tts:edit"  # keep phrases, and how words are read
METRICS: Final = "metrics"
ALL_SCOPES: Final = frozenset({SPEAK, PRIORITY, EDIT, METRICS})
TICKET_PREFIX: Final = "ticket-"
TICKET_S: Final = 30.0
MAX_TICKETS: Final = 256
MAX_TOKEN_CHARS: Final = 4096


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking."""

    name: str  # of the token, or its subject; empty: anybody
    scopes: frozenset[str] = ALL_SCOPES
    expires_at: float | None = None  # on the wall clock; None: never

    def require(self, scope: str) -> None:
        """Raise Refused without that scope."""
        if scope not in self.scopes:
            raise Refused(f"the token has no scope {scope!r}")


ANYBODY: Final = Principal("")


@dataclass(frozen=True, slots=True)
class Token:
    """A secret of a file, and what it is good for."""

    name: str
    secret: str = field(repr=False)
    scopes: frozenset[str] = ALL_SCOPES


@dataclass(frozen=True, slots=True)
class JwtKey:
    """What signed tokens must satisfy."""

    key: str = field(repr=False)
    algorithm: Algorithm
    audience: str
    issuer: str | None = None

    def __post_init__(self) -> None:
        """Loads what judges such tokens: 11 MB, which boxes without them need not spend; no request waits for it."""
        import_module("jwt")


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Whom to let in."""

    mode: Mode = "none"
    networks: Sequence[Network] = PRIVATE_NETWORKS
    tokens: Sequence[Token] = ()
    jwt_key: JwtKey | None = None
    limits: RateLimits = field(default_factory=RateLimits)
    box: str = ""  # the name of this one among several


class Access:
    """Admits peers, counts what they ask for, and issues tickets."""

    def __init__(
        self,
        settings: AccessSettings | None = None,
        links: LinkSigner | None = None,
        shared: SharedCounts | None = None,
    ) -> None:
        """links: None signs with a key that nobody keeps. shared: what is spent at other boxes."""
        self._shared = shared
        self.reconfigure(settings or AccessSettings())
        self.links = links or LinkSigner()
        self._tickets: dict[str, tuple[float, Principal]] = {}  # by digest, oldest first

    def reconfigure(self, settings: AccessSettings) -> None:
        """Other rules, for who comes from now on. What was spent so far is forgotten; tickets stay good."""
        self._settings = settings
        self._digests = [(_digest(token.secret), token) for token in settings.tokens]
        self._allowance = Allowance(settings.limits, self._shared)

    @property
    def needs_token(self) -> bool:
        """Whether peers must show a token."""
        return self._settings.mode != "none"

    def admit(self, peer: str, token: str | None = None) -> Principal:
        """Who that is. peer: an address; token: a secret, a signed token or a ticket, without "Bearer ".

        Raises Refused (the address), Unauthorized (the token). Without need of tokens, any token will do.
        """
        self.check_address(peer)
        if token is not None and token.startswith(TICKET_PREFIX):
            return self._redeem(token)
        if not self.needs_token:
            return ANYBODY
        if not token:
            raise Unauthorized("this server needs a token: send the header Authorization: Bearer TOKEN")
        if len(token) > MAX_TOKEN_CHARS:
            raise Unauthorized(f"the token has more than {MAX_TOKEN_CHARS} characters")
        return self._known(token) if self._settings.mode == "token" else self._signed(token)

    def admit_link(self, peer: str, pairs: Pairs, signature: str, by: str, expires: str | None) -> Principal:
        """Who made a signed link; all it is good for is to be spoken. pairs: its query without the signature.

        Raises Refused (the address), Unauthorized (the link, or a token that is no longer one of ours).
        """
        self.check_address(peer)
        if not self.needs_token:
            return ANYBODY
        self.links.check(pairs, signature, expires)
        if self._settings.mode == "token" and by not in (token.name for token in self._settings.tokens):
            raise Unauthorized("the link was made with a token that is no longer one of ours; make another")
        return Principal(by, frozenset({SPEAK}))

    def check_address(self, peer: str) -> None:
        """Raise Refused for an address that may not connect. Without tokens, only private ones may."""
        if not is_allowed(peer, self._settings.networks):
            raise Refused(f"the address {peer} is not in one of the networks that may connect (server.networks)")
        if not self.needs_token and not is_allowed(peer, PRIVATE_NETWORKS):
            raise Refused(f"the address {peer} is not private; such peers need tokens (access.mode)")

    def spend(self, principal: Principal, peer: str, chars: int, requests: int = 1) -> None:
        """Count a request for so many characters. Raises RateLimited, TextTooLong.

        requests: 0 for more text of a request that was counted before.
        """
        payers = [f"address {_network_of(peer)}"]
        if principal.name:
            payers.append(f"token {principal.name}")
        self._allowance.spend(payers, chars, requests)

    def issue_ticket(self, principal: Principal) -> str:
        """A secret that `admit` takes once, within TICKET_S, for that principal."""
        self._forget_old_tickets()
        while len(self._tickets) >= MAX_TICKETS:
            self._tickets.pop(next(iter(self._tickets)))
        ticket = TICKET_PREFIX + marked(self._settings.box, secrets.token_urlsafe(24))
        self._tickets[_digest(ticket).hex()] = (time.monotonic() + TICKET_S, principal)
        return ticket

    def _redeem(self, ticket: str) -> Principal:
        self._forget_old_tickets()
        # Looked up by its digest, so that the time it takes tells nothing about other tickets.
        expiry_and_principal = self._tickets.pop(_digest(ticket).hex(), None)
        if expiry_and_principal is None:
            where = elsewhere(self._settings.box, ticket.removeprefix(TICKET_PREFIX))
            raise Unauthorized(f"the ticket was used already, or is older than {TICKET_S:g} s{where}; get a new one")
        return expiry_and_principal[1]

    def _forget_old_tickets(self) -> None:
        now = time.monotonic()
        for digest, (expiry, _) in list(self._tickets.items()):
            if expiry < now:
                del self._tickets[digest]

    def _known(self, secret: str) -> Principal:
        """Compares with every token there is, in constant time."""
        digest, found = _digest(secret), None
        for known, token in self._digests:
            if hmac.compare_digest(known, digest):
                found = token
        if found is None:
            raise Unauthorized("the token is not one of ours")
        return Principal(found.name, found.scopes)

    def _signed(self, token: str) -> Principal:
        import jwt

        expected = self._settings.jwt_key
        assert expected is not None, "the mode jwt comes with a key"
        try:
            claims = jwt.decode(
                token,
                expected.key,
                algorithms=[expected.algorithm],
                audience=expected.audience,
                issuer=expected.issuer,
                options={"require": ["exp", "aud", "sub"]},
            )
            expires_at = float(claims["exp"])
        except jwt.ExpiredSignatureError:
            raise Unauthorized("the token has expired") from None
        except (jwt.PyJWTError, OverflowError) as error:
            log.info("a signed token was refused: %s", type(error).__name__)
            raise Unauthorized("the token is not valid here") from None
        name = "".join(filter(str.isprintable, str(claims["sub"])))[:64]  # it goes into the log
        if not name:
            raise Unauthorized("the token does not say whose it is (sub)")
        return Principal(name, _scopes(claims), expires_at)


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    """OAuth's `scope` ("a b"), or a list called `scopes`. None named: none granted."""
    named = claims.get("scope", claims.get("scopes", ()))
    words = named.split() if isinstance(named, str) else named
    return frozenset(str(word) for word in words) & ALL_SCOPES if isinstance(words, list | tuple) else frozenset()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _network_of(peer: str) -> str:
    """An IPv6 peer has a whole /64 of addresses to itself, and counts as one."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
