"""A Valkey server that several boxes share: what they have spoken, and what they let a client do.

It may be slow, frozen, full, gone, or tell nonsense. Then there is no answer, within the time that is waited for one,
and after a few of those nobody waits any more until it answers a probe.
"""

import asyncio
import logging
import math
import time
from typing import TYPE_CHECKING, Any, Final

from tts_server.shared.breaker import Breaker
from tts_server.shared.cancellation import cancellation_kept
from tts_server.shared.settings import SharedSettings

if TYPE_CHECKING:
    from valkey.asyncio import Valkey

log = logging.getLogger(__name__)

PREFIX: Final = "tts1:"  # of every key; the number is that of the form of what stands behind them
_CONNECTIONS: Final = 8
_WAITING_CONNECTIONS: Final = 64  # of those who wait for another box's next word
_PROBE_EVERY_S: Final = 1.0
_PATIENT_S: Final = 1.0  # where no request waits
_LONGEST_WAIT_S: Final = 2.0
_REFUSED_EVERY_S: Final = 3600.0
_UNASKED_S: Final = 0.1  # after which a connection is given up whose question nobody waits for any longer
_LATE_S: Final = 0.001  # what is shorter is no lateness


class NoAnswer(Exception):
    """The server cannot be asked, or did not answer in time, or refused."""


