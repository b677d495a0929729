"""The sections of the configuration: every key, its default, and what may stand there."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tts_server.access.networks import PRIVATE_NETWORKS
from tts_server.config.values import (
    Address,
    Age,
    Count,
    Emotion,
    GivenEmotion,
    GivenNetwork,
    HostName,
    InstanceName,
    Origin,
    PauseMs,
    Port,
    Seconds,
    SomeNames,
)


class Section(BaseModel):
    """A table of the file: unknown keys are errors, and so are numbers without an end."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Server(Section):
    """Where the doors are."""

    host: str = Field("", description='Address to listen on; "" is every one, IPv4 and IPv6.')
    wyoming_port: Port = Field(10200, description="Wyoming (Home Assistant).")
    wyoming_socket: str = Field("", description="Path of a Unix socket for Wyoming too; empty: none.")
    http_port: Port = Field(8080, description="HTTP and WebSocket.")
    agent_port: Port | None = Field(
        None, description="HAProxy's agent-check: who connects is told how much room there is. Left out: none."
    )
    node: str = Field(
        "",
        pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$",
        description="Name of this box among several: it stands in addresses of audio, sessions and tickets, so that a "
        "balancer sends them back here. Empty: it is the only one.",
    )
    networks: tuple[GivenNetwork, ...] = Field(
        PRIVATE_NETWORKS,
        description="Networks whose addresses may connect. Private ones by default.",
    )
    trusted_proxies: tuple[GivenNetwork, ...] = Field(
        (), description="Proxies that are believed whom they speak for: X-Forwarded-For, PROXY protocol version 2."
    )
    host_names: tuple[HostName, ...] = Field(
        (),
        description="Names that people reach us by, besides addresses, names without a dot, *.local, and this box's "
        "own name under .lan, .home, .home.arpa, .internal, .localdomain, .fritz.box and its search domains.",
    )
    origins: tuple[Origin, ...] = Field((), description="Origins of web pages that may use us, besides our own.")


class Access(Section):
    """Who may speak over HTTP and WebSocket, and how much."""

    mode: Literal["none", "token", "jwt"] = Field("none", description="Without tokens, only private networks may.")
    tokens_file: Path | None = Field(
        None, description="Lines NAME SECRET [SCOPES]; left out: the systemd credential tokens."
    )
    jwt_key_file: Path | None = Field(
        None, description="Public key or shared secret; left out: the systemd credential jwt_key."
    )
    jwt_algorithm: Literal["HS256", "RS256", "ES256", "EdDSA"] = Field("RS256", description="The only one accepted.")
    jwt_audience: str = Field("tts-server", min_length=1, description="What `aud` must be.")
    jwt_issuer: str = Field("", description="What `iss` must be; empty: it is not looked at.")
    requests_per_min: int = Field(0, ge=0, description="Texts a minute, for each token and each address; 0: any.")
    chars_per_min: int = Field(0, ge=0, description="Characters a minute, for each token and each address; 0: any.")


class Http(Section):
    """What the HTTP port offers."""

    page: bool = Field(True, description="The page for people at /.")
    docs: bool = Field(True, description="The API's documents: /docs, /openapi.json and /asyncapi.yaml.")
    metrics: bool = Field(True, description="Figures for Prometheus at /metrics.")
    edit: bool = Field(
        False, description="Let phrases be kept, and readings corrected, over HTTP and by the page; see docs/HTTP.md."
    )
    links_at_once: int = Field(
        4, ge=0, le=64, description="Links (GET /api/tts) spoken at the same time, after all else; 0: no links."
    )
    openai_voices: dict[str, str] = Field({}, description="The voice for a name of OpenAI's; else chosen by gender.")
    strict_voices: bool = Field(
        False, description="On OpenAI's routes a name that is no voice here is an error; else a like voice speaks."
    )
    tls_cert_file: Path | None = Field(None, description="Certificate chain (PEM); with it, HTTPS only.")
    tls_key_file: Path | None = Field(None, description="The certificate's private key (PEM).")


class Compat(Section):
    """Doors for programs made for other engines, on the HTTP port."""

    volcengine: bool = Field(True, description="Volcengine's streaming, for xiaozhi: /api/v3/tts/bidirection.")
    index_tts: bool = Field(True, description="index-tts, for xiaozhi: POST /tts.")
    ovos: bool = Field(True, description="OVOS' TTS server: GET /v2/synthesize and /synthesize/TEXT.")
    wyoming_openai: bool = Field(True, description="Lets wyoming-openai find our voices: GET /v1/test.")
    aliyun: bool = Field(
        True,
        description="Aliyun's streaming, for xiaozhi: /ws/v1 with X-NLS-Token, /ANYTHING/ws/v1.",
    )
    xunfei: bool = Field(True, description="iFLYTEK's streaming, for xiaozhi: /compat/xunfei.")
    paddlespeech: bool = Field(True, description="PaddleSpeech's streaming, for xiaozhi: /paddlespeech/tts/streaming.")
    gpt_sovits: bool = Field(True, description="GPT-SoVITS, both shapes: POST and GET /compat/gpt_sovits.")
    doubao: bool = Field(True, description="Volcengine's one-sentence API: POST /compat/doubao.")


