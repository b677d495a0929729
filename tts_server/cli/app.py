"""`tts-server`: the commands, their options and exit codes."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tts_server import __version__
from tts_server.errors import ConfigInvalid, TTSError

EXIT_FAILED = 1
EXIT_BAD_USAGE = 2

app = typer.Typer(
    name="tts-server",
    help="A home's voice: streams Mandarin and English speech to Home Assistant, chatbots and voice devices.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
voices_app = typer.Typer(help="Which voices are here.", no_args_is_help=True)
config_app = typer.Typer(help="Check or show the configuration.", no_args_is_help=True)
app.add_typer(voices_app, name="voices")
app.add_typer(config_app, name="config")

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")]
LogLevelOption = Annotated[str | None, typer.Option(help="debug, info, warning or error.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tts-server {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    http_port: Annotated[int | None, typer.Option(help="HTTP port.")] = None,
    wyoming_port: Annotated[int | None, typer.Option(help="Wyoming port.")] = None,
    log_level: LogLevelOption = None,
) -> None:
    """Run the daemon until it is stopped by SIGTERM or Ctrl-C."""
    from tts_server import daemon, logs

    server = {"host": host, "http_port": http_port, "wyoming_port": wyoming_port}
    loaded = load_config(config, server=server, log={"level": log_level})
    logs.configure(loaded.log.level, loaded.log.format)
    asyncio.run(daemon.run(loaded))


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="WAV file to write; - is stdout.")] = None,
    voice: Annotated[str | None, typer.Option(help="Voice; see `tts-server voices list`.")] = None,
    emotion: Annotated[str | None, typer.Option(help="NAME or NAME:INTENSITY, for example happy:0.7.")] = None,
    speed: Annotated[float, typer.Option(help="1 is normal, 2 twice as fast.")] = 1.0,
    pitch: Annotated[float, typer.Option(help="Semitones up or down.")] = 0.0,
    volume: Annotated[float, typer.Option(help="dB up or down.")] = 0.0,
    server: Annotated[
        str | None, typer.Option(help="Let a running daemon speak: http://HOST:8080 or ws://HOST:8080.")
    ] = None,
    config: ConfigOption = None,
    log_level: LogLevelOption = "warning",
) -> None:
    """Say a text: into a WAV file, or aloud where a player is found."""
    from tts_server.cli import say as command

    loaded = load_config(config, log={"level": log_level})
    request = command.Request.of(_read_text(text), voice, emotion, speed, pitch, volume)
    command.say(request, output, server, loaded)


@app.command()
def frontend(
    text: Annotated[str, typer.Argument(help="What to analyse; - reads one text a line from standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a text.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show what will be said: normalised text, words, pinyin, breaks, offsets."""
    from tts_server.cli import frontend as command

    texts = (line.rstrip("\n") for line in sys.stdin) if text == "-" else [text]
    command.show(texts, as_json, load_config(config).text.dictionary)


@voices_app.command("list")
def voices_list(config: ConfigOption = None) -> None:
    """List the voices that can be used."""
    from tts_server.cli import voices as command

    command.show_list(load_config(config))


@voices_app.command("info")
def voices_info(name: str, config: ConfigOption = None) -> None:
    """Tell all about one voice, its licence included."""
    from tts_server.cli import voices as command

    command.show_info(name, load_config(config))


@config_app.command("check")
def config_check(config: ConfigOption = None) -> None:
    """Say whether the configuration can be used, and what is wrong if not."""
    from tts_server.cli import config as command

    command.check(config)


@config_app.command("show")
def config_show(config: ConfigOption = None) -> None:
    """Show every key, its value and where it came from."""
    from tts_server.cli import config as command

    command.show(config)


def load_config(path: Path | None, **overrides: dict[str, Any]) -> Any:
    """The configuration, with those overrides that are not None on top."""
    from tts_server import config

    given = {section: {key: v for key, v in values.items() if v is not None} for section, values in overrides.items()}
    file = config.find_file(path)
    return config.load(config.read_file(file) if file else {}, given)


def _read_text(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def main() -> None:
    """Run a command; our own errors become one line on stderr and an exit code."""
    try:
        app()
    except ConfigInvalid as error:
        _fail(error, EXIT_BAD_USAGE)
    except TTSError as error:
        _fail(error, EXIT_FAILED)
    except BaseExceptionGroup as group:
        ours, others = group.split(TTSError)
        if ours is None or others is not None:
            raise
        _fail(_first(ours), EXIT_FAILED)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _fail(error: BaseException, code: int) -> None:
    logging.getLogger(__name__).debug("failed", exc_info=error)
    typer.echo(f"tts-server: {error}", err=True)
    sys.exit(code)
