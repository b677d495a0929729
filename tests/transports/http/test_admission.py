from ipaddress import ip_network

import pytest

from tts_server.errors import Refused
from tts_server.transports.http.admission import check_admission
from tts_server.transports.http.settings import HttpSettings

SETTINGS = HttpSettings(host_names=("tts.home",), origins=("https://panel.example",))


def is_admitted(address: str = "192.168.1.9", settings: HttpSettings = SETTINGS, **headers: str) -> bool:
    try:
        check_admission(address, headers, settings)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8080", "LOCALHOST", "192.168.1.5:8080", "10.0.0.1", "[::1]", "[fd00::2]:8080"),
        *("box.local", "box.local.", "box.local:8080", "Box.Local", "tts.home", "TTS.home:8080", "8.8.8.8"),
        *("local", "voice:8080"),  # names without a dot
    ],
)
def test_a_host_name_that_nobody_else_can_own_is_ours(host: str) -> None:
    assert is_admitted(host=host)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8080", "localhost.evil.example", "box.local.evil.example"),
        *(
            "127.0.0.1.evil.example",
            "evil.example#localhost",
            "tts.home.evil.example",
            "[::1",
            "127.1",
            ":8080",
        ),
    ],
)
def test_any_other_host_name_may_be_dns_rebinding_and_is_refused(host: str) -> None:
    assert not is_admitted(host=host)


def test_a_request_that_no_browser_makes_needs_neither_host_nor_origin() -> None:
    assert is_admitted()


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://192.168.1.5:8080", "192.168.1.5:8080"),
        ("http://box.local", "box.local"),
        ("https://tts.home", "tts.home"),
        ("HTTP://Box.local:8080", "box.local:8080"),
        ("https://panel.example", "192.168.1.5:8080"),
    ],
)
def test_pages_of_our_own_and_listed_ones_are_welcome(origin: str, host: str) -> None:
    assert is_admitted(origin=origin, host=host)


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "null", "", "http://", "http://192.168.1.5", "http://192.168.1.5:8081"),
        *("http://192.168.1.5:8080.evil.example", "file://192.168.1.5:8080", "https://panel.example.evil.example"),
        *("http://panel.example", "192.168.1.5:8080"),
    ],
)
def test_pages_of_others_are_refused(origin: str) -> None:
    assert not is_admitted(origin=origin, host="192.168.1.5:8080")


def test_an_origin_without_a_host_is_never_our_own() -> None:
    assert not is_admitted(origin="http://")


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860::1", "", "::ffff:8.8.8.8"])
def test_public_addresses_are_refused(address: str) -> None:
    assert not is_admitted(address)
    assert is_admitted(address, HttpSettings(networks=(ip_network("0.0.0.0/0"), ip_network("::/0")))) is bool(address)
