"""The engine host: a child process that speaks on demand, one chunk per request. Ends when its link does.

Messages in:  configure (first), open, next, close, reload, probe, dictionary, readings.
Messages out: hello (voices; again whenever others are there), ready (preloading is over), chunk, end, failed,
alive (answers probe), read (answers readings).
"""

import contextlib
import faulthandler
import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tts_server import heap, logs
from tts_server.engine import AudioChunk, Engine, Refreshable, Voice
from tts_server.engine_host import framing, wire
from tts_server.engine_host.eviction import MIB, EvictableEngine, VoiceEviction
from tts_server.engine_host.loudness import Loudness
from tts_server.engine_host.voices import list_voices, load_engines
from tts_server.errors import TTSError
from tts_server.voices import PRELOAD_DEFAULT, Catalogue

log = logging.getLogger(__name__)

_LATER_S = 0.2  # after the voices are ready: whoever waited for them is spoken to first


@dataclass(slots=True)
class _Utterance:
    """One segment being spoken. One synthesis thread at a time is in it, as the daemon asks for one chunk at a time."""

    id: int
    chunks: Generator[AudioChunk]
    wanted_s: float = 0.0
    is_closed: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)  # held by the thread that is in its generator


class Host:
    """Answers the link's messages on the main thread; speaks on synthesis threads."""

    def __init__(self, link: socket.socket, settings: dict[str, Any]) -> None:
        self._link = link
        self._settings = settings
        self._write_lock = threading.Lock()
        self._work: queue.SimpleQueue[_Utterance] = queue.SimpleQueue()
        self._utterances: dict[int, _Utterance] = {}
        self._steps: dict[int, float] = {}  # when each synthesis thread that is at work began, by thread
        self._loudness = Loudness(
            settings["loudness_lufs"],
            Path(settings["loudness_file"]) if settings["loudness_file"] else None,
            settings["engine_settings"],
        )
        self._eviction = VoiceEviction(settings["max_memory_mb"] * MIB)
        self._engines = load_engines(settings["engines"], settings["engine_settings"])
        self._resident = {name: EvictableEngine(engine, self._eviction) for name, engine in self._engines.items()}
        self._faults: dict[str, str] = {}  # voices that cannot be loaded, and their revision then
        self._reloading = threading.Lock()
        self._voices = self._known_voices()

    def run(self, incoming: Any) -> None:
        """Serve until the daemon closes the link."""
        self._tell_voices()
        threading.Thread(target=self._preload, name="preload", daemon=True).start()
        for number in range(self._settings["threads"]):
            threading.Thread(target=self._synthesise, name=f"synthesis-{number}", daemon=True).start()
        while (received := framing.read(incoming)) is not None:
            message, _ = received
            match message["type"]:
                case "open":
                    self._open(message)
                case "next":
                    self._next(message["id"], message["wanted_s"])
                case "close":
                    self._close(message["id"])
                case "reload":
                    threading.Thread(target=self._reload, name="reload", daemon=True).start()
                case "rest":
                    heap.give_back()
                case "dictionary":
                    self._use_dictionary(message["words"])
                case "readings":
                    threading.Thread(target=self._read, args=(message,), name="readings", daemon=True).start()
                case "probe":
                    self._send({"type": "alive", "busy_s": self._longest_step_s()})

    def _use_dictionary(self, words: dict[str, str]) -> None:
        from tts_server.text import frontend

        self._settings["dictionary"] = words
        frontend.use_dictionary(words)

    def _read(self, message: framing.Message) -> None:
        """How a text is read: not on a synthesis thread, which may be at a chunk for long."""
        from tts_server.text import frontend

        try:
            answer = {"type": "read", "id": message["id"], "spoken": frontend.spoken(message["text"])}
        except Exception:
            log.exception("a text could not be read")
            told = "this text could not be read"
            answer = {"type": "failed", "id": message["id"], "error": "EngineFailed", "message": told}
        self._send(answer)

    def _open(self, message: framing.Message) -> None:
        from tts_server.engine_host.speech import speak

        utterance = _Utterance(message["id"], chunks=_nothing())
        segment = wire.segment_from_json(message["segment"])
        utterance.chunks = speak(segment, message["voice"], self._voices, lambda: utterance.wanted_s, self._loudness)
        self._utterances[utterance.id] = utterance

    def _next(self, utterance_id: int, wanted_s: float) -> None:
        if (utterance := self._utterances.get(utterance_id)) is not None:
            utterance.wanted_s = wanted_s
            self._work.put(utterance)

    def _close(self, utterance_id: int) -> None:
        if (utterance := self._utterances.pop(utterance_id, None)) is not None:
            utterance.is_closed = True
            self._work.put(utterance)  # its generator is closed where it runs, after a chunk under way

    def _synthesise(self) -> None:
        while True:
            utterance = self._work.get()
            # A next chunk may be asked for before the thread that sent the last one has left: a moment's wait. A close
            # does not wait for a chunk under way: the thread that is in it sees the close after it.
            if utterance.turn.acquire(blocking=not utterance.is_closed):
                self._steps[threading.get_ident()] = time.monotonic()
                try:
                    self._step(utterance)
                finally:
                    self._steps.pop(threading.get_ident(), None)
                    utterance.turn.release()

    def _longest_step_s(self) -> float:
        """For how long the synthesis thread that needs most has been at one chunk."""
        now = time.monotonic()
        return max((now - began for began in tuple(self._steps.values())), default=0.0)

    def _step(self, utterance: _Utterance) -> None:
        if not utterance.is_closed:
            self._speak_chunk(utterance)
        if utterance.is_closed:
            self._end(utterance)

    def _speak_chunk(self, utterance: _Utterance) -> None:
        started = time.perf_counter()
        try:
            chunk = next(utterance.chunks, None)
            busy = {"id": utterance.id, "busy_s": time.perf_counter() - started}
            body, samples = wire.chunk_to_json(chunk) if chunk is not None else ({}, b"")
            answer = framing.encode({"type": "end" if chunk is None else "chunk", **busy, **body}, samples)
        except Exception as error:  # an engine may also give what cannot be sent
            if not isinstance(error, TTSError):
                log.exception("an engine failed")
            message = str(error) if isinstance(error, TTSError) else "the engine could not say this text"
            failed = {"type": "failed", "id": utterance.id, "error": type(error).__name__, "message": message}
            answer = framing.encode(failed)
        self._send_bytes(answer)

    @staticmethod
    def _end(utterance: _Utterance) -> None:
        try:
            utterance.chunks.close()
        except Exception:
            log.exception("an engine failed while it was being stopped")

    def _preload(self) -> None:
        """Make ready what plain text needs, tell so, then the rest. Nets are loaded beside the front end."""
        started = time.perf_counter()
        reading = threading.Thread(target=self._load_front_end, name="front end", daemon=True)
        reading.start()
        with self._reloading:
            failed = self._load_wanted()
        reading.join()
        self._send({"type": "ready", "failed": failed, "seconds": time.perf_counter() - started})
        self._load_rest()

    def _load_front_end(self) -> None:
        from tts_server.engine_host import speech  # noqa: F401 -- the first text finds it loaded
        from tts_server.text import frontend

        frontend.load_first(self._settings["dictionary"])

    def _load_rest(self) -> None:
        """What digits, signs and English words need, when nobody is spoken to; a text that needs it does not wait."""
        from tts_server.text import frontend

        time.sleep(_LATER_S)
        while self._steps:
            time.sleep(_LATER_S)
        frontend.load()

    def _reload(self) -> None:
        """Look for voices that came, went or changed; make ready those that are wanted so."""
        with self._reloading:
            for name, engine in self._engines.items():
                if isinstance(engine, Refreshable):
                    try:
                        engine.refresh()
                    except Exception:
                        log.exception("engine %s cannot look for its voices", name)
            self._voices = self._known_voices()
            if self._load_wanted():
                self._voices = self._known_voices()
            self._tell_voices()

    def _known_voices(self) -> dict[str, tuple[Engine, Voice]]:
        """All voices, but for those that failed to load and have not changed since."""
        return {
            name: found
            for name, found in list_voices(self._resident).items()
            if self._faults.get(name) != found[1].revision
        }

    def _tell_voices(self) -> None:
        self._send({"type": "hello", "voices": [asdict(voice) for _, voice in self._voices.values()]})

    def _load_wanted(self) -> dict[str, str]:
        """Load the voices that are to be ready at once. Returns those that failed, and why."""
        settings, failed = self._settings, {}
        for wanted in settings["preload"]:
            voices = [voice for _, voice in self._voices.values() if voice.name not in failed]
            name = wanted
            if wanted == PRELOAD_DEFAULT:
                known = Catalogue.of(voices, settings["default_voice"], settings["disabled_voices"])
                name = known.voices[0].name if known.voices else ""
            if name not in self._voices:
                continue
            engine, voice = self._voices[name]
            try:
                engine.load(name)
            except Exception as error:
                log.error("voice %s cannot be loaded: %s", name, error, exc_info=not isinstance(error, TTSError))
                failed[name] = str(error) if isinstance(error, TTSError) else "its engine failed to load it"
                self._faults[name] = voice.revision
        return failed

    def _send(self, message: framing.Message) -> None:
        self._send_bytes(framing.encode(message))

    def _send_bytes(self, message: bytes) -> None:
        """Send, from any thread. When the daemon is gone nothing is sent: the main thread sees that too, and ends."""
        with self._write_lock, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._link.sendall(message)


def _nothing() -> Generator[AudioChunk]:
    yield from ()


def main(link_fd: int) -> None:
    """Run the host on an inherited socket."""
    faulthandler.enable()
    for number in (signal.SIGINT, signal.SIGTERM):  # the daemon decides when we end: by closing the link
        signal.signal(number, signal.SIG_IGN)
    link = socket.socket(fileno=link_fd)
    with link.makefile("rb") as incoming:
        received = framing.read(incoming)
        if received is None:
            return
        settings, _ = received
        logs.configure(settings["log_level"], settings["log_format"])
        try:
            Host(link, settings).run(incoming)
        except ConnectionError:
            log.debug("the daemon is gone")
    sys.stderr.flush()
    os._exit(0)  # synthesis threads may be deep in an engine; nobody waits for them


if __name__ == "__main__":
    main(int(sys.argv[1]))
