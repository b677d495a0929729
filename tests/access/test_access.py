"""Who is let in by which proof, and what is counted."""

import base64
import datetime
import json
import logging

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tts_server.access import access as access_room
from tts_server.access.access import ALL_SCOPES, Access, AccessSettings, JwtKey, Principal, Token
from tts_server.access.networks import PRIVATE_NETWORKS, Network
from tts_server.access.rate_limits import RateLimits
from tts_server.errors import RateLimited, Refused, TextTooLong, Unauthorized

HOME = "192.168.1.20"
PUBLIC = "203.0.113.9"
SECRET = "correct-horse-battery-staple"
KEY = "a shared secret of more than 32 characters"
EVERYWHERE: list[Network] = [*PRIVATE_NETWORKS, access_room.ipaddress.ip_network("0.0.0.0/0")]


def with_tokens(*tokens: Token, networks: list[Network] | None = None) -> Access:
    return Access(AccessSettings("token", networks or PRIVATE_NETWORKS, tokens or (Token("panel", SECRET),)))


def with_jwt(key: str = KEY, algorithm: access_room.Algorithm = "HS256") -> Access:
    return Access(AccessSettings("jwt", jwt_key=JwtKey(key, algorithm, "tts-server", "home")))


def claims(**changes: object) -> dict[str, object]:
    expiry = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    usual = {"exp": expiry, "aud": "tts-server", "iss": "home", "sub": "panel", "scope": "tts"}
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def signed(**changes: object) -> str:
    return jwt.encode(claims(**changes), KEY, "HS256")


def test_without_tokens_every_private_address_may_do_everything_and_a_token_does_no_harm() -> None:
    access = Access()
    for peer in ("127.0.0.1", HOME, "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "100.64.0.1"):
        assert access.admit(peer) == access.admit(peer, "whatever") == Principal("", ALL_SCOPES)
    assert not access.needs_token


@pytest.mark.parametrize("peer", [PUBLIC, "2606:4700::1", "::ffff:203.0.113.9", "", "nonsense"])
def test_a_public_address_is_refused_even_when_its_network_is_named_but_no_tokens_are_needed(peer: str) -> None:
    for access in (Access(), Access(AccessSettings(networks=EVERYWHERE)), with_tokens()):
        with pytest.raises(Refused):
            access.admit(peer, SECRET)


def test_a_public_address_comes_in_by_a_named_network_and_a_token() -> None:
    access = with_tokens(networks=EVERYWHERE)
    assert access.admit(PUBLIC, SECRET).name == "panel"
    with pytest.raises(Unauthorized):
        access.admit(PUBLIC)


def test_each_token_has_its_name_and_scopes() -> None:
    access = with_tokens(Token("panel", SECRET), Token("graphs", "another-long-secret", frozenset({"metrics"})))
    assert access.admit(HOME, SECRET) == Principal("panel", ALL_SCOPES)
    graphs = access.admit(HOME, "another-long-secret")
    graphs.require("metrics")
    with pytest.raises(Refused, match="'tts'"):
        graphs.require("tts")


@pytest.mark.parametrize(
    "token", [None, "", "wrong", SECRET[:-1], SECRET + " ", SECRET.upper(), "\udcff", "错" * 20, "x" * 5000]
)
def test_a_wrong_token_is_refused_and_not_logged(token: str | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unauthorized) as caught:
        with_tokens().admit(HOME, token)
    assert not token or token not in str(caught.value) + caplog.text


def test_secrets_are_not_printed_with_their_settings() -> None:
    assert SECRET not in repr(AccessSettings("token", tokens=[Token("panel", SECRET)]))
    assert KEY not in repr(JwtKey(KEY, "HS256", "tts-server"))


def test_a_signed_token_names_its_subject_and_scopes() -> None:
    panel = with_jwt().admit(HOME, signed())
    assert (panel.name, panel.scopes) == ("panel", {"tts"})
    listed = signed(scope=None, scopes=["tts", "metrics", "root"])
    assert with_jwt().admit(HOME, listed).scopes == {"tts", "metrics"}
    assert with_jwt().admit(HOME, signed(scope=None)).scopes == frozenset()
    assert with_jwt().admit(HOME, signed(scope=7)).scopes == frozenset()
    assert with_jwt().admit(HOME, signed(sub="a\nb" * 99)).name == ("ab" * 99)[:64]


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"aud": None},
        {"sub": None},
        {"iss": None},
        {"exp": 1_000_000_000},
        {"aud": "another-server"},
        {"iss": "another-home"},
        {"nbf": 4_000_000_000},
        {"sub": 7},
        {"sub": ""},
        {"sub": "\n"},
        {"exp": 10**400},
        {"exp": float("inf")},
    ],
    ids=str,
)
def test_a_signed_token_with_a_claim_missing_or_wrong_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unauthorized):
        with_jwt().admit(HOME, signed(**changes))


