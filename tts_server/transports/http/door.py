"""The HTTP and WebSocket door: uvicorn's protocols on asyncio's listeners (signals and sockets are the daemon's)."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence

from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from tts_server.access.access import Access, AccessSettings
from tts_server.synthesis.metrics import Metrics
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.connection import HttpConnection
from tts_server.transports.http.guard import Guard
from tts_server.transports.http.guest import Guest
from tts_server.transports.http.places import Places
from tts_server.transports.http.replies.box_facts import BoxFacts
from tts_server.transports.http.replies.stored_audio import StoredAudio
from tts_server.transports.http.routes import build_app
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.connection import WebSocketConnection
from tts_server.transports.websocket.door import WebSocketDoor
from tts_server.user_data.user_data import UserData

CLOSE_S = 2.0  # how long answers that were cut off may take to notice


class HttpDoor:
    """Serves HTTP and WebSocket from `start` to `close`."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        settings: HttpSettings,
        access: Access | None = None,
        metrics: Metrics | None = None,
        guest: Guest | None = None,
        user_data: UserData | None = None,
        box: Callable[[], BoxFacts] = BoxFacts,
    ) -> None:
        """access: None lets in whoever is on a network of ours; metrics: None makes some of its own.

        guest: more doors on the same port; user_data: None forgets what it is told to keep; box: what clients know
        this box by.
        """
        self._settings = settings
        self._store = StoredAudio(settings.stored_audio_bytes, settings.stored_audio_s, settings.box)
        self._state = ServerState()
        self._places = Places()
        self._listeners: list[asyncio.Server] = []
        access = access or Access(AccessSettings(networks=settings.networks))
        metrics = metrics or Metrics(synthesizer)
        self._websockets = WebSocketDoor(synthesizer, settings.websocket, access)
        self._guest = guest
        app = build_app(synthesizer, self._store, settings, access, metrics, user_data, box)
        if guest is not None:
            guest.add_routes(app)
        self._guard = Guard(app, self._serve_websocket, settings, access, metrics)
        self._config = Config(
            self._guard,
            ws=WebSocketConnection,
            ws_max_size=settings.websocket.max_message_bytes,
            ws_ping_interval=settings.websocket.ping_s,
            ws_ping_timeout=settings.websocket.ping_s,
            ws_per_message_deflate=False,  # costs more time and memory than it saves bytes of speech
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL,  # uvicorn only tells of peers' nonsense and of errors that the guard has logged
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=settings.keep_alive_s,  # type: ignore[arg-type]  # call_later takes it
        )

    def reconfigure(self, settings: HttpSettings) -> None:
        """Other limits, for connections and requests that come from now on. What is offered stays as it is."""
        self._settings = settings
        self._guard.reconfigure(settings)
        self._websockets.reconfigure(settings.websocket)

    @property
    def ports(self) -> list[int]:
        """The ports listened on, one per socket."""
        return [listening.getsockname()[1] for server in self._listeners for listening in server.sockets]

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Serve connections that come in on listening sockets, which are ours from now on."""
        self._config.load()
        loop = asyncio.get_running_loop()
        for listening in sockets:
            server = await loop.create_server(
                self._new_connection,
                sock=listening,
                ssl=self._settings.tls,
                ssl_handshake_timeout=self._settings.head_timeout_s if self._settings.tls else None,
            )
            self._listeners.append(server)

    def stop_accepting(self) -> None:
        """Take no new requests; answers under way go on. Who comes may still ask how we are, and is told of the end."""
        self._places.is_closing = True
        self._websockets.drain()
        if self._guest is not None:
            self._guest.drain()
        for connection in list(self._state.connections):
            connection.shutdown()

    async def let_answers_end(self, grace_s: float) -> None:
        """Wait for those who are being answered: all is spoken, and not all of it is coded and taken."""
        answered = [one.lost for one in self._state.connections if isinstance(one, HttpConnection)]
        if answered:
            await asyncio.wait(answered, timeout=grace_s)

    async def close(self) -> None:
        """Cut off what is still under way, and let go of everything."""
        self.stop_accepting()
        for server in self._listeners:
            server.close()
        await self._websockets.finish(CLOSE_S)
        if self._guest is not None:
            await self._guest.finish(CLOSE_S)
        for connection in list(self._state.connections):
            connection.transport.abort()
        if tasks := set(self._state.tasks):
            _, late = await asyncio.wait(tasks, timeout=CLOSE_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        for server in self._listeners:
            await server.wait_closed()
        self._store.clear()

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        guest = self._guest.websocket_for(scope, self._websockets) if self._guest is not None else None
        await (guest or self._websockets)(scope, receive, send)

    def _new_connection(self) -> HttpConnection:
        return HttpConnection(self._config, self._state, self._settings, self._places)
