"""What else may be served on the HTTP port, behind the same guard."""

from typing import Protocol

from starlette.types import ASGIApp, Scope

from tts_server.transports.http.requests.application import Application


class Guest(Protocol):
    """Routes, and WebSockets at paths of their own."""

    def add_routes(self, app: Application) -> None:
        """Add what is served over HTTP."""

    def websocket_for(self, scope: Scope, host: ASGIApp) -> ASGIApp | None:
        """Who serves a WebSocket's handshake; None: it is none of the guest's. host: who serves it then."""

    def drain(self) -> None:
        """Take no new connections and texts; let those under way end. Idempotent."""

    async def finish(self, timeout_s: float) -> None:
        """Wait for the conversations to end, then cut them off."""