class Voices(Section):
    """Who speaks, and how, when a request does not say."""

    default: str = Field(
        "", description="The voice of requests that name none; empty: the first Sambert voice installed, else baker."
    )
    disabled: tuple[str, ...] = Field((), description="Voices that are not offered.")
    preload: tuple[str, ...] = Field(
        ("default",), description='Voices made ready at start, "default" is the one above; the others when first used.'
    )
    folder: str = Field(
        "", description="Where voice packs are; empty: $STATE_DIRECTORY/voices, else ~/.local/share/tts-server/voices."
    )
    hub: str = Field(
        "",
        pattern="^(https?://[^ ]+)?$",
        description="Where piper: and kokoro: voices are fetched from, a mirror; empty: HF_ENDPOINT, else the hub.",
    )
    emotion: GivenEmotion = Field(
        "neutral", description="Emotion by default; auto: the mood of each sentence, where it is plain."
    )
    sentence_pause_ms: PauseMs | None = Field(None, description="After a sentence; left out: as the voice does it.")
    clause_pause_ms: PauseMs | None = Field(None, description="After a comma and its like; left out: as the voice.")
    paragraph_pause_ms: PauseMs = Field(0, description="Where a line ends, besides the sentence's.")
    lead_ms: PauseMs = Field(0, description="Silence before the first word, for amplifiers that wake up slowly.")
    tail_ms: PauseMs = Field(0, description="Silence behind the last word, for players that cut it off.")
    loudness_lufs: float = Field(
        -19.0,
        ge=-36,
        le=-10,
        description="How loud all voices speak (ITU-R BS.1770), at neutral; peaks stay below -1 dB.",
    )
    distances: dict[Emotion, dict[Emotion, Annotated[float, Field(ge=0, le=1)]]] = Field(
        {}, description="Own distances between emotions, 0 to 1: what a voice lacks it replaces by the nearest it has."
    )


class Client(Section):
    """What one client is given where it asks for none itself."""

    voice: str | None = Field(None, description="Its voice.")
    emotion: GivenEmotion | None = Field(None, description="Its emotion.")
    volume: float | None = Field(None, ge=-40, le=12, description="Its volume in dB.")
    language: str | None = Field(None, description="Its language, where it has no voice of its own.")


class EngineHost(Section):
    """The child process in which engines run."""

    threads: int = Field(
        0, ge=0, le=64, description="Synthesis threads; 0 is one per core that the box, or its cgroup, grants."
    )
    engines: SomeNames | None = Field(
        None, description="Engines to use, by entry point name; left out: all that are installed."
    )
    max_memory_mb: int = Field(
        1024, ge=0, description="Above it (MiB), voices that have not spoken for longest are unloaded; 0: never."
    )
    chunk_timeout_s: Seconds = Field(
        30.0,
        description="An engine that gives no audio for so long is restarted; "
        "on a box that is slower, up to eight times as long.",
    )
    start_timeout_s: Seconds = Field(60.0, description="How long a request waits for engines that are still loading.")


class Limits(Section):
    """What is refused, and when something is given up."""

    max_text_chars: Count = Field(5000, description="Characters in one message or request; not over Wyoming.")
    max_context_chars: Count = Field(
        100_000, description="Characters in one streamed text, and in one event of Wyoming."
    )
    max_pending_chars: Count = Field(
        10_000, description="Characters received and not yet spoken, per text; over Wyoming the rest is not read."
    )
    max_contexts: Count = Field(64, description="Texts spoken at the same time.")
    max_connections: Count = Field(64, description="Connections per door.")
    max_connections_per_address: Count = Field(32, description="Connections per door and address.")
    when_full: Literal["queue", "refuse"] = Field(
        "queue",
        description="A text for which there is no room waits in line (queue), or gets engine_busy at once, so that a "
        "balancer can ask another box (refuse). Links, and what is spoken in advance, wait all the same.",
    )
    max_delay_s: Seconds = Field(0.8, description="Streamed text without a sentence end waits no longer than this.")
    max_hold_s: Seconds = Field(
        3.0, description="What may still grow at its end (a number, a word, an open bracket) waits no longer than this."
    )
    context_idle_s: Seconds = Field(60.0, description="Streamed text ends when nothing came for so long.")
    connection_idle_s: Seconds = Field(300.0, description="A silent connection is closed after this.")
    head_timeout_s: Seconds = Field(10.0, description="A request's head must be complete within this.")
    write_stall_s: Seconds = Field(10.0, description="A peer that takes no data for so long is given up.")
    leave_s: float = Field(
        0.0,
        ge=0,
        le=60,
        description="At stop, texts are still taken for so long after /readyz said no, until a balancer has noticed.",
    )
    grace_s: Seconds = Field(10.0, description="At stop, speech under way may go on for so long.")
    stored_audio_bytes: Count = Field(32 * 2**20, description="Memory for replies kept under /audio/.")
    stored_audio_s: Age = Field(600.0, description="How long a reply is kept under /audio/.")


