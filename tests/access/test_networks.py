"""Which addresses are of a network of ours."""

from ipaddress import ip_network

import pytest

from tts_server.access.networks import PRIVATE_NETWORKS, is_allowed


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "192.168.1.20", "10.9.8.7", "172.16.0.1", "172.31.255.255", "169.254.1.1", "100.64.0.1"),
        *("::1", "fe80::1", "fe80::1%eth0", "fd12:3456::1", "::ffff:192.168.1.20"),
    ],
)
def test_private_addresses_are_allowed_by_default(address: str) -> None:
    assert is_allowed(address, PRIVATE_NETWORKS)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2001:db8::1", "::ffff:8.8.8.8", "::", "", "localhost"],
)
def test_other_addresses_are_not(address: str) -> None:
    assert not is_allowed(address, PRIVATE_NETWORKS)


def test_only_the_networks_given_are_allowed() -> None:
    networks = (ip_network("192.168.7.0/24"), ip_network("2001:db8::/32"))
    assert is_allowed("192.168.7.1", networks)
    assert is_allowed("2001:db8::1", networks)
    assert not is_allowed("192.168.8.1", networks)
    assert not is_allowed("127.0.0.1", ())
