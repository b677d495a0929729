"""Two echo servers for the conformance suite: our connection class under uvicorn, and the plain `websockets` server.

python -m tests.conformance.websocket_echo ours|plain      prints the port, then serves until killed
"""

import asyncio
import sys

from uvicorn import Config
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.server import ServerState
from websockets.asyncio.server import ServerConnection, serve

from tts_server.transports.http.connection import HttpConnection
from tts_server.transports.http.places import Places
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.connection import WebSocketConnection

MAX_BYTES = 20 * 2**20  # the suite sends messages of 16 MiB


async def echo_app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Send every message back."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": event.get("bytes"), "text": event.get("text")})


async def ours() -> None:
    """The classes that the door runs on."""
    config = Config(
        echo_app, ws=WebSocketConnection, ws_max_size=MAX_BYTES, ws_per_message_deflate=False, lifespan="off",
        log_config=None, access_log=False,
    )  # fmt: skip
    config.load()
    state, settings = ServerState(), HttpSettings(max_connections=1000, max_connections_per_address=1000)
    places = Places()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HttpConnection(config, state, settings, places), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # what the parent waits for
    await server.serve_forever()


async def plain() -> None:
    """What ours is compared with."""

    async def echo(websocket: ServerConnection) -> None:
        async for message in websocket:
            await websocket.send(message)

    async with serve(echo, "127.0.0.1", 0, max_size=MAX_BYTES, compression=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)  # noqa: T201
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(ours() if sys.argv[1] == "ours" else plain())
