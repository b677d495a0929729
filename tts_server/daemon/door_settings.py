"""The configuration, cut to what each door is told."""

from collections.abc import Sequence
from socket import AF_UNIX, socket

from tts_server import __version__
from tts_server.config.paths import state_folder
from tts_server.config.settings import Config
from tts_server.daemon.host_names import own_host_names
from tts_server.transports.compat.settings import CompatSettings
from tts_server.transports.discovery.announcement import AnnouncementSettings
from tts_server.transports.http.settings import HttpSettings, tls_context
from tts_server.transports.listening import hosts_of
from tts_server.transports.websocket.settings import WebSocketSettings
from tts_server.transports.wyoming.door import WyomingLimits

_BYTES_PER_CHARACTER = 12  # at most, in JSON: an emoji as two \\u escapes
_OTHER_FIELDS_BYTES = 4096


def announcement_settings(config: Config, wyoming: Sequence[socket], http: Sequence[socket]) -> AnnouncementSettings:
    """What the LAN is told of us, given the sockets we listen on."""
    return AnnouncementSettings(
        wyoming_port=config.discovery.ports.get("wyoming", port_of(wyoming)),
        http_port=config.discovery.ports.get("http", port_of(http) or 0),
        version=__version__,
        languages=("zh-CN", "en-US"),
        is_tls=config.http.tls_cert_file is not None,
        listening_on=hosts_of(wyoming) or hosts_of(http),
        name=config.discovery.name,
        name_file=state_folder() / "instance-name",
        addresses=config.discovery.addresses,
        networks=config.server.networks,
    )


def port_of(sockets: Sequence[socket]) -> int | None:
    """The port that sockets share; None when all of them are Unix sockets."""
    ports = (int(opened.getsockname()[1]) for opened in sockets if opened.family != AF_UNIX)
    return next(ports, None)


def wyoming_limits(config: Config) -> WyomingLimits:
    """What a Wyoming client may take."""
    limits = config.limits
    return WyomingLimits(
        max_connections=limits.max_connections,
        max_connections_per_address=limits.max_connections_per_address,
        idle_s=limits.connection_idle_s,
        write_stall_s=limits.write_stall_s,
        networks=config.server.networks,
        trusted_proxies=config.server.trusted_proxies,
    )


def http_settings(config: Config) -> HttpSettings:
    """What an HTTP client may take. Raises ConfigInvalid when a certificate cannot be used."""
    limits, http = config.limits, config.http
    return HttpSettings(
        networks=config.server.networks,
        trusted_proxies=config.server.trusted_proxies,
        host_names=(*config.server.host_names, *own_host_names()),
        origins=config.server.origins,
        box=config.server.node,
        max_connections=limits.max_connections,
        max_connections_per_address=limits.max_connections_per_address,
        max_body_bytes=_BYTES_PER_CHARACTER * limits.max_text_chars + _OTHER_FIELDS_BYTES,
        head_timeout_s=limits.head_timeout_s,
        write_stall_s=limits.write_stall_s,
        stored_audio_bytes=limits.stored_audio_bytes,
        stored_audio_s=limits.stored_audio_s,
        has_page=http.page,
        has_docs=http.docs,
        has_metrics=http.metrics,
        can_edit=http.edit,
        links_at_once=http.links_at_once,
        openai_voices=http.openai_voices,
        strict_voices=http.strict_voices,
        tls=tls_context(http.tls_cert_file, http.tls_key_file),
        websocket=_websocket_settings(config),
    )


def compat_settings(config: Config) -> CompatSettings:
    """Which doors of other programs are open."""
    limits = config.limits
    return CompatSettings(
        **config.compat.model_dump(),
        max_conversations=limits.max_connections,
        messages_per_s=config.websocket.messages_per_s,
        idle_s=limits.connection_idle_s,
        write_stall_s=limits.write_stall_s,
    )


def _websocket_settings(config: Config) -> WebSocketSettings:
    own, limits = config.websocket, config.limits
    return WebSocketSettings(
        max_message_bytes=own.max_message_bytes,
        max_contexts=own.max_contexts,
        messages_per_s=own.messages_per_s,
        messages_burst=2 * own.messages_per_s,
        chars_per_min=config.access.chars_per_min,
        max_lead_ms=own.max_lead_ms,
        idle_s=limits.connection_idle_s,
        write_stall_s=limits.write_stall_s,
        engine_timeout_s=config.engine_host.chunk_timeout_s,
        resume_s=own.resume_s,
        box=config.server.node,
        drain_s=limits.grace_s,
    )
