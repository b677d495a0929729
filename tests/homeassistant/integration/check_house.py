"""Phrases as buttons, the device, and what a report of a fault tells."""

import json
from typing import Any

import pytest
from check_speech import by_http
from conftest import Daemon, Start, added
from homeassistant.components import tts
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.tts_server.diagnostics import async_get_config_entry_diagnostics

BUTTON = "button.tts_server_dinner"


async def keep(hass: HomeAssistant, port: int, name: str, phrase: dict[str, Any] | None) -> None:
    """A phrase, or no phrase any more."""
    session, url = async_get_clientsession(hass), f"http://127.0.0.1:{port}/api/phrases/{name}"
    async with session.delete(url) if phrase is None else session.put(url, json=phrase) as answer:
        assert answer.ok, await answer.text()


async def press(hass: HomeAssistant, button: str) -> None:
    """As a person does."""
    await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)


async def test_a_phrase_is_a_button_that_says_it(hass: HomeAssistant, start: Start) -> None:
    daemon = start()
    await keep(hass, daemon.port, "dinner", {"text": "晚饭好了！", "voice": "baker", "emotion": "happy"})
    played = async_mock_service(hass, "media_player", "play_media")
    entry = await added(hass, daemon.port, options={"players": ["media_player.kitchen"]})
    await press(hass, BUTTON)
    [call] = played
    assert call.data["entity_id"] == ["media_player.kitchen"]
    audio = await tts.async_get_media_source_audio(hass, call.data["media_content_id"])
    assert audio[0] == "mp3"
    assert len(audio[1]) > 5_000
    await keep(hass, daemon.port, "door", {"text": "门还开着。"})
    await keep(hass, daemon.port, "dinner", None)
    await entry.runtime_data.async_refresh()
    await hass.async_block_till_done()
    assert hass.states.get(BUTTON) is None
    assert hass.states.get("button.tts_server_door") is not None
    assert entity_registry.async_get(hass).async_get(BUTTON) is None
    await press(hass, "button.tts_server_stop")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_without_a_player_a_button_says_what_is_missing(hass: HomeAssistant, start: Start) -> None:
    daemon = start()
    await keep(hass, daemon.port, "dinner", {"text": "晚饭好了！"})
    entry = await added(hass, daemon.port)
    with pytest.raises(ServiceValidationError, match="players"):
        await press(hass, BUTTON)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_device_and_a_report_without_secrets(hass: HomeAssistant, daemon: Daemon) -> None:
    entry = await added(hass, daemon.port, token="0123456789abcdef0123")
    [device] = device_registry.async_entries_for_config_entry(device_registry.async_get(hass), entry.entry_id)
    assert device.sw_version
    assert device.configuration_url == f"http://127.0.0.1:{daemon.port}/"
    report = json.dumps(await async_get_config_entry_diagnostics(hass, entry))
    assert "0123456789abcdef0123" not in report
    assert "127.0.0.1" not in report
    assert '"baker"' in report
    assert await by_http(hass, daemon.port, "好。")
    assert await hass.config_entries.async_unload(entry.entry_id)
