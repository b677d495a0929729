"""What a plain request to a WebSocket's address is told."""

from starlette.responses import Response

from protocol.errors import ErrorCode
from tts_server.transports.http.errors import error_answer
from tts_server.transports.http.requests.application import Application


def add_upgrade(app: Application, path: str, what: str) -> None:
    """Add the answer. what: the WebSocket that is there, and for whom."""

    @app.get(path, include_in_schema=False)
    async def upgrade() -> Response:
        answer = error_answer(426, ErrorCode.UNSUPPORTED_VERSION, f"this is a WebSocket {what}")
        answer.headers.update({"upgrade": "websocket", "connection": "upgrade"})
        return answer
