"""The application behind the guard: every HTTP route."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final

from starlette.responses import Response

from protocol.http_api import ErrorBody
from protocol.messages import PATH, SUBPROTOCOL
from tts_server import __version__
from tts_server.access.access import Access
from tts_server.synthesis.metrics import MEDIA_TYPE, Metrics
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.api.info import add_info, add_probes
from tts_server.transports.http.api.links import Places, add_links
from tts_server.transports.http.api.tts import add_speech
from tts_server.transports.http.api.user_data import add_user_data
from tts_server.transports.http.docs import add_docs
from tts_server.transports.http.errors import add_error_handlers
from tts_server.transports.http.openai.routes import add_openai
from tts_server.transports.http.replies.box_facts import BoxFacts
from tts_server.transports.http.replies.stored_audio import StoredAudio
from tts_server.transports.http.requests.application import Application
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.http.upgrade import add_upgrade
from tts_server.transports.http.web_page import add_page
from tts_server.user_data.user_data import UserData

# In the OpenAPI document: what every route answers with when it does not answer as it should.
_ERRORS: Final[dict[int | str, dict[str, Any]]] = {"default": {"model": ErrorBody, "description": "An error"}}


def build_app(
    synthesizer: Synthesizer,
    store: StoredAudio,
    settings: HttpSettings,
    access: Access,
    metrics: Metrics,
    user_data: UserData | None = None,
    box: Callable[[], BoxFacts] = BoxFacts,
) -> Application:
    """The application behind the guard. user_data: None forgets what it is told to keep."""
    user_data = user_data or UserData()
    app = Application(
        settings.has_docs,
        access.needs_token,
        title="tts-server",
        version=__version__,
        description="Text and emotion in, speech out, while it is made.",
        responses=_ERRORS,
    )
    add_error_handlers(app)
    add_probes(app, synthesizer)
    add_info(app, synthesizer, access, metrics, box)
    # Before /audio/{name}, which takes all its names.
    add_openai(app, synthesizer, store, access, settings.openai_voices, settings.strict_voices)
    say = add_speech(app, synthesizer, store, access)
    add_links(app, synthesizer, store, access, Places(settings.links_at_once), settings.stored_audio_s)
    add_user_data(app, synthesizer, user_data, say, settings.can_edit)
    add_upgrade(app, PATH, f"with the subprotocol {SUBPROTOCOL}; /asyncapi.yaml describes it")
    if settings.has_docs:
        _add_protocol(app)
        add_docs(app)
    if settings.has_metrics:
        _add_metrics(app, metrics)
    if settings.has_page:
        add_page(app)
    return app


def _add_metrics(app: Application, metrics: Metrics) -> None:
    async def figures() -> Response:
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    app.add_api_route("/metrics", figures, include_in_schema=False)


def _add_protocol(app: Application) -> None:
    """What programs that write clients read."""

    def serve(path: str, text: str, media_type: str) -> None:
        async def document() -> Response:
            return Response(text, media_type=media_type)

        app.add_api_route(path, document, include_in_schema=False)

    folder = files("protocol") / "schema"
    serve("/asyncapi.yaml", (folder / "asyncapi.yaml").read_text(encoding="utf-8"), "application/yaml")
    for name in ("client.json", "server.json"):
        serve(f"/schema/{name}", (folder / name).read_text(encoding="utf-8"), "application/schema+json")
