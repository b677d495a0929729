"""What the HTTP door may be told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tts_server.transports.listening import PRIVATE_NETWORKS, Network
from tts_server.transports.websocket_settings import WebSocketSettings


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Limits and manners of the HTTP door."""

    networks: Sequence[Network] = PRIVATE_NETWORKS  # whose addresses may connect
    host_names: Sequence[str] = ()  # names in a Host header we answer to, besides addresses, localhost and *.local
    origins: Sequence[str] = ()  # origins of web pages that may use us, besides our own: "https://panel.example"
    max_connections: int = 64
    max_connections_per_address: int = 16
    max_body_bytes: int = 128 * 1024
    head_timeout_s: float = 10.0
    body_timeout_s: float = 10.0
    keep_alive_s: float = 30.0  # a connection without a request is closed after this
    write_stall_s: float = 10.0  # a peer that takes no data for so long is given up
    stored_audio_bytes: int = 32 * 2**20
    stored_audio_s: float = 600.0
    websocket: WebSocketSettings = field(default_factory=WebSocketSettings)