class SharedServer:
    """Asks, and gives up in time."""

    def __init__(self, settings: SharedSettings) -> None:
        # Imported where boxes share something: it takes 18 MiB.
        from valkey import exceptions

        self._settings = settings
        self._refusals = (exceptions.ResponseError,)
        self.failures = (exceptions.ValkeyError, OSError, TimeoutError, ValueError)
        self._breaker = Breaker()
        self._quick = self._connected(_CONNECTIONS, _UNASKED_S + settings.timeout_s)
        self._patient = self._connected(_CONNECTIONS, _PATIENT_S)
        self._waiting = self._connected(_WAITING_CONNECTIONS, _LONGEST_WAIT_S)
        self._asking: set[asyncio.Task[Any]] = set()
        self._told_at = -math.inf

    @property
    def url(self) -> str:
        """Where it is."""
        return self._settings.url

    @property
    def pool(self) -> Any:
        """Connections for a library that asks by itself, and for which nobody waits."""
        return self._patient.connection_pool

    @property
    def is_up(self) -> bool:
        """Whether it makes sense to ask."""
        return self._breaker.is_closed

    async def ask(self, *command: Any, timeout_s: float | None = None) -> Any:
        """The answer to a command, bytes as they are. timeout_s: None is what a request may wait. Raises NoAnswer."""
        if not self.is_up:
            raise NoAnswer
        if timeout_s is None:
            return await self._ask(self._quick, self._settings.timeout_s, command)
        return await self._ask(self._patient, timeout_s, command)

    async def wait(self, *command: Any, timeout_s: float) -> Any:
        """The same for commands that wait at the server, for less than the timeout. Raises NoAnswer."""
        if not self.is_up:
            raise NoAnswer
        return await self._ask(self._waiting, timeout_s + self._settings.timeout_s, command)

    async def run(self) -> None:
        """Look whether it answers, until cancelled; then the connections are closed."""
        try:
            while True:
                if not self.is_up:
                    await self._probe()
                await asyncio.sleep(_PROBE_EVERY_S)
        finally:
            await self.close()

    async def close(self) -> None:
        """Hang up."""
        if self._asking:
            for asking in self._asking:
                asking.cancel()
            await asyncio.wait(self._asking, timeout=_LONGEST_WAIT_S)
        for client in (self._quick, self._patient, self._waiting):
            await client.aclose(close_connection_pool=True)

    async def _probe(self) -> None:
        try:
            with cancellation_kept():
                await self._connect_ahead()
            # In the time that requests wait: one that answers later would be away again with the next texts.
            await self._ask(self._quick, self._settings.timeout_s, ("PING",), is_probe=True)
        except NoAnswer:
            return
        await self._look_at_its_settings()

    async def _connect_ahead(self) -> None:
        """Open what requests will use: TLS alone may take longer than they wait. What fails the ping will find out."""
        pool, connections = self._quick.connection_pool, []
        try:
            async with asyncio.timeout(_PATIENT_S):
                for _ in range(_CONNECTIONS):
                    connections.append(await pool.get_connection("PING"))  # type: ignore[no-untyped-call]
        except self.failures as error:
            log.debug("cannot connect to the shared cache: %s", error)
        finally:
            for connection in connections:
                await pool.release(connection)

    async def _ask(self, client: "Valkey", timeout_s: float, command: Any, is_probe: bool = False) -> Any:
        try:
            answer = await self._answer(client, timeout_s, command)
        except self._refusals as error:
            self._tell_refusal(error)
            raise NoAnswer from error
        except self.failures as error:
            if self._breaker.failed() or (is_probe and self._told_at == -math.inf):
                self._told_at = time.monotonic()
                reason = str(error) or "no answer in time"
                log.warning("the shared cache is away, each box speaks for itself: %s", reason)
            raise NoAnswer from error
        # An answer to a patient question does not tell that it comes in the time that a request waits.
        if client is self._quick and self._breaker.worked():
            log.info("the shared cache answers")
        return answer

    async def _answer(self, client: "Valkey", timeout_s: float, command: Any) -> Any:
        """In a task of its own: giving up takes the client a while at times, and a cancellation may be lost in it."""
        asking: asyncio.Task[Any] = asyncio.create_task(client.execute_command(*command))  # type: ignore[no-untyped-call]
        self._asking.add(asking)
        asking.add_done_callback(self._over)
        try:
            await _patiently(asking, timeout_s)
            if not asking.done():
                raise TimeoutError
            return asking.result()
        finally:
            asking.cancel()

    def _over(self, asking: asyncio.Task[Any]) -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # so that asyncio does not log what nobody waits for any longer

    def _tell_refusal(self, error: Exception) -> None:
        """Once an hour: a full server stays full for a while."""
        now = time.monotonic()
        if now >= self._told_at + _REFUSED_EVERY_S:
            self._told_at = now
            log.warning("the shared cache refuses: %s", error)

    async def _look_at_its_settings(self) -> None:
        """A cache without a bound fills its machine; one that refuses when it is full keeps the oldest for ever."""
        try:
            found = await self._ask(self._patient, _PATIENT_S, ("CONFIG", "GET", "maxmemory*"))
        except NoAnswer:
            return  # not allowed to ask: its owner will know
        told = dict(zip(found[::2], found[1::2], strict=False)) if isinstance(found, list) else dict(found)
        if told.get(b"maxmemory") == b"0" or not told.get(b"maxmemory-policy", b"").startswith(b"allkeys-"):
            log.warning("the shared cache has no bound: set maxmemory and maxmemory-policy allkeys-lru in Valkey")

    def _connected(self, connections: int, timeout_s: float) -> "Valkey":
        """timeout_s: the client's own, by which questions end that nobody waits for any longer. Before Python 3.12,
        `asyncio.wait_for`, by which it sends, swallows a cancellation that comes in the moment in which all is sent.
        """
        from valkey.asyncio import BlockingConnectionPool, Valkey
        from valkey.asyncio.retry import Retry
        from valkey.backoff import NoBackoff

        settings = self._settings
        options: dict[str, Any] = {"ssl_ca_certs": str(settings.ca_file)} if settings.ca_file else {}
        if settings.password is not None:
            options["password"] = settings.password
        pool = BlockingConnectionPool.from_url(
            settings.url,
            max_connections=connections,
            timeout=None,
            socket_timeout=timeout_s,
            socket_connect_timeout=_PATIENT_S,
            retry=Retry(NoBackoff(), 0),
            client_name="tts-server",
            lib_name=None,
            lib_version=None,
            **options,
        )
        return Valkey(connection_pool=pool)


async def _patiently(asking: asyncio.Task[Any], timeout_s: float) -> None:
    """Wait so long. What this box itself is late by, as many ask at once, is no fault of the server: that is added."""
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout_s
    await asyncio.wait([asking], timeout=timeout_s)
    late_s = loop.time() - until
    if late_s > _LATE_S and not asking.done():
        await asyncio.wait([asking], timeout=min(late_s, timeout_s))
