"""A link that speaks: `GET /api/tts`, for players that take an address and nothing else, and `POST /api/links`."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from protocol.http_api import AudioReply, SpeechRequest
from protocol.http_query import EXPIRES, SIGNATURE, SIGNED_BY, in_query, query_parameters
from protocol.user_data_api import Link, LinkRequest
from tts_server.access.access import Access
from tts_server.audio.encode import FORMATS, FormatName
from tts_server.errors import AddressTooLong, RateLimited, Refused
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.api.tts import AUDIO, options_of
from tts_server.transports.http.replies.audio import answer_again
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.replies.speech import Order, speak_and_keep, speak_for_later
from tts_server.transports.http.replies.stored_audio import StoredAudio
from tts_server.transports.http.replies.streamed_audio import Keeper, SpokenAudio
from tts_server.transports.http.requests.application import Application
from tts_server.transports.http.requests.query import QUERY_BYTES, speech_in_address

PATH: Final = "/api/tts"
DEFAULT_FORMAT: Final[FormatName] = "mp3"  # what every player knows; one of unknown length is no riddle to it
LOW: Final = -1
ALLOWED: Final = "GET, HEAD, OPTIONS, POST"
# How Apple's players find out whether there will be ranges; without an answer that fits they play nothing.
_PROBE: Final = "bytes=0-1"
_NAME_CHARS: Final = 24  # of the text, in the name of a file that is saved


class Places:
    """How many links may be spoken at the same time: a page of somebody else can name one, and nothing tells us so."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A place. Raises RateLimited, Refused."""
        if not self._places:
            raise Refused("GET /api/tts is switched off (http.links_at_once)")
        if self._taken >= self._places:
            raise RateLimited(f"{self._taken} links are being spoken; the limit is {self._places} (http.links_at_once)")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class LinkedAudio(SpokenAudio):
    """Audio of a link, sent while it is made."""

    def __init__(self, order: Order, store: StoredAudio, places: Places) -> None:
        super().__init__(order, Keeper(store, order))
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._places.taken():
            await super().__call__(scope, receive, send)


def add_links(
    app: Application, synthesizer: Synthesizer, store: StoredAudio, access: Access, places: Places, max_age_s: float
) -> None:
    """Add the routes. max_age_s: for how long a player need not ask again."""

    @app.get(
        PATH,
        summary="Say a text, by its address",
        response_model=AudioReply,
        response_class=JSONResponse,
        responses={200: {"content": AUDIO}},
        openapi_extra={"parameters": query_parameters()},
    )
    async def linked(request: Request) -> Response | AudioReply:
        """Say a text whose fields stand in the address: for players, bookmarks and `<audio src>`.

        Left out, the format is mp3. An answer that is whole by now has a length and takes `Range`; the first one is
        sent while it is made. Links are spoken after everything else, and few at the same time. `HEAD` speaks nothing.
        """
        wanted, report = speech_in_address(request.scope), Report.of(request.scope)
        report.chars = len(wanted.text)
        form = FORMATS[wanted.format if wanted.format not in (None, "json") else DEFAULT_FORMAT].name
        order = Order(synthesizer, wanted.text, options_of(wanted, report, priority=LOW), form, report)
        if wanted.format == "json" and not report.is_head:
            access.spend(report.principal, report.peer, report.chars)
            with places.taken():
                return await speak_and_keep(order, request.receive, store, wanted.marks)
        answer = await _answer(order, wanted, request)
        answer.headers.update({
            "cache-control": f"private, max-age={max_age_s:.0f}",
            "content-disposition": _disposition(wanted.text, form),
        })  # fmt: skip
        return answer

    async def _answer(order: Order, wanted: SpeechRequest, request: Request) -> Response:
        tag, report = order.tag(), order.report
        if f'"{tag}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"etag": f'"{tag}"'})
        if (kept := store.find(tag)) is not None:
            return await answer_again(store, kept, tag)
        if report.is_head:
            return SpokenAudio(order).unspoken()
        access.spend(report.principal, report.peer, len(wanted.text))
        if wanted.stream and request.headers.get("range") != _PROBE:
            return LinkedAudio(order, store, places)
        with places.taken():
            return await answer_again(store, await speak_for_later(order, request.receive, store), tag)

    @app.route_for("OPTIONS", PATH, include_in_schema=False)
    async def methods() -> Response:
        return Response(status_code=204, headers={"allow": ALLOWED})

    @app.post("/api/links", summary="Make a link")
    async def link(wanted: LinkRequest, request: Request) -> Link:
        """A link that says a text, for whoever has it. Where tokens are needed it is signed: no token stands in it."""
        principal = Report.of(request.scope).principal
        fields = wanted.model_dump(exclude_unset=True, exclude_none=True, exclude={"valid_s"})
        pairs = [(name, _written(value)) for name, value in in_query(fields).items()]
        expires_at = None if wanted.valid_s is None else int(time.time()) + wanted.valid_s
        if access.needs_token:
            pairs.append((SIGNED_BY, principal.name))
            pairs += [] if expires_at is None else [(EXPIRES, str(expires_at))]
            pairs.append((SIGNATURE, access.links.sign(pairs)))
        query = urlencode(pairs, quote_via=quote)
        if len(query) > QUERY_BYTES:
            raise AddressTooLong(f"the link would have {len(query)} bytes behind its path; the limit is {QUERY_BYTES}")
        return Link(url=f"{PATH}?{query}", expires_at=expires_at if access.needs_token else None)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _disposition(text: str, form: FormatName) -> str:
    """To be played; and what it is called when it is saved."""
    words = re.sub(r"[^\w]+", " ", text[: 4 * _NAME_CHARS]).strip()[:_NAME_CHARS].strip() or "speech"
    suffix = {"opus": "ogg"}.get(form, form)
    return f"inline; filename=\"speech.{suffix}\"; filename*=UTF-8''{quote(words, errors='replace')}.{suffix}"
