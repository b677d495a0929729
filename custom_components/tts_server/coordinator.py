"""Keeps what a box has up to date: its voices, its phrases, whether it is there."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_SSL, CONF_TOKEN, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .box import Address, Box
from .const import DOMAIN
from .speech import BoxError, TokenRefused

log = logging.getLogger(__name__)

LOOK_AGAIN: Final = timedelta(seconds=60)
LOOK_FOR_IT: Final = timedelta(seconds=5)  # while it is away, so that a restart of the box is hardly noticed


@dataclass(frozen=True, slots=True)
class Found:
    """What a box told."""

    engine: dict[str, Any]
    voices: list[dict[str, Any]]  # the default one first
    emotions: dict[str, dict[str, Any]]
    phrases: dict[str, dict[str, Any]]


class BoxCoordinator(DataUpdateCoordinator[Found]):
    """Asks a box once a minute."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        super().__init__(hass, log, config_entry=entry, name=entry.title, update_interval=LOOK_AGAIN)
        self.box = Box(async_get_clientsession(hass), address_of(entry.data))

    async def _async_update_data(self) -> Found:
        box = self.box
        try:
            found = Found(await box.engine(), await box.voices(), await box.emotions(), await box.phrases())
        except TokenRefused as error:
            raise ConfigEntryAuthFailed(str(error)) from error
        except BoxError as error:
            self.update_interval = LOOK_FOR_IT
            raise UpdateFailed(
                translation_domain=DOMAIN, translation_key="away", translation_placeholders={"reason": str(error)}
            ) from error
        if not found.voices:  # it starts, or waits for a mistake in its settings to be corrected
            self.update_interval = LOOK_FOR_IT
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="no_voice")
        self.update_interval = LOOK_AGAIN
        return found


def address_of(data: Any) -> Address:
    """Where the box of a config entry is."""
    return Address(
        host=data[CONF_HOST],
        port=int(data[CONF_PORT]),
        token=data.get(CONF_TOKEN) or None,
        tls=data.get(CONF_SSL, False),
        verify=data.get(CONF_VERIFY_SSL, True),
    )


BoxEntry = ConfigEntry[BoxCoordinator]
