"""A whole text asked for over HTTP by a client made for another engine."""

from starlette.requests import Request
from starlette.responses import Response

from tts_server.audio.encode import FormatName
from tts_server.transports.compat.account import Account, Services, options_for
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.replies.speech import Order
from tts_server.transports.http.replies.streamed_audio import SpokenAudio


def order_for(
    services: Services,
    request: Request,
    door: str,
    text: str,
    form: FormatName,
    voice: str | None = None,
    emotion: str | None = None,
    sample_rate: int | None = None,
    **controls: float | None,
) -> Order:
    """What is to be said, and counted. Raises TTSError."""
    report = Report.of(request.scope)
    report.chars, report.door = len(text), door
    services.access.spend(report.principal, report.peer, report.chars)
    account = Account(services, report.principal, report.peer)
    options = options_for(account, door, voice, emotion, sample_rate, **controls)
    return Order(services.synthesizer, text, options, form, report)


def spoken(order: Order) -> Response:
    """The answer: audio as fast as it is made, 100 ms of silence where nothing can be said."""
    return SpokenAudio(order)
