"""Which contexts there are, over all doors: opening them, pre-empting them, and stopping with none cut off in time."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tts_server.access.clients import Clients
from tts_server.cache.segment_cache import Counts, SegmentCache
from tts_server.engine_host.link import EngineLink
from tts_server.errors import EngineBusy, ShuttingDown, TTSError
from tts_server.events import Done, SpeechOptions
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.context import Context
from tts_server.synthesis.intake import Intake, Limits
from tts_server.synthesis.speaking_style import SpeakingStyle
from tts_server.voices import Catalogue

log = logging.getLogger(__name__)

__all__ = ["Context", "Synthesizer"]


@dataclass(frozen=True, slots=True)
class Figures:
    """How the core is now, and what it has counted since its start."""

    active: int  # contexts alive
    queued: int  # of them, waiting to be let in
    load: float  # of the room there is: 1 when all is taken, more when a line forms
    late_chunks: int  # that came after their listener had run dry
    room: Mapping[str, int]  # by voice whose cost is known: streams that can be spoken at the same time
    cache: Counts
    host_restarts: int
    host_pid: int | None


class Synthesizer:
    """Opens contexts for the doors and knows which are alive."""

    def __init__(
        self,
        link: EngineLink,
        turns: Turns,
        limits: Limits,
        default_emotion: str = "neutral",
        cache: SegmentCache | None = None,
        style: SpeakingStyle | None = None,
    ) -> None:
        """cache: None keeps nothing and shares nothing."""
        self._link = link
        self._turns = turns
        self.cache = cache or SegmentCache(link, turns)
        self.reconfigure(limits, default_emotion, style or SpeakingStyle())
        self._words = 0  # how often the dictionary was changed
        self._contexts: set[Context] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = self._leaving = False
        self.trouble: TTSError | None = None  # why nothing can be spoken at all; every door tells it
        self.clients = Clients()  # what the owner gives single clients; doors ask it before they open a context
        self.observers: list[Callable[[Context, Done], None]] = []  # told when a context was spoken to its end

    @property
    def catalogue(self) -> Catalogue:
        """The voices of this box."""
        return self._link.catalogue

    @property
    def limits(self) -> Limits:
        """What every context keeps to."""
        return self._limits

    @property
    def default_emotion(self) -> str:
        """The emotion of requests that name none."""
        return self._default_emotion

    @property
    def house_style(self) -> str:
        """What changes the sound of a request without being in it: two alike sound alike. Of the owner's settings."""
        return f"{self._default_emotion} {self._style.night_now()} {self._style.pauses} {self._words}"

    @property
    def active(self) -> int:
        """Contexts alive, over all doors."""
        return len(self._contexts)

    @property
    def load(self) -> float:
        """How much of the room is taken: 1 when all is, more when a line forms."""
        return self._turns.scheduler.load(asyncio.get_running_loop().time())

    @property
    def figures(self) -> Figures:
        """What can be counted."""
        scheduler = self._turns.scheduler
        return Figures(
            active=len(self._contexts),
            queued=self._turns.queued,
            load=self.load,
            late_chunks=scheduler.late,
            room={voice: scheduler.capacity(voice) for voice in scheduler.costs.measured},
            cache=self.cache.counts,
            host_restarts=self._link.restarts,
            host_pid=self._link.pid,
        )

    @property
    def is_draining(self) -> bool:
        """Whether the daemon is stopping, or about to."""
        return self._draining or self._leaving

    @property
    def is_ready(self) -> bool:
        """Whether a request would be spoken now."""
        return self._link.is_ready and not self.is_draining

    async def wait_ready(self) -> None:
        """Wait until the voices can speak. Raises EngineLoading after the engine host's `start_timeout_s`."""
        await self._link.wait_ready()

    def stalled_s(self) -> float:
        """For how long the engines have owed an answer; to be called now and then."""
        return self._link.stalled_s()

    def reload_voices(self) -> None:
        """Look for voice packs that came, went or changed; `catalogue` follows soon."""
        self._link.reload()

    def use_dictionary(self, words: Mapping[str, str]) -> None:
        """Read with another dictionary, from the next segment on."""
        self._words += 1
        self._link.use_dictionary(words)
        self.cache.use_dictionary(words)

    async def readings(self, text: str) -> dict[str, Any]:
        """How a text is read, and how else it could be. Raises EngineError."""
        return await self._link.readings(text)

    def give_back(self) -> None:
        """Let the engines give back memory that speech has left free."""
        self._link.give_back()

    def prepare_again(self) -> None:
        """What is kept spoken in advance is looked through now, not in an hour."""
        self._link.announce_change()

    def reconfigure(self, limits: Limits, default_emotion: str, style: SpeakingStyle) -> None:
        """Other limits and other settings for contexts opened from now on."""
        self._limits, self._default_emotion, self._style = limits, default_emotion, style
        self._turns.refuses = limits.when_full == "refuse"

    def open(self, options: SpeechOptions) -> Context:
        """A new context; the caller iterates its `events` to the end or closes them, or calls `close`.

        Raises VoiceUnknown, EmotionUnknown (strict), EngineLoading, EngineBusy, ShuttingDown, and our own `trouble`.
        """
        if self.trouble is not None:
            raise self.trouble
        if self._draining:
            raise ShuttingDown("the daemon is stopping")
        if len(self._contexts) >= self._limits.max_contexts:
            raise EngineBusy(f"{len(self._contexts)} texts are being spoken; the limit is {self._limits.max_contexts}")
        intake = Intake(self.catalogue, self._limits, options, self._default_emotion, self._style)
        context = Context(self._link, self._turns, self.cache, intake, options, self._forget, self._tell)
        self._contexts.add(context)
        self._idle.clear()
        return context

    def preempt(self, but: Context) -> None:
        """Stop every other context, whatever door it came in by: `but` is more important."""
        for context in list(self._contexts):
            if context is not but:
                context.preempt()

    async def wait_idle(self) -> None:
        """Wait until nobody is being spoken to."""
        await self._idle.wait()

    def leave(self) -> None:
        """Tell whoever asks that the daemon stops, and speak all the same: who sends clients here needs a moment."""
        self._leaving = True

    async def drain(self, grace_s: float) -> None:
        """Take no new contexts, let those alive finish within `grace_s`, then fail what is left."""
        self._draining = True
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d texts were still being spoken after %g s and are cut off", len(self._contexts), grace_s)
            for context in list(self._contexts):
                context.fail(ShuttingDown("the daemon stopped before all was said"))

    def _tell(self, context: Context, done: Done) -> None:
        for observer in self.observers:
            observer(context, done)

    def _forget(self, context: Context) -> None:
        self._contexts.discard(context)
        if not self._contexts:
            self._idle.set()
