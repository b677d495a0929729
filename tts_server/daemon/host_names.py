"""What this box is called in its house: its own name, alone and under suffixes that nobody can buy.

A name that somebody could register is none of ours, whatever stands before its first dot: a page on it could be made to
point here, and would then speak.
"""

import socket
from pathlib import Path
from typing import Final

_SUFFIXES: Final = ("local", "lan", "home", "home.arpa", "internal", "localdomain", "fritz.box")
_CONTAINER_HOST: Final = "host.docker.internal"
_RESOLVER: Final = Path("/etc/resolv.conf")


def own_host_names(name: str | None = None, resolver: Path = _RESOLVER) -> tuple[str, ...]:
    """The names to answer to, besides addresses and names without a dot. name: None asks the system."""
    whole = (name if name is not None else socket.gethostname()).casefold().strip(".")
    short = whole.partition(".")[0]
    suffixes = (*_SUFFIXES, *_search_domains(resolver))
    return tuple(dict.fromkeys((whole, *(f"{short}.{suffix}" for suffix in suffixes), _CONTAINER_HOST)))


def _search_domains(resolver: Path) -> list[str]:
    try:
        lines = resolver.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    named = [domain for first, *rest in filter(None, words) if first in ("search", "domain") for domain in rest]
    return [domain.casefold().strip(".") for domain in named if domain.strip(".")]
