"""Builds, starts and stops everything. The only place besides the command line that sees the whole configuration.

Start, inside out: ports, engine host, doors, voices, announcement. Stop, outside in: announcement withdrawn, doors shut
to new peers, speech under way finished, connections closed, engine host ended. systemd is told all along.
"""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from tts_server import __version__, logs
from tts_server.access.access import Access, AccessSettings
from tts_server.access.links import LinkSigner, read_link_key
from tts_server.access.shared_counts import SharedCounts
from tts_server.config.digest import section_digests, settings_digest
from tts_server.config.paths import state_folder
from tts_server.config.settings import Config, changed_keys
from tts_server.daemon.door_settings import (
    announcement_settings,
    compat_settings,
    http_settings,
    port_of,
    wyoming_limits,
)
from tts_server.daemon.free_memory import FreeMemory
from tts_server.daemon.host_settings import host_settings
from tts_server.daemon.ports import Ports, Sockets
from tts_server.daemon.repair import wait_for_repair
from tts_server.daemon.startup import access_settings, clients_of, running_core, shared_settings, speaking_style_of
from tts_server.daemon.workers import make_workers
from tts_server.edge.notify import Notifier, forget_environment
from tts_server.edge.status import State, StatusLine
from tts_server.edge.watchdog import watch
from tts_server.engine_host.child import HostProcess
from tts_server.errors import ConfigInvalid, EngineLoading, TTSError
from tts_server.shared.house import House
from tts_server.synthesis.metrics import Metrics
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.agent_check import AgentCheck
from tts_server.transports.compat.door import CompatDoors
from tts_server.transports.discovery.announcement import Announcement
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.replies.box_facts import BoxFacts
from tts_server.transports.wyoming.door import WyomingDoor
from tts_server.user_data.user_data import UserData

log = logging.getLogger(__name__)

_LOOK_S: Final = 1.0  # between two looks at our state
_LAST_BYTES_S: Final = 0.5  # of answers whose speech took all the time there was
_MARGIN_S: Final = 20.0  # what starting and stopping take besides the waits that have a limit of their own
# What a reload applies, by the beginning of the key; the rest waits for the next start.
_LIVE: Final = (
    *(
        "log.",
        "discovery.",
        "limits.",
        "websocket.",
        "compat.",
        "access.",
        "access:",
        "night.",
        "clients",
        "voices.emotion",
        *("voices.sentence_pause_ms", "voices.clause_pause_ms", "voices.paragraph_pause_ms"),
        *("voices.lead_ms", "voices.tail_ms"),
        "voices.distances",
    ),
    *("text.tags", "text.unknown_tags", "text.emoji", "text.directions", "text.actions", "text.links"),
    *("server.networks", "server.trusted_proxies", "server.host_names", "server.origins"),
)
_NOT_LIVE: Final = "limits.stored_audio"


