from collections.abc import Sequence
from ipaddress import ip_address

import ifaddr
import pytest

from tts_server.transports.discovery.addresses import is_announceable, own_addresses, reachable_addresses

V6 = tuple[str, int, int]


def adapter(name: str, *addresses: str | V6) -> ifaddr.Adapter:
    return ifaddr.Adapter(name, name, [ifaddr.IP(address, 24, name) for address in addresses])


BOX = [
    adapter("lo", "127.0.0.1", ("::1", 0, 0)),
    adapter("eth0", "192.168.1.20", ("fe80::1", 0, 2), ("fd00::20", 0, 0)),
    adapter("wlan0", "192.168.1.9", "169.254.7.7"),
    adapter("docker0", "172.17.0.1"),
    adapter("br-0123abcd", "172.18.0.1"),
    adapter("veth12", ("fd01::1", 0, 0)),
    adapter("br0", "10.0.0.2"),
]


@pytest.mark.parametrize(
    ("listening_on", "reachable"),
    [
        (["0.0.0.0", "::"], ["10.0.0.2", "192.168.1.9", "192.168.1.20", "fd00::20"]),
        (["0.0.0.0"], ["10.0.0.2", "192.168.1.9", "192.168.1.20"]),
        (["::"], ["fd00::20"]),
        (["192.168.1.9"], ["192.168.1.9"]),
        (["127.0.0.1", "::1"], []),
        (["fe80::1%eth0"], []),
        ([], []),
    ],
)
def test_only_addresses_at_which_a_peer_on_the_lan_finds_a_listener_are_announced(
    monkeypatch: pytest.MonkeyPatch, listening_on: Sequence[str], reachable: Sequence[str]
) -> None:
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: BOX)
    assert [str(address) for address in reachable_addresses(listening_on)] == reachable


def test_this_machine_has_a_loopback_address_which_it_keeps_to_itself() -> None:
    assert ip_address("127.0.0.1") in own_addresses()
    assert all(is_announceable(address) for address in reachable_addresses(["0.0.0.0", "::"]))


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "127.0.0.1", "::1", "169.254.1.1", "fe80::1", "224.0.0.251"])
def test_home_assistant_ignores_or_cannot_use_these(address: str) -> None:
    assert not is_announceable(ip_address(address))
