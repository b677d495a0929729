"""The phrases of a box as buttons, and one that stops it."""

from homeassistant.components.button import ButtonEntity
from homeassistant.components.tts import (
    ATTR_LANGUAGE,
    ATTR_MEDIA_PLAYER_ENTITY_ID,
    ATTR_MESSAGE,
    ATTR_OPTIONS,
    ATTR_VOICE,
)
from homeassistant.components.tts import DOMAIN as TTS_DOMAIN
from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import (
    CONF_EMOTION,
    CONF_INTENSITY,
    CONF_PITCH,
    CONF_PLAYERS,
    CONF_SPEED,
    CONF_VOLUME,
    DOMAIN,
    SERVICE_STOP,
)
from .coordinator import BoxCoordinator, BoxEntry
from .entity import BoxEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: BoxEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons, and follow the box's phrases."""
    coordinator = entry.runtime_data
    known: set[str] = set()

    @callback
    def follow() -> None:
        if not coordinator.last_update_success:
            return
        names = set(coordinator.data.phrases)
        async_add_entities([PhraseButton(coordinator, name) for name in sorted(names - known)])
        registry = er.async_get(hass)
        for name in known - names:
            unique_id = phrase_id(coordinator, name)
            if gone := registry.async_get_entity_id(Platform.BUTTON, DOMAIN, unique_id):
                registry.async_remove(gone)
        known.clear()
        known.update(names)

    async_add_entities([StopButton(coordinator, "stop")])
    follow()
    entry.async_on_unload(coordinator.async_add_listener(follow))
    _forget_others(hass, entry, {phrase_id(coordinator, name) for name in known})


def phrase_id(coordinator: BoxCoordinator, name: str) -> str:
    """What a phrase's button is known by."""
    return f"{coordinator.config_entry.unique_id}-phrase-{name}"


def _forget_others(hass: HomeAssistant, entry: BoxEntry, kept: set[str]) -> None:
    """Phrases that were forgotten while Home Assistant was not looking."""
    registry = er.async_get(hass)
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        if "-phrase-" in found.unique_id and found.unique_id not in kept:
            registry.async_remove(found.entity_id)


class PhraseButton(BoxEntity, ButtonEntity):
    """Says a phrase on the players that the options name."""

    _attr_translation_key = "phrase"

    def __init__(self, coordinator: BoxCoordinator, name: str) -> None:
        super().__init__(coordinator, f"phrase-{name}")
        self._phrase = name
        self._attr_name = name

    @property
    def available(self) -> bool:
        """Whether the box is there and has the phrase."""
        return super().available and self._phrase in self.coordinator.data.phrases

    async def async_press(self) -> None:
        """Say it, with its own voice and mood."""
        entry, phrase = self.coordinator.config_entry, self.coordinator.data.phrases[self._phrase]
        players = entry.options.get(CONF_PLAYERS)
        if not players:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_player")
        names = (ATTR_VOICE, CONF_EMOTION, CONF_INTENSITY, CONF_SPEED, CONF_PITCH, CONF_VOLUME)
        await self.hass.services.async_call(
            TTS_DOMAIN,
            "speak",
            {
                ATTR_ENTITY_ID: _voice_entity(self.hass, self.coordinator),
                ATTR_MEDIA_PLAYER_ENTITY_ID: players,
                ATTR_MESSAGE: phrase["text"],
                ATTR_LANGUAGE: self._language(phrase.get("voice")),
                ATTR_OPTIONS: {name: phrase[name] for name in names if phrase.get(name) is not None},
            },
            blocking=True,
            context=self._context,
        )

    def _language(self, voice: str | None) -> str:
        """Of the phrase's voice; of the default one where the phrase names none."""
        voices = self.coordinator.data.voices
        name = (voice or "").partition("||")[0]
        return str(next((known["language"] for known in voices if known["name"] == name), voices[0]["language"]))


class StopButton(BoxEntity, ButtonEntity):
    """Stops what the box is saying for this Home Assistant."""

    _attr_translation_key = "stop"

    async def async_press(self) -> None:
        """Stop it."""
        entity = _voice_entity(self.hass, self.coordinator)
        await self.hass.services.async_call(
            DOMAIN, SERVICE_STOP, {ATTR_ENTITY_ID: entity}, blocking=True, context=self._context
        )


def _voice_entity(hass: HomeAssistant, coordinator: BoxCoordinator) -> str:
    unique_id = f"{coordinator.config_entry.unique_id}-tts"
    found = er.async_get(hass).async_get_entity_id(Platform.TTS, DOMAIN, unique_id)
    if found is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_voice")
    return found
