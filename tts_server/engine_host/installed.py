"""Which engines are installed, by their entry points. Nothing of an engine is imported here."""

from collections.abc import Sequence
from importlib.metadata import entry_points

from tts_server.errors import ConfigInvalid

GROUP = "tts_server.engines"


def installed_engines(chosen: Sequence[str] | None = None) -> dict[str, str]:
    """Engines by name as "module:Class"; only the chosen ones, if given. Raises ConfigInvalid for a missing one."""
    found = {entry.name: entry.value for entry in entry_points(group=GROUP)}
    if chosen is None:
        return found
    if missing := [name for name in chosen if name not in found]:
        known = ", ".join(found) or "none"
        raise ConfigInvalid(f"engine_host.engines: no engine {missing[0]!r} is installed; installed: {known}")
    return {name: found[name] for name in chosen}
