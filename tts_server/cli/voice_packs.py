"""`tts-server voices install|verify|remove`: voice packs come, are checked, and go."""

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from tts_server.cli import other_voices
from tts_server.cli.progress_bar import ProgressBar
from tts_server.cli.voices import catalogue
from tts_server.config.paths import cache_folder, state_folder
from tts_server.config.settings import Config, voices_folder
from tts_server.engines.onnx_voices.engine import read_packs
from tts_server.engines.onnx_voices.packs.pack import UNKNOWN_LICENCE, Pack
from tts_server.errors import VoiceDataMissing, VoiceUnknown

EMBEDDED = ("baker", "heart")


def install(source: str, config: Config, *, offline: bool, only: Sequence[str]) -> None:
    """Install a source's voices and tell about them. Raises VoiceDataMissing, VoiceUnknown, BadParameter."""
    if source in EMBEDDED:
        _install_embedded(source)
        return
    from tts_server.engines.sambert.install import HUB, install
    from tts_server.engines.sambert.packs import hub

    folder = voices_folder(config)
    if not source.startswith(HUB) and (made := other_voices.install(source, folder, config, offline=offline)):
        size = sum(path.stat().st_size for path in made.folder.iterdir()) / 1e6
        _say(f"installed {made.name}: {made.description}, licence {made.licence}, {size:.0f} MB")
        if made.licence == UNKNOWN_LICENCE:
            _say("nothing with the files says under which licence the voice is; ask who made it before others hear it")
        _say(f"voice packs are in {folder}; a daemon that uses this folder picks them up by itself")
        return
    try:
        if source.startswith(HUB) and not (model := hub.Model.of(source.removeprefix(HUB))).is_pinned:
            _tell(f"no revision of {model.name} is known to be good here: taking {model.revision}")
        with ProgressBar() as progress:
            folders = hub.Folders(cache_folder() / "fetched", state_folder())
            packs = install(source, folder, folders, progress, offline=offline, only=only)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="SOURCE") from error
    for pack in packs:
        size = sum(path.stat().st_size for path in pack.folder.iterdir()) / 1e6
        _say(f"installed {pack.name}: {pack.source} {pack.revision}, licence {pack.licence}, {size:.0f} MB")
    _say(f"voice packs are in {folder}; a daemon that uses this folder picks them up by itself")


def verify(name: str, config: Config) -> None:
    """Let a voice prove that it speaks here as where it was made. Raises VoiceUnknown, VoiceDataMissing."""
    if name in EMBEDDED:
        _verify_embedded(name, config)
        return
    if (pack := onnx_pack(name, voices_folder(config))) is not None:
        from tts_server.engines.onnx_voices.install.install import verify as verify_onnx

        verify_onnx(pack)
        _say(f"{name}: good")
        return
    from tts_server.engines.sambert.install import verify

    for stage, difference in verify(name, voices_folder(config)).items():
        _say(f"{stage}: largest difference {difference:.1e}")
    _say(f"{name}: good")


def remove(name: str, config: Config) -> None:
    """Remove a voice pack. Raises VoiceUnknown, VoiceDataMissing."""
    if name in EMBEDDED:
        raise VoiceUnknown(f'{name} is no voice pack; `voices.disabled = ["{name}"]` in the configuration turns it off')
    if (pack := onnx_pack(name, voices_folder(config))) is not None:
        from tts_server.engines.onnx_voices.install.install import remove as remove_onnx

        remove_onnx(pack, voices_folder(config))
        _say(f"removed {pack.name}")
        return
    from tts_server.engines.sambert.install import remove

    removed = remove(name, voices_folder(config))
    _say(f"removed {', '.join(removed)}")


def onnx_pack(name: str, folder: Path) -> Pack | None:
    """The pack of that voice or speaker, if it is one of another program's voices."""
    packs, _ = read_packs(folder)
    return next((pack for pack in packs if name in pack.voice_names), None)


def _install_embedded(name: str) -> None:
    if name == "heart":
        raise VoiceUnknown("heart comes with tts-server: there is nothing to install")
    from tts_server.engines.baker.install import install_data

    was_missing = install_data()
    _say("installed baker; a running daemon needs a restart to see it" if was_missing else "baker is installed already")
    _say("its weights are for non-commercial use only (CC BY-NC-SA 4.0); see `tts-server voices info baker`")


def _verify_embedded(name: str, config: Config) -> None:
    from tts_server.daemon.host_settings import host_settings
    from tts_server.engine_host.voices import load_voices

    settings = host_settings(config)
    if name not in [voice.name for voice in catalogue(config).voices]:
        raise VoiceDataMissing(f"voice {name} is not installed, or turned off in the configuration")
    engine, _ = load_voices(settings.engines, settings.engine_settings)[name]
    engine.load(name)
    _say(f"{name}: good")


def _say(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)


def _tell(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)
