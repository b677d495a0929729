"""Which addresses of this machine a peer on the LAN can use to reach us."""

import ipaddress
from collections.abc import Sequence
from typing import Final

import ifaddr

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Bridges and pairs of container and virtual machine hosts: a peer on the LAN cannot reach what is behind them.
_VIRTUAL: Final = ("docker", "br-", "veth", "virbr", "vnet", "cni", "flannel", "cali", "podman", "lxcbr", "lxdbr")


def reachable_addresses(listening_on: Sequence[str]) -> list[Address]:
    """The LAN addresses at which listeners answer, IPv4 first. Raises OSError.

    listening_on: hosts of the listening sockets; "0.0.0.0" and "::" stand for all addresses of their kind.
    """
    listeners = [ipaddress.ip_address(host.partition("%")[0]) for host in listening_on]
    found = {
        address
        for adapter in ifaddr.get_adapters()
        if not str(adapter.name).startswith(_VIRTUAL)
        for address in _addresses(adapter)
        if is_announceable(address) and any(_answers(listener, address) for listener in listeners)
    }
    return sorted(found, key=lambda address: (address.version, int(address)))


def own_addresses() -> set[Address]:
    """Every address of this machine, loopback too. Raises OSError."""
    return {address for adapter in ifaddr.get_adapters() for address in _addresses(adapter)}


def is_announceable(address: Address) -> bool:
    """Whether a peer can use an address without knowing more than it."""
    return not (address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast)


def _addresses(adapter: ifaddr.Adapter) -> list[Address]:
    texts = [ip.ip[0] if isinstance(ip.ip, tuple) else ip.ip for ip in adapter.ips]  # IPv6 comes as a tuple
    return [ipaddress.ip_address(text) for text in texts]


def _answers(listener: Address, address: Address) -> bool:
    return listener == address or (listener.is_unspecified and listener.version == address.version)
