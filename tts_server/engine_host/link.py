"""The daemon's side of the engine host: starts it, asks it for chunks, starts it again when it dies."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tts_server import errors
from tts_server.engine import AudioChunk
from tts_server.engine_host import framing, wire
from tts_server.engine_host.child import HostProcess
from tts_server.engine_host.patience import Patience
from tts_server.engine_host.settings import HostSettings
from tts_server.errors import EngineFailed, EngineLoading, EngineTimeout
from tts_server.text.linguistic.segment import Segment
from tts_server.voices import Catalogue

log = logging.getLogger(__name__)


class EngineHostLost(EngineFailed):
    """The engine host ended, or is not there, while it was needed."""


class RemoteUtterance:
    """One segment in the engine host; asked for one chunk at a time."""

    def __init__(self, connection: "_Connection", patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self.id = next(connection.ids)
        self.busy_s = 0.0  # seconds the engine has worked on it
        self._answer: asyncio.Future[tuple[framing.Message, bytes]] | None = None  # asked for and not yet taken

    @property
    def has_begun(self) -> bool:
        """Whether the engine has worked on it."""
        return self.busy_s > 0

    async def next_chunk(self, wanted_s: float) -> AudioChunk | None:
        """The next chunk, of about `wanted_s` seconds; None at the end. Raises EngineError.

        When it is given up, the chunk is not lost: the next call gets it.
        """
        if self._answer is None:
            self._answer = self._connection.ask(self.id, {"type": "next", "wanted_s": wanted_s})
        allowed_s = self._patience.seconds
        try:
            async with asyncio.timeout(allowed_s):
                message, payload = await asyncio.shield(self._answer)
        except TimeoutError:
            if self._connection.kill():  # a thread that hangs cannot be stopped otherwise
                self._patience.was_too_short()
            raise EngineTimeout(f"the engine gave no audio within {allowed_s:g} s") from None
        self._answer = None
        try:
            if message["type"] == "failed":
                raise _error_from(message)
            busy_s = float(message["busy_s"])
            chunk = wire.chunk_from_json(message, payload) if message["type"] == "chunk" else None
        except (KeyError, TypeError, ValueError) as error:
            log.error("the engine host's answer cannot be read: %r", error)
            raise EngineFailed("the engine gave what is no audio") from None
        self.busy_s += busy_s
        self._patience.was_enough(busy_s)
        return chunk


class EngineLink:
    """Keeps one engine host running. `run` supervises it; `open` speaks through it."""

    def __init__(self, settings: HostSettings, early: HostProcess | None = None) -> None:
        """early: an engine host that was started already, and is taken for the first."""
        self._settings = settings
        self._early = early
        self._patience = Patience(settings.chunk_timeout_s)
        self._connection: _Connection | None = None
        self._ready = asyncio.Event()
        self._known = asyncio.Event()
        self._changed = asyncio.Event()  # the catalogue, since `wait_changed` last told so
        self.catalogue = Catalogue()
        self.restarts = 0

    @property
    def is_ready(self) -> bool:
        """Whether the preloaded voices can speak now."""
        return self._ready.is_set() and bool(self.catalogue.voices)

    @property
    def pid(self) -> int | None:
        """The engine host's process id while it runs."""
        return self._connection.process.pid if self._connection is not None else None

    def reload(self) -> None:
        """Let the engine host look for voices that came, went or changed; `catalogue` follows soon."""
        if self._connection is not None:
            self._connection.send({"type": "reload"})

    def use_dictionary(self, words: Mapping[str, str]) -> None:
        """Read with another dictionary, from the next segment on."""
        self._settings = replace(self._settings, dictionary=dict(words))
        if self._connection is not None:
            self._connection.send({"type": "dictionary", "words": dict(words)})

    def give_back(self) -> None:
        """Let the engine host give back what speech left free in its heap. For a moment when nobody speaks."""
        if self._connection is not None:
            self._connection.send({"type": "rest"})

    def announce_change(self) -> None:
        """Let `wait_changed` return: something that it is waited for has changed."""
        self._changed.set()

    async def readings(self, text: str) -> dict[str, Any]:
        """How a text is read, as `frontend.spoken` tells. Raises EngineHostLost, EngineTimeout, EngineFailed."""
        if (connection := self._connection) is None:
            raise EngineHostLost("the engine host is not running")
        asked = next(connection.ids)
        answer = connection.ask(asked, {"type": "readings", "text": text})
        try:
            async with asyncio.timeout(self._settings.chunk_timeout_s):
                message, _ = await answer
        except TimeoutError:
            raise EngineTimeout(f"the text was not read within {self._settings.chunk_timeout_s:g} s") from None
        finally:
            connection.forget(asked)
        if message["type"] == "failed":
            raise _error_from(message)
        spoken = message.get("spoken")
        if not isinstance(spoken, dict):
            raise EngineFailed("the engine host's answer cannot be read")
        return spoken

    def stalled_s(self) -> float:
        """For how long the engine host has been silent, or at one chunk, without what a slow box is given.

        Asks it to tell; to be called now and then.
        """
        return self._connection.stalled_s(self._patience.beyond_usual_s) if self._connection is not None else 0.0

    async def wait_known(self) -> None:
        """Wait until the voices are known. Raises EngineLoading after `start_timeout_s`."""
        await self._wait(self._known)

    async def wait_ready(self) -> None:
        """Wait until the engine host can speak. Raises EngineLoading after `start_timeout_s`."""
        await self._wait(self._ready)

    async def wait_changed(self) -> None:
        """Wait until other voices are there than when it last returned; for one task, not for several."""
        await self._changed.wait()
        self._changed.clear()

    @contextmanager
    def open(self, segment: Segment, voice: str) -> Iterator[RemoteUtterance]:
        """Give a segment to the engine host; leaving tells it to drop what is left. Raises EngineHostLost."""
        connection = self._connection
        if connection is None:
            raise EngineHostLost("the engine host is not running")
        utterance = RemoteUtterance(connection, self._patience)
        connection.send({"type": "open", "id": utterance.id, "voice": voice, "segment": wire.segment_to_json(segment)})
        try:
            yield utterance
        finally:
            connection.forget(utterance.id)
            connection.send({"type": "close", "id": utterance.id})

    async def run(self) -> None:
        """Start the engine host, and again whenever it ends, until cancelled: at once, then with growing delays."""
        delay_s = 0.0
        while True:
            started_at = asyncio.get_running_loop().time()
            try:
                await self._run_once()
            except OSError as error:  # no memory or no file descriptors left to start it with
                log.error("the engine host cannot be started: %s", error)
            self.restarts += 1
            if asyncio.get_running_loop().time() - started_at > self._settings.restart_max_s:
                delay_s = 0.0
            log.warning("the engine host is started again in %.1f s", delay_s)
            await asyncio.sleep(delay_s)
            delay_s = min(max(2 * delay_s, self._settings.restart_min_s), self._settings.restart_max_s)

    async def _run_once(self) -> None:
        process = await self._take_early() or HostProcess()
        reader, writer = await _streams(process)
        connection = self._connection = _Connection(process, writer, self._ready)
        try:
            if process.settings is None:
                connection.send(self._settings.message())
            await self._listen(reader, connection)
        except framing.LinkGarbled as error:
            log.error("the link to the engine host is garbled: %s", error)
            connection.kill()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._connection = None
            self._ready.clear()
            await connection.close()
        log.error("the engine host ended (%s)", _ending(process.returncode))

    async def _take_early(self) -> HostProcess | None:
        """The one that was started already, unless it was told something else since."""
        early, self._early = self._early, None
        if early is not None and early.settings not in (None, self._settings):
            await early.discard()
            return None
        return early

    async def _listen(self, reader: asyncio.StreamReader, connection: "_Connection") -> None:
        while True:
            message, payload = await framing.read_async(reader)
            try:
                self._take(connection, message, payload)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise framing.LinkGarbled(f"a message of type {message['type'][:40]!r}: {error!r}") from None

    def _take(self, connection: "_Connection", message: framing.Message, payload: bytes) -> None:
        match message["type"]:
            case "hello":
                self._learn_voices(message)
            case "ready":
                self._become_ready(message)
            case "alive":
                connection.note_alive(float(message["busy_s"]))
            case _:
                connection.answer(message, payload)

    def _learn_voices(self, message: framing.Message) -> None:
        voices = [wire.voice_from_json(voice) for voice in message["voices"]]
        catalogue = Catalogue.of(voices, self._settings.default_voice, self._settings.disabled_voices)
        if catalogue != self.catalogue:  # the same object as long as nothing changed: doors cache by it
            if self.catalogue.voices and self._ready.is_set():
                log.info("voices are now: %s", catalogue.names)
            self.catalogue = catalogue
            self._changed.set()
        self._known.set()

    def _become_ready(self, message: framing.Message) -> None:
        if failed := message["failed"]:
            voices = [voice for voice in self.catalogue.voices if voice.name not in failed]
            known = Catalogue.of(voices, self._settings.default_voice)
            self.catalogue = replace(known, disabled=self.catalogue.disabled)
        self._ready.set()
        if not self.catalogue.voices:
            log.error(
                "the engine host is ready after %.1f s, and silent: %s", message["seconds"], self.catalogue.why_silent
            )
            return
        log.info("engine host ready after %.1f s, voices: %s", message["seconds"], self.catalogue.names)

    async def _wait(self, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._settings.start_timeout_s):
                await event.wait()
        except TimeoutError:
            waited = f"{self._settings.start_timeout_s:g} s"
            raise EngineLoading(f"the engine host was not ready within {waited}; try again soon") from None