def test_a_token_without_a_signature_or_of_another_algorithm_is_refused() -> None:
    access = with_jwt()
    unsigned = jwt.encode(claims(), None, "none")  # type: ignore[arg-type]
    head, body, mac = signed().split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    others = [
        unsigned,
        jwt.encode(claims(), KEY + " " * 32, "HS512"),
        f"{forged}.{body}.",
        f"{head}.{body}.",
        f"{head}.{body}.{mac[::-1]}",
        "a.b.c",
        "",
    ]
    for token in others:
        with pytest.raises(Unauthorized):
            access.admit(HOME, token)


def test_a_public_key_checks_its_own_algorithm_only() -> None:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    access = with_jwt(pem.decode(), "RS256")
    assert access.admit(HOME, jwt.encode(claims(), private, "RS256")).name == "panel"
    with pytest.raises(Unauthorized):  # the public key taken for a shared secret
        access.admit(HOME, _hs256(pem))


def _hs256(key: bytes) -> str:
    """A token signed with any bytes as the secret; PyJWT would refuse to make it."""
    parts = [json.dumps({"alg": "HS256"}), json.dumps({**claims(), "exp": 4_000_000_000})]
    text = b".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=") for part in parts)
    mac = access_room.hmac.digest(key, text, "sha256")
    return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def test_a_ticket_is_good_once_and_for_who_asked_for_it() -> None:
    access = with_tokens()
    ticket = access.issue_ticket(access.admit(HOME, SECRET))
    assert access.admit(HOME, ticket).name == "panel"
    with pytest.raises(Unauthorized, match="used already"):
        access.admit(HOME, ticket)
    with pytest.raises(Unauthorized):
        access.admit(HOME, "ticket-" + "A" * 32)


def test_a_ticket_is_forgotten_after_its_time_and_when_too_many_are_out(monkeypatch: pytest.MonkeyPatch) -> None:
    access = with_tokens()
    panel = access.admit(HOME, SECRET)
    tickets = [access.issue_ticket(panel) for _ in range(access_room.MAX_TICKETS + 1)]
    assert len(set(tickets)) == len(tickets)
    with pytest.raises(Unauthorized):
        access.admit(HOME, tickets[0])
    assert access.admit(HOME, tickets[1]) == panel
    later = access_room.time.monotonic() + access_room.TICKET_S + 1
    monkeypatch.setattr(access_room.time, "monotonic", lambda: later)
    with pytest.raises(Unauthorized):
        access.admit(HOME, tickets[-1])


def test_requests_are_counted_by_address_and_by_token() -> None:
    access = Access(AccessSettings("token", tokens=[Token("panel", SECRET)], limits=RateLimits(requests_per_min=2)))
    panel = access.admit(HOME, SECRET)
    for peer in ("192.168.1.1", "192.168.1.2"):
        access.spend(panel, peer, 10)
    with pytest.raises(RateLimited, match="more than 2 requests") as caught:
        access.spend(panel, "192.168.1.3", 10)  # another address, the same token
    assert 1 <= caught.value.retry_after_s <= 60
    access.spend(Principal("other"), "192.168.1.3", 10)
    access.spend(Principal("third"), "192.168.1.3", 10)
    with pytest.raises(RateLimited):
        access.spend(Principal("fourth"), "192.168.1.3", 10)  # another token, the same address


def test_characters_are_counted_and_a_refused_text_costs_nothing() -> None:
    access = Access(AccessSettings(limits=RateLimits(chars_per_min=100)))
    anybody = access.admit(HOME)
    access.spend(anybody, HOME, 60)
    with pytest.raises(RateLimited, match="more than 100 characters"):
        access.spend(anybody, HOME, 60)
    access.spend(anybody, HOME, 40)
    access.spend(anybody, "192.168.1.21", 100)
    with pytest.raises(TextTooLong):  # waiting would not help
        access.spend(anybody, HOME, 101)


def test_the_addresses_of_one_ipv6_household_count_as_one() -> None:
    access = Access(AccessSettings(limits=RateLimits(requests_per_min=1)))
    anybody = access.admit("fd00::1")
    access.spend(anybody, "fd00::1", 1)
    access.spend(anybody, "fd00:0:0:1::1", 1)
    with pytest.raises(RateLimited):
        access.spend(anybody, "fd00::ffff:2", 1)