async def run(read: Callable[[], Config], salvage: Callable[[], Config], early: HostProcess | None = None) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reads the configuration again.

    early: an engine host that was started already; it ends with us, whatever happens.
    salvage: what can be used of a configuration with mistakes.
    Raises PortUnavailable when a port cannot be had, and ConfigInvalid for a mistake, unless a service manager started
    us: then the doors tell it until it is corrected.
    """
    stop, hangup = _when(signal.SIGTERM, signal.SIGINT), _when(signal.SIGHUP)
    notifier = Notifier.from_environment()
    forget_environment()
    ports = Ports()

    def read_checked() -> Config:
        config = read()
        _check(config)
        ports.check(config)
        return config

    try:
        config = read_checked()
    except ConfigInvalid as mistake:
        if not (notifier.is_managed or ports.are_given):
            raise
        salvaged = salvage()
        logs.configure(salvaged.log.level, salvaged.log.format)
        repair = wait_for_repair(mistake, salvaged, ports, read_checked, notifier, hangup)
        if (corrected := await _unless(stop, repair)) is None:
            log.info("stopped")
            return
        config = corrected
    logs.configure(config.log.level, config.log.format)
    await _run(config, read, ports, notifier, stop, hangup, early)


async def _run(
    config: Config,
    read_again: Callable[[], Config],
    ports: Ports,
    notifier: Notifier,
    stop: asyncio.Event,
    hangup: asyncio.Event,
    early: HostProcess | None,
) -> None:
    make_workers()
    status = StatusLine(notifier, config.log.status_language)
    sockets = ports.open(config)
    log.info("tts-server %s starts", __version__)
    status.show(State.LOADING)
    notifier.extend_timeout(2 * config.engine_host.start_timeout_s + _MARGIN_S)
    user_data = UserData.at(state_folder(), config.text.dictionary)
    async with running_core(config, early, user_data) as synthesizer:
        running = _RunningDaemon(config, sockets, synthesizer, user_data, notifier, status)
        await running.open()
        _spare_the_collector()
        async with asyncio.TaskGroup() as tasks:
            announcing = tasks.create_task(running.announce(), name="announcement")
            others = [
                tasks.create_task(running.become_ready(), name="becoming ready"),
                tasks.create_task(running.reload_on(hangup, read_again), name="reloading"),
                tasks.create_task(running.metrics.watch_loop(), name="loop lag"),
                tasks.create_task(running.free_memory.run(), name="giving memory back"),
                tasks.create_task(watch(notifier, synthesizer.stalled_s), name="watchdog"),
            ]
            if running.counts is not None:
                others.append(tasks.create_task(running.counts.run(), name="counting with other boxes"))
            if running.house is not None:
                others.append(tasks.create_task(running.house.run(), name="comparing settings with other boxes"))
            await stop.wait()
            await running.close(announcing)
            for task in others:
                task.cancel()
    log.info("stopped")


def _check(config: Config) -> None:
    """What only those can tell who use it: tokens, certificates, engines. Raises ConfigInvalid."""
    access_settings(config)
    http_settings(config)
    host_settings(config)
    shared_settings(config)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, Config]) -> Config | None:
    """What the work gives; None when we are stopped before."""
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(work)
        stopping = tasks.create_task(stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        stopping.cancel()
    return None if working.cancelled() else working.result()


class _RunningDaemon:
    """The doors, and what is told of them: to the LAN, and to systemd."""

    def __init__(
        self,
        config: Config,
        sockets: Sockets,
        synthesizer: Synthesizer,
        user_data: UserData,
        notifier: Notifier,
        status: StatusLine,
    ) -> None:
        self._config = config
        self._sockets = sockets
        self._synthesizer = synthesizer
        self._notifier = notifier
        self._status = status
        self._announcement = announcement_settings(config, sockets.wyoming, sockets.http)
        self._announced = self._new_announcement()
        self._announce_anew = asyncio.Event()
        self._wyoming = WyomingDoor(
            synthesizer, wyoming_limits(config), user_data.phrases if config.phrases.wyoming else None
        )
        self._agent = AgentCheck(synthesizer, config.server.networks)
        self.metrics = Metrics(synthesizer)
        self.free_memory = FreeMemory(lambda: synthesizer.active, engines=synthesizer.give_back)
        synthesizer.observers.append(self.free_memory.spoke)
        self._access_settings = access_settings(config)
        server = synthesizer.cache.server
        self.counts = SharedCounts(server) if server is not None else None
        self._settings_digest = settings_digest(config)
        self.house = House(server, self._box_name, lambda: section_digests(self._config)) if server else None
        links = LinkSigner(read_link_key(state_folder() / "link-key"))
        self._access = Access(self._access_settings, links, self.counts)
        self._compat = CompatDoors(synthesizer, self._access, compat_settings(config))
        self._http = HttpDoor(
            *(synthesizer, http_settings(config), self._access, self.metrics, self._compat, user_data),
            box=lambda: BoxFacts(self._announced.name, self._settings_digest),
        )

    async def open(self) -> None:
        """Let clients in. They are told what there is, and wait while the voices load."""
        await self._wyoming.start(self._sockets.wyoming)
        await self._http.start(self._sockets.http)
        log.info(
            "listening: Wyoming on port %d, HTTP on port %d",
            *(port_of(self._sockets.wyoming) or 0, port_of(self._sockets.http) or 0),
        )
        if (agent := port_of(self._sockets.agent)) is not None:
            await self._agent.start(self._sockets.agent)
            log.info("balancers are told of our load on port %d", agent)

    async def become_ready(self) -> None:
        """Tell systemd when the voices can speak, then how we are, until cancelled."""
        try:
            await self._synthesizer.wait_ready()
        except EngineLoading as error:  # the doors are open and tell their clients; a restart would not help
            log.error("%s", error)
        self._notifier.ready()
        while True:
            self._show_state()
            await asyncio.sleep(_LOOK_S)

    def _show_state(self) -> None:
        voices, texts = len(self._synthesizer.catalogue.voices), self._synthesizer.active
        if not voices:
            self._status.show(State.SILENT)
        elif not self._synthesizer.is_ready:
            self._status.show(State.RECOVERING)
        else:
            self._status.show(State.SPEAKING if texts else State.READY, voices, texts)

    async def announce(self) -> None:
        """Keep the LAN told of us, as the configuration says, until cancelled; then it is told goodbye."""
        while True:
            self._announce_anew.clear()
            async with asyncio.TaskGroup() as tasks:
                self._announced = self._new_announcement()
                announcing = tasks.create_task(self._announced.run()) if self._config.discovery.enabled else None
                try:
                    await self._announce_anew.wait()
                finally:
                    if announcing is not None:
                        announcing.cancel()

    def _box_name(self) -> str:
        return self._config.server.node or self._announced.name

    def _new_announcement(self) -> Announcement:
        return Announcement(self._announcement, lambda: self._synthesizer.is_ready)

    async def reload_on(self, hangup: asyncio.Event, read_again: Callable[[], Config]) -> None:
        """Read the configuration again whenever the event is set. Speech goes on; a mistake changes nothing."""
        while True:
            await hangup.wait()
            hangup.clear()
            self._notifier.reloading()
            self._status.show(State.RELOADING)
            try:
                self._apply(await asyncio.to_thread(read_again))
            except TTSError as error:
                log.error("the configuration stays as it is: %s", error)
            self._notifier.ready()
            self._show_state()

    def _apply(self, config: Config) -> None:
        access, http = access_settings(config), http_settings(config)  # these may find mistakes
        changed = changed_keys(self._config, config) + self._changed_secrets(access)
        self._config, self._access_settings, self._settings_digest = config, access, settings_digest(config)
        logs.configure(config.log.level, config.log.format)
        self._status.language = config.log.status_language
        self._synthesizer.reconfigure(config.limits, config.voices.emotion, speaking_style_of(config))
        self._synthesizer.clients = clients_of(config)
        self._synthesizer.reload_voices()
        self._access.reconfigure(access)
        self._wyoming.reconfigure(wyoming_limits(config))
        self._http.reconfigure(http)
        self._compat.reconfigure(compat_settings(config))
        self._agent.reconfigure(config.server.networks)
        if any(key.startswith("discovery.") for key in changed):
            self._announcement = announcement_settings(config, self._sockets.wyoming, self._sockets.http)
            self._announce_anew.set()
        log.info("the configuration was read again; changed: %s", ", ".join(changed) or "nothing")
        if waiting := [key for key in changed if not key.startswith(_LIVE) or key.startswith(_NOT_LIVE)]:
            log.warning("these take effect at the next start: %s", ", ".join(waiting))
        if config.access.mode != "none" and None in _secret_files(config):
            log.info("tokens and keys that are systemd's credentials are those of the start; others need a restart")

    def _changed_secrets(self, access: AccessSettings) -> list[str]:
        """What has changed in files that the configuration only names."""
        before = self._access_settings
        found = {
            "access: the tokens": access.tokens != before.tokens,
            "access: the key": access.jwt_key != before.jwt_key,
        }
        return [name for name, is_changed in found.items() if is_changed]

    async def close(self, announcing: asyncio.Task[None]) -> None:
        """Leave the LAN, let speech under way end in time, close the doors."""
        grace_s, leave_s = self._config.limits.grace_s, self._config.limits.leave_s
        log.info("stopping: speech under way may take another %g s", grace_s)
        self._notifier.stopping()
        self._notifier.extend_timeout(leave_s + grace_s + _MARGIN_S)
        self._status.show(State.STOPPING, texts=self._synthesizer.active)
        announcing.cancel()
        await asyncio.wait([announcing])
        if leave_s:
            self._synthesizer.leave()
            await asyncio.sleep(leave_s)
        self._wyoming.stop_accepting()
        self._http.stop_accepting()
        ends_at = asyncio.get_running_loop().time() + grace_s
        await self._synthesizer.drain(grace_s)
        await self._http.let_answers_end(max(ends_at - asyncio.get_running_loop().time(), _LAST_BYTES_S))
        await self._wyoming.close()
        await self._http.close()
        self._agent.close()


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what stays for good: looking through it stops the loop for 50 ms.

    It is not looked through even once: of 200,000 objects 700 are garbage by now, and a first text may wait.
    """
    gc.freeze()


def _when(*signals: signal.Signals) -> asyncio.Event:
    """An event that is set by these signals."""
    event = asyncio.Event()
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, event.set)
    return event


def _secret_files(config: Config) -> list[Path | None]:
    """Where the secrets of the mode in use are; None is systemd's credential."""
    return [config.access.tokens_file if config.access.mode == "token" else config.access.jwt_key_file]
