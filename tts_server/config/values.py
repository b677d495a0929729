"""What may stand for single keys of the configuration, and how a mistake in one is told."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from protocol.emotions import AUTO, canonical
from tts_server.access.networks import Network

_HOST_NAME = re.compile(r"[^\W_](?:[\w-]*\w)?(?:\.[^\W_](?:[\w-]*\w)?)*\.?")
_ORIGIN = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#*\s]+/?")
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]  # of a wait: sockets and queues count no more than 24 days
Age = Annotated[float, Field(gt=0, le=10 * 365 * 86_400)]
Count = Annotated[int, Field(ge=1)]
PauseMs = Annotated[int, Field(ge=0, le=10_000)]


def _known_emotion(name: str) -> str:
    if name.casefold() == AUTO:
        return AUTO
    return _canonical_emotion(name)


def _canonical_emotion(name: str) -> str:
    if (emotion := canonical(name)) is None:
        raise ValueError(f"there is no emotion {name!r}")
    return emotion


def _bare_host_name(name: str) -> str:
    if not _HOST_NAME.fullmatch(name):
        raise ValueError("write a whole name such as voice.example.org: no *, no scheme, no port")
    return name


def _at_least_one(engines: tuple[str, ...]) -> tuple[str, ...]:
    if not engines:
        raise ValueError("name one at least, or leave it out for all that are installed")
    return engines


def _parsed_network(given: object) -> object:
    if isinstance(given, Network):
        return given
    try:
        network = ipaddress.ip_network(str(given), strict=False)
    except ValueError:
        raise ValueError("that is no network; write one such as 192.168.1.0/24, or an address") from None
    if str(ipaddress.ip_interface(str(given)).ip) != str(network.network_address):
        raise ValueError(f"that is an address inside a network; write {network} for the network")
    return network


def _whole_origin(origin: str) -> str:
    if origin != "null" and not _ORIGIN.fullmatch(origin):
        raise ValueError("write a whole origin such as https://panel.example.org: scheme and host, no path, no *")
    return origin


def _instance_name(name: str) -> str:
    if (size := len(name.encode())) > 63:  # of a label in DNS
        raise ValueError(f"a name on the LAN has 63 bytes in UTF-8 at most, 21 Chinese characters; this one has {size}")
    if not name.isprintable():
        raise ValueError("a name on the LAN has printable characters only")
    return name


def _parsed_address(given: str) -> str:
    try:
        ipaddress.ip_address(given)
    except ValueError:
        raise ValueError("that is no address; write one such as 192.168.1.20") from None
    return given


GivenNetwork = Annotated[Network, BeforeValidator(_parsed_network)]
Origin = Annotated[str, AfterValidator(_whole_origin)]
Address = Annotated[str, AfterValidator(_parsed_address)]
HostName = Annotated[str, AfterValidator(_bare_host_name)]
Emotion = Annotated[str, AfterValidator(_canonical_emotion)]
GivenEmotion = Annotated[str, AfterValidator(_known_emotion)]
InstanceName = Annotated[str, AfterValidator(_instance_name)]
SomeNames = Annotated[tuple[str, ...], AfterValidator(_at_least_one)]
