"""A tts-server box, over Home Assistant's own aiohttp: what it has, and its voice."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, WSServerHandshakeError
from yarl import URL

from .speech import BoxAway, BoxError, Speech, TokenRefused

SUBPROTOCOL: Final = "tts-stream.v1"
ANSWER_S: Final = 10.0  # for what a box answers at once
HEARTBEAT_S: Final = 20.0  # between two looks whether it is still there
MAX_MESSAGE_BYTES: Final = 2**20
UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Address:
    """Where a box is, and how it is spoken to."""

    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    tls: bool = False
    verify: bool = True  # its certificate

    def url(self, path: str, *, websocket: bool = False) -> URL:
        """Of a path of its."""
        scheme = ("wss" if self.tls else "ws") if websocket else ("https" if self.tls else "http")
        return URL.build(scheme=scheme, host=self.host, port=self.port, path=path)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


class Box:
    """Asks a box, and lets it speak. Every failure is a BoxError."""

    def __init__(self, session: ClientSession, address: Address) -> None:
        self.address = address
        self._session = session

    async def engine(self) -> dict[str, Any]:
        """How it is: `id`, `version`, `state`, ..."""
        return await self._get("/api/engine")

    async def voices(self) -> list[dict[str, Any]]:
        """Its voices, the default one first."""
        return list((await self._get("/api/voices"))["voices"])

    async def emotions(self) -> dict[str, dict[str, Any]]:
        """The emotions by name, with what they are called in English and Chinese."""
        return {emotion["name"]: emotion for emotion in (await self._get("/api/emotions"))["emotions"]}

    async def phrases(self) -> dict[str, dict[str, Any]]:
        """The phrases that are kept, by name."""
        return {phrase["name"]: phrase for phrase in (await self._get("/api/phrases"))["phrases"]}

    @asynccontextmanager
    async def speak(self, text: AsyncIterator[str], options: dict[str, Any]) -> AsyncGenerator[Speech]:
        """Say a text while it is being written. options: fields of `open`. Leaving it early stops the speech."""
        websocket = await self._connect()
        try:
            speech = Speech(websocket, text)
            await speech.begin(options)
            yield speech
        finally:
            await websocket.close()

    async def silence_everything(self) -> None:
        """Stop whatever the box speaks, for whomever. Needs the scope tts:priority where it asks for tokens."""
        websocket = await self._connect()
        try:
            speech = Speech(websocket, _nothing())
            await speech.begin({"preempt": "all"})
        finally:
            await websocket.close()

    async def _get(self, path: str) -> dict[str, Any]:
        try:
            async with self._session.get(
                self.address.url(path),
                headers=self.address.headers,
                ssl=self.address.verify,
                timeout=ClientTimeout(total=ANSWER_S),
            ) as answer:
                body = await answer.json()
                if answer.status == UNAUTHORIZED:
                    raise TokenRefused(_message(body))
                if not answer.ok:
                    raise BoxError(_message(body))
        except (ClientError, TimeoutError, ValueError) as error:
            raise BoxAway(self._away(error)) from error
        if not isinstance(body, dict):
            raise BoxError(f"{self.address.host}:{self.address.port} is no tts-server")
        return body

    async def _connect(self) -> ClientWebSocketResponse:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._session.ws_connect(
                    self.address.url("/ws/v1", websocket=True),
                    protocols=(SUBPROTOCOL,),
                    headers=self.address.headers,
                    ssl=self.address.verify,
                    heartbeat=HEARTBEAT_S,
                    max_msg_size=MAX_MESSAGE_BYTES,
                )
        except WSServerHandshakeError as error:
            if error.status == UNAUTHORIZED:
                raise TokenRefused("the box wants another token") from error
            raise BoxError(f"the box refused the connection with HTTP {error.status}") from error
        except (ClientError, TimeoutError) as error:
            raise BoxAway(self._away(error)) from error

    def _away(self, error: Exception) -> str:
        return f"{self.address.host}:{self.address.port} does not answer: {error or type(error).__name__}"


async def _nothing() -> AsyncGenerator[str]:
    return
    yield ""


def _message(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return str(error["message"]) if isinstance(error, dict) and "message" in error else "the box refused the request"
