"""tts-server: the house's voice, with emotion, streamed while the text is being written."""

import voluptuous as vol
from homeassistant.components.tts import DOMAIN as TTS_DOMAIN
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_platform_entity_service
from homeassistant.helpers.typing import ConfigType

from .const import ATTR_EVERYWHERE, DOMAIN, SERVICE_STOP
from .coordinator import BoxCoordinator, BoxEntry

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [Platform.TTS, Platform.BUTTON]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the service."""
    async_register_platform_entity_service(
        hass,
        DOMAIN,
        SERVICE_STOP,
        entity_domain=TTS_DOMAIN,
        schema={vol.Optional(ATTR_EVERYWHERE, default=False): cv.boolean},
        func="async_stop",
    )
    return True


async def async_setup_entry(hass: HomeAssistant, entry: BoxEntry) -> bool:
    """Set up a box. Raises ConfigEntryNotReady while it is away, ConfigEntryAuthFailed for its token."""
    coordinator = BoxCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: BoxEntry) -> bool:
    """Let go of a box."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
