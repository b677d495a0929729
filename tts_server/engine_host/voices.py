"""Makes the engines and lists their voices: in the engine host, and for the command line."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from typing import Any

from tts_server.engine import Engine, Voice

log = logging.getLogger(__name__)


def load_engines(engines: Mapping[str, str], settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Engine]:
    """Engines ("name": "module:Class") made, by name. One that fails is logged by name and skipped."""
    made: dict[str, Engine] = {}
    for name, target in engines.items():
        module, _, cls = target.partition(":")
        try:
            made[name] = getattr(import_module(module), cls)(settings.get(name, {}))
        except Exception:
            log.exception("engine %s cannot be used and is skipped", name)
    return made


def list_voices(engines: Mapping[str, Engine]) -> dict[str, tuple[Engine, Voice]]:
    """The voices of all engines, by name. Of two voices of one name the first is taken."""
    voices: dict[str, tuple[Engine, Voice]] = {}
    for name, engine in engines.items():
        try:
            for voice in engine.voices:
                json.dumps(asdict(voice))  # whoever lists voices tells others of them
                if voices.setdefault(voice.name, (engine, voice))[0] is not engine:
                    log.error("engine %s has a voice %s too, which is skipped: the name is taken", name, voice.name)
        except Exception:
            log.exception("engine %s cannot tell its voices and is skipped", name)
    return voices


def load_voices(
    engines: Mapping[str, str], settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[Engine, Voice]]:
    """Engines made, by voice name."""
    return list_voices(load_engines(engines, settings))
