"""What boxes of one house should have in common, as digests that can be compared: of each section, and of all.

Left out is what belongs to one box: where it listens and keeps things, what it is called, how much of it may be used.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from tts_server.config.settings import Config

_OF_ONE_BOX: Final[Mapping[str, set[str] | bool]] = {
    "server": {"host", "wyoming_port", "wyoming_socket", "http_port", "agent_port", "node", "host_names"},
    "access": {"tokens_file", "jwt_key_file"},
    "http": {"tls_cert_file", "tls_key_file"},
    "voices": {"folder", "hub"},
    "engine_host": {"threads", "max_memory_mb"},
    "cache": True,
    "discovery": True,
    "log": True,
}


def section_digests(config: Config) -> dict[str, str]:
    """Of each section, by name. Equal where the settings are, whatever file or variable they come from."""
    sections = config.model_dump(mode="json", exclude=_OF_ONE_BOX)
    return {name: _digest(settings) for name, settings in sections.items()}


def settings_digest(config: Config) -> str:
    """Of all of it."""
    return _digest(section_digests(config))


def _digest(value: object) -> str:
    told = json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
    return blake2b(told, digest_size=6).hexdigest()
