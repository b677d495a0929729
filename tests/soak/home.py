"""What everybody in the home knows."""

import random
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.soak.clock import HomeClock
from tests.support.daemon import Daemon


class Failed(Exception):
    """Somebody who asked got an error."""


@dataclass(frozen=True)
class Home:
    """The daemon, the time, the dice, and where the daemon's files are."""

    daemon: Daemon
    clock: HomeClock
    chance: random.Random
    folder: Path

    @property
    def url(self) -> str:
        """Of the HTTP door."""
        return f"http://127.0.0.1:{self.daemon.http_port}"

    def client(self) -> httpx.AsyncClient:
        """A new one for each request, as integrations do it."""
        return httpx.AsyncClient(base_url=self.url, timeout=60, trust_env=False)
