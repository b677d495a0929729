"""What helps whoever looks for a fault: all that is known of a box, without its token, its address and its texts."""

from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_HOST, CONF_TOKEN
from homeassistant.core import HomeAssistant

from .coordinator import BoxEntry

SECRET: Final = {CONF_TOKEN, CONF_HOST}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: BoxEntry) -> dict[str, Any]:
    """Of one box."""
    coordinator = entry.runtime_data
    found = coordinator.data
    return {
        "entry": async_redact_data(dict(entry.data), SECRET),
        "options": dict(entry.options),
        "is_there": coordinator.last_update_success,
        "engine": found.engine,
        "voices": [{name: voice[name] for name in ("name", "language", "engine", "version")} for voice in found.voices],
        "phrases": len(found.phrases),
    }
