"""A core of Home Assistant without a house around it. On Home Assistant's Python; imports nothing of ours."""

import logging
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from homeassistant import bootstrap, config_entries, loader
from homeassistant.components import tts
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_component import EntityComponent


@asynccontextmanager
async def home() -> AsyncGenerator[HomeAssistant]:
    """It knows the `wyoming` integration and where text-to-speech entities go."""
    with tempfile.TemporaryDirectory() as folder:
        hass = HomeAssistant(folder)
        hass.config_entries = config_entries.ConfigEntries(hass, {})
        loader.async_setup(hass)
        await bootstrap.async_load_base_functionality(hass)
        hass.data[tts.DATA_COMPONENT] = EntityComponent(logging.getLogger("tts"), "tts", hass)
        # What the integration builds on (pipelines, ffmpeg, ...) is not what is looked at here.
        integration = await loader.async_get_integration(hass, "wyoming")
        hass.config.components.update({"wyoming", *integration.dependencies, "tts"})
        yield hass
        await hass.async_stop(force=True)