class _Connection:
    """One life of the engine host."""

    def __init__(self, process: HostProcess, writer: asyncio.StreamWriter, ready: asyncio.Event) -> None:
        self.process = process
        self._ready = ready
        self.ids = itertools.count(1)
        self._writer = writer
        self._asked: dict[int, asyncio.Future[tuple[framing.Message, bytes]]] = {}
        self._is_closed = False
        self._is_killed = False
        self._probed_at: float | None = None  # since when a probe has not been answered
        self._busy_s = 0.0  # the longest step, when it answered last

    def stalled_s(self, granted_s: float) -> float:
        """See `EngineLink.stalled_s`."""
        now = asyncio.get_running_loop().time()
        if self._probed_at is None:
            self._probed_at = now
            self.send({"type": "probe"})
        return max(now - self._probed_at, self._busy_s - granted_s)

    def note_alive(self, busy_s: float) -> None:
        """The host has answered a probe."""
        self._probed_at, self._busy_s = None, busy_s

    def send(self, message: framing.Message) -> None:
        """Send without waiting; nothing happens when the host is gone. What waits is bounded by the open contexts."""
        if not self._is_closed:
            self._writer.write(framing.encode(message))

    def ask(self, utterance_id: int, message: framing.Message) -> asyncio.Future[tuple[framing.Message, bytes]]:
        """Send a request; its answer will be there, or EngineHostLost. Raises EngineHostLost."""
        if self._is_closed:
            raise EngineHostLost("the engine host ended; try again")
        answer: asyncio.Future[tuple[framing.Message, bytes]] = asyncio.get_running_loop().create_future()
        self._asked[utterance_id] = answer
        self.send({**message, "id": utterance_id})
        return answer

    def forget(self, utterance_id: int) -> None:
        """An answer that is still to come interests nobody any longer."""
        if (answer := self._asked.pop(utterance_id, None)) is not None:
            answer.cancel()

    def answer(self, message: framing.Message, payload: bytes) -> None:
        """Hand an answer to who waits for it; one that nobody waits for any longer is dropped."""
        waiting = self._asked.pop(message["id"], None)
        if waiting is not None and not waiting.done():
            waiting.set_result((message, payload))

    def kill(self) -> bool:
        """End the process at once; `EngineLink.run` then notices and starts another. False: somebody did so before."""
        self._ready.clear()
        is_first, self._is_killed = not self._is_killed, True
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        return is_first

    async def close(self) -> None:
        """Fail whoever waits, and see the process end."""
        self._is_closed = True
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(EngineHostLost("the engine host ended in the middle of the text; try again"))
        self._writer.close()  # the host ends when its link does
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
        try:
            async with asyncio.timeout(2):
                await self.process.wait()
        except TimeoutError:
            self.kill()
            await self.process.wait()


def _error_from(message: framing.Message) -> errors.TTSError:
    """The error the host told of, as its own class if it is one of the family."""
    cls = getattr(errors, message["error"], EngineFailed)
    is_ours = isinstance(cls, type) and issubclass(cls, errors.TTSError)
    error: errors.TTSError = (cls if is_ours else EngineFailed)(message["message"])
    return error


async def _streams(process: HostProcess) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Both ends of its link; whoever is stopped just now leaves no process behind."""
    try:
        return await asyncio.open_connection(sock=process.link)
    except BaseException:
        process.kill()
        await process.discard()
        raise


def _ending(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"signal {-returncode}"
    return f"exit code {returncode}"
