"""What the HTTP door may be told."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tts_server.access.networks import PRIVATE_NETWORKS, Network
from tts_server.errors import ConfigInvalid
from tts_server.transports.websocket.settings import WebSocketSettings


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Limits and time-outs of the HTTP door."""

    networks: Sequence[Network] = PRIVATE_NETWORKS  # whose addresses may connect
    trusted_proxies: Sequence[Network] = ()  # that are believed whom they speak for
    # Names in a Host header we answer to, besides addresses, *.local, *.localhost and names without a dot.
    host_names: Sequence[str] = ()
    box: str = ""  # the name of this one among several
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
    has_page: bool = True
    has_docs: bool = True
    has_metrics: bool = True
    can_edit: bool = False  # whether phrases and words may be kept over HTTP
    links_at_once: int = 4  # links that are spoken at the same time; 0: GET /api/tts is switched off
    openai_voices: Mapping[str, str] = field(default_factory=dict)  # OpenAI's name -> ours
    tls: ssl.SSLContext | None = None  # None: plain HTTP
    strict_voices: bool = False  # names of other engines' voices are unknown; else a like one speaks
    websocket: WebSocketSettings = field(default_factory=WebSocketSettings)


_NO_PEM: Final = "they must be a certificate and its key in PEM, without a password"


def tls_context(cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext | None:
    """TLS by a certificate chain and its key (PEM); None without a certificate. Raises ConfigInvalid."""
    if cert_file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert_file, key_file, password="")  # else it would ask the terminal
    except ssl.SSLError as error:  # OpenSSL says no more of a file that is none: "[SSL] PEM lib"
        why = "the key is another certificate's" if error.reason == "KEY_VALUES_MISMATCH" else _NO_PEM
        raise ConfigInvalid(f"http.tls_cert_file: cannot use {cert_file} with {key_file}: {why}") from error
    except OSError as error:
        raise ConfigInvalid(f"http.tls_cert_file: cannot use {cert_file} with {key_file}: {error}") from error
    return context
