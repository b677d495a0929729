"""`tts-server config`: check or show the configuration."""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from tts_server.access.clients import network_of
from tts_server.config import settings as configuration
from tts_server.config.settings import Config
from tts_server.daemon.host_settings import host_settings
from tts_server.engine_host.installed import installed_engines
from tts_server.engine_host.voices import load_engines, load_voices
from tts_server.errors import ConfigInvalid, PortUnavailable, VoiceDataMissing
from tts_server.text.linguistic.entries import checked_entry
from tts_server.transports.http.settings import tls_context
from tts_server.transports.listening import listen
from tts_server.voices import PRELOAD_DEFAULT, primary_language, split_name

_SOCKET_BYTES: Final = 107  # of a path, on Linux
_OF_THE_SERVICE: Final = Path("/run/tts-server")  # systemd makes it when the service starts


def check(path: Path | None) -> None:
    """Say that the configuration can be used. Raises ConfigInvalid when it cannot."""
    file = configuration.find_file(path, of_the_service=True)
    config = configuration.load(configuration.read_file(file) if file else {})
    check_engines(config)
    check_voices(config)
    check_dictionary(config)
    check_files(config)
    check_clients(config)
    check_addresses(config)
    print(f"{file or 'no file, all defaults'}: good")  # noqa: T201 -- the answer


def check_engines(config: Config) -> None:
    """Raise ConfigInvalid for settings of an engine that is not here, and for those that it cannot speak with."""
    settings = host_settings(config)
    installed = installed_engines()
    for name in config.engines:
        if name not in installed:
            raise ConfigInvalid(f"engines.{name}: no engine {name!r} is installed; installed: {', '.join(installed)}")
    given = {name: target for name, target in settings.engines.items() if config.engines.get(name)}
    for engine in load_engines(given, settings.engine_settings).values():
        with suppress(VoiceDataMissing):
            for voice in engine.voices[:1]:
                engine.load(voice.name)


def check_voices(config: Config) -> None:
    """Raise ConfigInvalid for an engine or a voice that is named and not here."""
    settings = host_settings(config)
    logging.getLogger("tts_server.engines").addHandler(logging.NullHandler())
    here = {name: voice for name, (_, voice) in load_voices(settings.engines, settings.engine_settings).items()}
    known = f"voices here: {', '.join(here) or 'none'}"
    named = {
        "voices.default": [config.voices.default],
        "voices.disabled": config.voices.disabled,
        "voices.preload": config.voices.preload,
        "http.openai_voices": config.http.openai_voices.values(),
        **{f"clients.{name}": [split_name(given.voice or "")[0]] for name, given in config.clients.items()},
    }
    for key, names in named.items():
        for name in names:
            if name not in ("", PRELOAD_DEFAULT, *here):
                raise ConfigInvalid(f"{key}: there is no voice {name!r}; {known}")
    speakers = {primary_language(voice.language) for voice in here.values()}
    for name, given in config.clients.items():
        if given.language and primary_language(given.language) not in speakers:
            told = f"languages here: {', '.join(sorted(speakers)) or 'none'}"
            raise ConfigInvalid(f"clients.{name}: no voice here speaks {given.language!r}; {told}")
    if config.voices.default in config.voices.disabled and config.voices.default:
        raise ConfigInvalid(f"voices.default is {config.voices.default!r}, which voices.disabled takes away")
    if here and not set(here) - set(config.voices.disabled):
        raise ConfigInvalid(f"voices.disabled takes away every voice of this box: {', '.join(here)}")


def check_dictionary(config: Config) -> None:
    """Raise ConfigInvalid for an entry of the owner's dictionary that cannot be read."""
    for word, said in config.text.dictionary.items():
        try:
            checked_entry(word, said)
        except ValueError as error:
            raise ConfigInvalid(f"text.dictionary: {error}") from None


def check_files(config: Config) -> None:
    """Raise ConfigInvalid for tokens, a key, a certificate or a shared cache that is named and cannot be used.

    Without a name systemd hands them over, to the service alone.
    """
    tls_context(config.http.tls_cert_file, config.http.tls_key_file)
    secrets = {"token": config.access.tokens_file, "jwt": config.access.jwt_key_file}
    if secrets.get(config.access.mode) is not None:
        from tts_server.daemon.startup import access_settings  # the whole daemon: 0.3 s

        access_settings(config)
    if config.cache.shared:
        from tts_server.daemon.startup import shared_settings  # the whole daemon: 0.3 s

        shared_settings(config)


def check_clients(config: Config) -> None:
    """Raise ConfigInvalid for a client that is neither an address, a network nor a token of ours."""
    names = [name for name in config.clients if network_of(name) is None]
    if config.access.mode == "jwt" or not names:  # whose tokens' names are somebody else's
        return
    from tts_server.daemon.startup import access_settings  # the whole daemon: 0.3 s

    known = [token.name for token in access_settings(config).tokens] if config.access.mode == "token" else []
    for name in names:
        if name not in known:
            told = f"tokens here: {', '.join(known) or 'none'}"
            raise ConfigInvalid(f"clients.{name}: that is no address, no network and no token's name; {told}")


def check_addresses(config: Config) -> None:
    """Raise ConfigInvalid for an address that this machine does not have, and for a socket that nobody can make."""
    server = config.server
    try:
        for opened in listen(server.host, 0):
            opened.close()
    except PortUnavailable as error:
        raise ConfigInvalid(f"server.host: {error}") from None
    if server.wyoming_socket:
        _check_socket(Path(server.wyoming_socket))


def _check_socket(path: Path) -> None:
    folder = path.absolute().parent
    if len(os.fsencode(path)) > _SOCKET_BYTES:
        raise ConfigInvalid(f"server.wyoming_socket: {path} is longer than a socket's {_SOCKET_BYTES} bytes")
    if not folder.is_dir() and folder != _OF_THE_SERVICE:
        raise ConfigInvalid(f"server.wyoming_socket: there is no folder {folder}")
    if path.exists() and not path.is_socket():
        raise ConfigInvalid(f"server.wyoming_socket: {path} is there, and is no socket")


def show(path: Path | None) -> None:
    """Every key, its value and where it came from."""
    from rich.console import Console
    from rich.table import Table

    file = configuration.find_file(path, of_the_service=True)
    tables = configuration.read_file(file) if file else {}
    config = configuration.load(tables)
    table = Table("key", "value", "from", title=str(file or "no file"), title_justify="left")
    for key, source in configuration.where_from(config, tables).items():
        section, _, name = key.partition(".")
        table.add_row(key, _shown(getattr(getattr(config, section), name)), source)
    for engine, settings in config.engines.items():
        table.add_row(f"engines.{engine}", str(settings), "file or environment")
    Console().print(table)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "(none)"
    return "(empty)" if value in ("", None) else str(value)