class Cache(Section):
    """Spoken segments, kept for the next time they are asked for."""

    mode: Literal["off", "memory", "disk"] = Field("disk", description="Where speech is kept: off, memory or disk.")
    folder: Path | None = Field(None, description="Left out: segments in $CACHE_DIRECTORY, or in ~/.cache/tts-server.")
    memory_bytes: Count = Field(8 * 2**20, description="Memory for them; a second takes 48000 bytes.")
    disk_bytes: Count = Field(256 * 2**20, description="Disk for them; a second takes about 33000 bytes.")
    max_age_s: Age = Field(30 * 86_400.0, description="Nothing is kept for longer.")
    shared: str = Field(
        "", description="A Valkey server that several boxes share, valkeys:// off this machine; empty: none."
    )
    shared_timeout_ms: int = Field(10, ge=1, le=1000, description="How long a text may wait for its answer.")
    shared_password_file: Path | None = Field(
        None, description="Its password; left out: the systemd credential valkey_password, where there is one."
    )
    shared_ca_file: Path | None = Field(
        None, description="Who signed its certificate (PEM); left out: those that this box trusts anyway."
    )
    warm: tuple[str, ...] = Field((), description="Texts spoken in idle time, so that they are there at once.")


class WebSocket(Section):
    """The WebSocket door, on the HTTP port."""

    max_message_bytes: int = Field(65_536, ge=1024, description="Length of one message.")
    max_contexts: Count = Field(8, description="Texts spoken at the same time on one connection.")
    messages_per_s: Count = Field(200, description="Messages of one connection; twice as many may come at once.")
    max_lead_ms: int = Field(1000, ge=100, le=5000, description="How far sending may run ahead of playing.")
    resume_s: float = Field(
        30.0, ge=0, le=600, description="A client that lost its connection is waited for so long; 0: not at all."
    )


class Discovery(Section):
    """How the LAN finds us."""

    enabled: bool = Field(True, description="Announce ourselves by zeroconf (mDNS).")
    name: InstanceName = Field("", description="Instance name; empty: tts-server and a short machine id.")
    addresses: tuple[Address, ...] = Field((), description="Addresses to announce; empty: those of the LAN interfaces.")
    ports: dict[Literal["wyoming", "http"], Annotated[int, Field(ge=1, le=65535)]] = Field(
        {}, description="Ports to announce, of a balancer before us; left out: our own."
    )


class Text(Section):
    """How text is read."""

    dictionary: dict[str, str] = Field(
        {}, description="Own words: their pinyin, or other text to say in their place. Wins over every rule."
    )
    tags: bool = Field(True, description="[happy], [angry:1.4], [pause:500] in a text act.")
    unknown_tags: Literal["drop", "speak"] = Field("drop", description="What is done with [tags] nobody knows.")
    emoji: Literal["drop", "emotion"] = Field("drop", description="An emoji is left out, or an emotion from there on.")
    directions: bool | Literal["first"] = Field(
        "first",
        description="Stage directions such as （开心地） are emotions from there on: everywhere, or as first words.",
    )
    actions: Literal["drop", "speak"] = Field(
        "drop", description="*waves*, （笑） and faces made of signs such as (^_^) are left out, or read."
    )
    links: Literal["site", "whole"] = Field(
        "site", description="A bare link is read as its site's name alone, or whole, with its path."
    )


class Night(Section):
    """Hours in which everything is said more quietly, calmly and slowly."""

    enabled: bool = Field(False, description="Whether there are such hours.")
    begin: time = Field(time(22), description="When they begin, in local time.")
    end: time = Field(time(7), description="When they end.")
    volume: float = Field(-8.0, ge=-40, le=0, description="dB added to everything.")
    speed: float = Field(0.93, ge=0.5, le=1, description="Factor on every speed.")
    intensity: float = Field(0.5, ge=0, le=1, description="Factor on every emotion; neutral becomes so much calm.")


class Phrases(Section):
    """What is said often, by name; kept in the state directory."""

    wyoming: bool = Field(False, description="A text phrase:NAME over Wyoming says the phrase of that name.")


class Log(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")
    format: Literal["auto", "text", "journal", "json"] = Field("auto", description="auto: journal under systemd.")
    status_language: Literal["en", "zh"] = Field("en", description="Language of the state in `systemctl status`.")
