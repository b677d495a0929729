"""Networks whose peers may come in. Pure."""

import ipaddress
from collections.abc import Iterable
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Loopback, link-local, RFC 1918, RFC 6598 (Tailscale and other private overlays), IPv6 unique local.
PRIVATE_NETWORKS: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("127.0.0.0/8", "169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fe80::/10", "fc00::/7"),
    )
)


def is_allowed(address: str, networks: Iterable[Network]) -> bool:
    """Whether a peer's address, as a socket gives it, lies in one of the networks."""
    try:
        peer = ipaddress.ip_address(address.partition("%")[0])  # "fe80::1%eth0"
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in networks)


def client_behind(peer: str, forwarded: str, trusted: Iterable[Network]) -> str:
    """Who really asks. peer: whose connection it is; forwarded: the value of X-Forwarded-For.

    Each trusted proxy has put its own peer at the end; whatever stands before an address that is not trusted may be
    anybody's invention.
    """
    known = tuple(trusted)
    client = peer
    for named in reversed([part.strip() for part in forwarded.split(",")] if forwarded else []):
        if not is_allowed(client, known) or (address := _address_in(named)) is None:
            break
        client = address
    return client


def _address_in(named: str) -> str | None:
    """The address in "192.0.2.7", "192.0.2.7:1234" or "[2001:db8::7]:1234"; None in anything else."""
    bare = named.strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None
