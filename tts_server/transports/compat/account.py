"""What a door of another program needs of ours: who asks, who speaks, and how what they ask for is called here."""

import logging
import math
from dataclasses import dataclass
from typing import Any

from protocol.emotions import canonical
from tts_server.access.access import SPEAK, Access, Principal
from tts_server.events import RANGES, SpeechOptions
from tts_server.synthesis.synthesizer import Context, Synthesizer
from tts_server.voices import voice_like

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """The core, and the rules of access."""

    synthesizer: Synthesizer
    access: Access

    def admit(self, peer: str, token: str | None) -> Principal:
        """Who that is. Raises Refused, Unauthorized."""
        principal = self.access.admit(peer, token if self.access.needs_token else None)
        principal.require(SPEAK)
        return principal


@dataclass(frozen=True, slots=True)
class Account:
    """On whose account a conversation's texts are spoken."""

    services: Services
    principal: Principal
    peer: str

    def open(self, options: SpeechOptions) -> Context:
        """A context, which counts as a request. Raises TTSError."""
        self.services.access.spend(self.principal, self.peer, 0)
        synthesizer = self.services.synthesizer
        manner = synthesizer.clients.manner(self.peer, self.principal.name)
        return synthesizer.open(manner.fill(options, synthesizer.catalogue))

    def spend(self, chars: int) -> None:
        """Count characters of its text. Raises RateLimited, TextTooLong."""
        self.services.access.spend(self.principal, self.peer, chars, requests=0)

    @property
    def client(self) -> str:
        """Among whom turns are shared out fairly."""
        return self.principal.name or self.peer


def options_for(
    account: Account,
    door: str,
    voice: str | None = None,
    emotion: str | None = None,
    sample_rate: int | None = None,
    **controls: float | None,
) -> SpeechOptions:
    """How to speak for a client that was made for another engine: what is not known here is told in the log.

    controls: of RANGES, cut to what there is. Raises BadRequest for a sample rate that there is not.
    """
    chosen = voice_for(account.services.synthesizer, voice, door)
    if emotion and canonical(emotion) is None:
        log.info("%s: there is no emotion %.32r; the default is used", door, emotion)
        emotion = None
    cut: dict[str, Any] = {}
    for name, value in controls.items():
        if value is not None and math.isfinite(value):
            low, high, _ = RANGES[name]
            cut[name] = min(max(value, low), high)
    if not cut.get("volume"):
        cut.pop("volume", None)  # these clients send all their settings always: the usual volume names none
    return SpeechOptions(voice=chosen, emotion=emotion or None, sample_rate=sample_rate, client=account.client, **cut)


def voice_for(synthesizer: Synthesizer, name: str | None, door: str) -> str | None:
    """The voice here for any name: ours, or one like it; None: the default one, also while none is known yet."""
    if not name or (catalogue := synthesizer.catalogue).find(name.partition("||")[0].strip()) is not None:
        return name or None
    if (like := voice_like(name, catalogue)) is None:
        return None
    log.info("%s: there is no voice %.64r; %s speaks", door, name, like.name)
    return like.name


def times_faster(doublings: float) -> float:
    """The speed: 1 is twice as fast, -1 half; what is beyond any speed is cut."""
    return 2 ** min(max(doublings, -10.0), 10.0)


def percent_louder(percent: float) -> float:
    """dB for a change of loudness in percent: 100 is twice as much, -50 half."""
    return 20 * math.log10(max(0.01, 1 + percent / 100))
