"""Makes the engines and lists their voices: in the engine host, and for the command line."""

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tts_server.engine import Engine, Voice

log = logging.getLogger(__name__)


def load_voices(
    engines: Mapping[str, str], settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[Engine, Voice]]:
    """Engines ("name": "module:Class") made, by voice name. One that fails is logged by name and skipped."""
    voices: dict[str, tuple[Engine, Voice]] = {}
    for name, target in engines.items():
        module, _, cls = target.partition(":")
        try:
            engine: Engine = getattr(import_module(module), cls)(settings.get(name, {}))
            voices.update({voice.name: (engine, voice) for voice in engine.voices})
        except Exception:
            log.exception("engine %s cannot be used and is skipped", name)
    return voices
