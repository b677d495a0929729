"""Routes that tell what there is: voices, emotions, the state of the daemon; and tickets for browsers."""

from collections.abc import Callable
from typing import Literal

from starlette.requests import Request

from protocol.emotions import ALIASES, CHINESE_NAMES, EMOTIONS, ENGLISH_NAMES
from protocol.http_api import EmotionInfo, EmotionList, EngineInfo, Health, Ticket, VoiceInfo, VoiceList
from tts_server import __version__
from tts_server.access.access import TICKET_S, Access
from tts_server.engine import Voice
from tts_server.errors import ShuttingDown
from tts_server.synthesis.metrics import Metrics
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.replies.box_facts import BoxFacts
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.requests.application import Application


def add_probes(app: Application, synthesizer: Synthesizer) -> None:
    """What balancers and systemd ask."""

    @app.get("/healthz", summary="Is it alive?")
    async def healthz() -> Health:
        """Is the process alive? Answered whatever the engines do."""
        return Health(status="ok", version=__version__)

    @app.get("/readyz", summary="Would it speak now?")
    async def readyz() -> Health:
        """Would a request be spoken now?"""
        if synthesizer.is_draining:
            raise ShuttingDown("draining: the daemon is stopping and takes no new requests")
        if synthesizer.trouble is not None:
            raise synthesizer.trouble
        if not synthesizer.is_ready:
            raise synthesizer.catalogue.why_silent
        return Health(status="ready", version=__version__)


def add_info(
    app: Application, synthesizer: Synthesizer, access: Access, metrics: Metrics, box: Callable[[], BoxFacts]
) -> None:
    """What pages and programs ask before they speak."""

    @app.get("/api/voices", summary="The voices")
    async def voices() -> VoiceList:
        """The voices of this box, the default one first."""
        found = synthesizer.catalogue.voices
        return VoiceList(voices=[_voice(voice, voice is found[0]) for voice in found])

    @app.get("/api/emotions", summary="The emotions")
    async def emotions() -> EmotionList:
        """The emotions that have a name here, and every other spelling of it."""
        return EmotionList(emotions=[_emotion(name) for name in EMOTIONS], default=synthesizer.default_emotion)

    @app.get("/api/engine", summary="How it is now")
    async def engine() -> EngineInfo:
        """How the daemon is now."""
        figures, facts = synthesizer.figures, box()
        return EngineInfo(
            id=facts.id,
            state=_state(synthesizer),
            version=__version__,
            voices=[voice.name for voice in synthesizer.catalogue.voices],
            active_streams=figures.active,
            queue=figures.queued,
            real_time_factor=metrics.recent_real_time_factor,
            host_restarts=figures.host_restarts,
            needs_token=access.needs_token,
            settings_digest=facts.settings_digest,
        )

    @app.post("/api/ws-tickets", summary="A ticket for one WebSocket")
    async def ticket(request: Request) -> Ticket:
        """A ticket for one WebSocket: browsers cannot send a token with it. It goes behind the address."""
        return Ticket(ticket=access.issue_ticket(Report.of(request.scope).principal), expires_in_s=TICKET_S)


def _state(synthesizer: Synthesizer) -> Literal["loading", "ready", "draining"]:
    if synthesizer.is_draining:
        return "draining"
    return "ready" if synthesizer.is_ready else "loading"


def _voice(voice: Voice, is_default: bool) -> VoiceInfo:
    return VoiceInfo(
        name=voice.name,
        language=voice.language,
        speaks=list(voice.speaks),
        gender=voice.gender or None,
        emotions=list(voice.emotions),
        emotion_strengths=dict(voice.strengths),
        faint_emotions=list(voice.faint_emotions),
        rate=voice.sample_rate,
        description=voice.description,
        engine=voice.engine,
        version=voice.version,
        licence=voice.licence,
        attribution=voice.attribution,
        attribution_url=voice.attribution_url,
        is_default=is_default,
    )


def _emotion(name: str) -> EmotionInfo:
    aliases = sorted(alias for alias, canonical in ALIASES.items() if canonical == name)
    return EmotionInfo(name=name, en=ENGLISH_NAMES[name], zh=CHINESE_NAMES[name], aliases=aliases)
