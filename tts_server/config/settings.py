"""The configuration: every key and its default. Read once: TOML, and TTS_SERVER__SECTION__KEY in the environment."""

import difflib
import os
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts_server.access.networks import PRIVATE_NETWORKS, Network
from tts_server.config import environment
from tts_server.config.paths import config_folder, state_folder
from tts_server.config.sections import (
    Access,
    Cache,
    Client,
    Compat,
    Discovery,
    EngineHost,
    Http,
    Limits,
    Log,
    Night,
    Phrases,
    Section,
    Server,
    Text,
    Voices,
    WebSocket,
)
from tts_server.errors import ConfigInvalid

FILE_NAME = "config.toml"
SERVICE_FILE = Path("/etc/tts-server") / FILE_NAME  # where `make install` puts it
_WHERE = ("host", "wyoming_port", "wyoming_socket", "http_port")


class Config(BaseModel):
    """All of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: Server = Server()
    access: Access = Access()
    http: Http = Http()
    compat: Compat = Compat()
    voices: Voices = Voices()
    engine_host: EngineHost = EngineHost()
    limits: Limits = Limits()
    cache: Cache = Cache()
    websocket: WebSocket = WebSocket()
    discovery: Discovery = Discovery()
    text: Text = Text()
    night: Night = Night()
    phrases: Phrases = Phrases()
    log: Log = Log()
    clients: dict[str, Client] = Field(
        {}, description="What single clients are given where they ask for none, by address, network or token."
    )
    engines: dict[str, dict[str, Any]] = Field({}, description="Settings of each engine, by entry point name.")


def find_file(explicit: Path | None, of_the_service: bool = False) -> Path | None:
    """The file to read: the one given, else $CONFIGURATION_DIRECTORY's or XDG's if it exists.

    of_the_service: on a box that runs us as a service, its file comes before the one of whoever asks.
    """
    if explicit is not None:
        return explicit
    if of_the_service and "CONFIGURATION_DIRECTORY" not in os.environ and SERVICE_FILE.exists():
        return SERVICE_FILE
    path = config_folder() / FILE_NAME
    return path if path.exists() else None  # a folder of that name is a mistake, and told as one


def voices_folder(config: Config) -> Path:
    """Where voice packs are: the folder configured, else one beside the rest that must be kept."""
    if config.voices.folder:
        return Path(config.voices.folder).expanduser()
    return state_folder() / "voices"


def read_file(path: Path) -> dict[str, Any]:
    """The file's tables. Raises ConfigInvalid."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigInvalid(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigInvalid(f"{path} is not valid TOML: {error}") from error


def load(tables: dict[str, Any], overrides: dict[str, dict[str, Any]] | None = None) -> Config:
    """The configuration: a file's tables, then the environment, then the overrides on top. Raises ConfigInvalid."""
    _refuse_unknown_environment()
    try:
        config = Config(**environment.merged(tables, Config))
        for section, values in (overrides or {}).items():
            current = getattr(config, section)
            checked = type(current).model_validate({**current.model_dump(), **values})
            config = config.model_copy(update={section: checked})
        _check_together(config)
        return config
    except ValidationError as error:
        raise ConfigInvalid("; ".join(_explain(problem) for problem in error.errors())) from error


def salvage(file: Path | None, overrides: dict[str, dict[str, Any]]) -> Config:
    """Of a configuration with mistakes, what is needed to tell of them: where to listen, and how to log."""
    try:
        tables = read_file(file) if file else {}
    except ConfigInvalid:
        tables = {}
    server, log = tables.get("server"), tables.get("log")
    where = {key: server[key] for key in _WHERE if key in server} if isinstance(server, dict) else {}
    for kept in ({"server": where, "log": log or {}}, {"server": where}, {}):
        try:
            return load(kept, overrides)
        except ConfigInvalid:
            continue
    return Config.model_construct()  # the mistake is in the environment


def _check_together(config: Config) -> None:
    """What no key can tell alone. Raises ConfigInvalid."""
    server = config.server
    ports = {"http_port": server.http_port, "wyoming_port": server.wyoming_port, "agent_port": server.agent_port}
    for (one, port), (other, same) in combinations(ports.items(), 2):
        if port and port == same:
            raise ConfigInvalid(f"server.{one} and server.{other} are both {port}; each needs its own")
    public = [network for network in config.server.networks if not _is_private(network)]
    if public and config.access.mode == "none":
        raise ConfigInvalid(
            f"server.networks: {public[0]} is not private; such peers need tokens: set access.mode to token or jwt"
        )
    if (config.http.tls_cert_file is None) != (config.http.tls_key_file is None):
        raise ConfigInvalid("http.tls_cert_file and http.tls_key_file: one needs the other")


def _is_private(network: Network) -> bool:
    return any(network.version == ours.version and network.subnet_of(ours) for ours in PRIVATE_NETWORKS)  # type: ignore[arg-type]


def where_from(config: Config, tables: dict[str, Any]) -> dict[str, str]:
    """For each key, as "section.key": "default", "file" or "environment"."""
    found = {}
    for section, model in config:
        if isinstance(model, Section):
            for key in type(model).model_fields:
                variable = f"{environment.PREFIX}{section}__{key}".upper()
                in_file = key in tables.get(section, {})
                found[f"{section}.{key}"] = (
                    "environment" if variable in os.environ else "file" if in_file else "default"
                )
    return found


def changed_keys(before: Config, after: Config) -> list[str]:
    """The keys whose values differ, as "section.key"; "engines" for any setting of an engine."""
    found = [] if before.engines == after.engines else ["engines"]
    for section, model in before:
        if isinstance(model, Section):
            other = getattr(after, section)
            keys = type(model).model_fields
            found += [f"{section}.{key}" for key in keys if getattr(model, key) != getattr(other, key)]
    return found


def _keys() -> list[str]:
    fields = Config.model_fields
    sections = {name: field.default for name, field in fields.items() if isinstance(field.default, Section)}
    return [f"{name}.{key}" for name, section in sections.items() for key in type(section).model_fields]


def _refuse_unknown_environment() -> None:
    """A typing mistake in a variable's name would be told as one in the file."""
    for variable, parts, _ in environment.variables():
        name = ".".join(parts)
        if name not in _keys() and parts[0] != "engines":
            raise ConfigInvalid(f"the environment variable {variable} names no key{_nearest(name)}")


def _explain(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"there is no key {key}{_nearest(key)}"
    told = problem["msg"].removeprefix("Value error, ")  # Pydantic's words before those of a check of our own
    return f"{key}: {told} (it is {problem['input']!r})"


def _nearest(key: str) -> str:
    known = [*_keys(), *Config.model_fields]
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""
