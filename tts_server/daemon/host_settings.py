"""The configuration, cut to what the engine host is told. Imports nothing heavy: it is asked for before the rest."""

from typing import Any

from tts_server.config.paths import cache_folder, state_folder
from tts_server.config.settings import Config, voices_folder
from tts_server.engine_host.installed import installed_engines
from tts_server.engine_host.settings import HostSettings
from tts_server.processors import usable_processors
from tts_server.user_data.words_file import FILE_NAME, read_words

ENGINES_WITH_PACKS = ("onnx_voices", "sambert")


def host_settings(config: Config) -> HostSettings:
    """What the engine host is started with."""
    usual: dict[str, dict[str, Any]] = {name: {"voices_dir": str(voices_folder(config))} for name in ENGINES_WITH_PACKS}
    usual["onnx_voices"]["max_memory_mb"] = config.engine_host.max_memory_mb
    return HostSettings(
        engines=installed_engines(config.engine_host.engines),
        engine_settings={
            **config.engines,
            **{name: {**given, **config.engines.get(name, {})} for name, given in usual.items()},
        },
        default_voice=config.voices.default,
        disabled_voices=config.voices.disabled,
        preload=[voice for voice in config.voices.preload if voice not in config.voices.disabled],
        loudness_lufs=config.voices.loudness_lufs,
        loudness_file=str(cache_folder() / "loudness.json"),
        max_memory_mb=config.engine_host.max_memory_mb,
        threads=config.engine_host.threads or usable_processors(),
        chunk_timeout_s=config.engine_host.chunk_timeout_s,
        start_timeout_s=config.engine_host.start_timeout_s,
        dictionary={**read_words(state_folder() / FILE_NAME), **config.text.dictionary},
        log_level=config.log.level,
        log_format=config.log.format,
    )
