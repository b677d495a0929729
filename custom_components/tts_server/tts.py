"""The voice of a box as a text-to-speech entity: text is spoken while it is being written."""

import struct
from collections.abc import AsyncGenerator
from typing import Any, Final

import voluptuous as vol
from homeassistant.components.tts import (
    ATTR_PREFERRED_FORMAT,
    ATTR_PREFERRED_SAMPLE_BYTES,
    ATTR_PREFERRED_SAMPLE_CHANNELS,
    ATTR_PREFERRED_SAMPLE_RATE,
    ATTR_VOICE,
    TextToSpeechEntity,
    TTSAudioRequest,
    TTSAudioResponse,
    Voice,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_EMOTION, CONF_INTENSITY, CONF_PITCH, CONF_SPEED, CONF_VOLUME, DOMAIN
from .coordinator import BoxCoordinator, BoxEntry
from .entity import BoxEntity
from .speech import BoxAway, BoxError, Speech, TokenRefused

PARALLEL_UPDATES = 0
UNKNOWN_SIZE: Final = 0xFFFFFFFF
CAF_LITTLE_ENDIAN: Final = 2

OPTIONS: Final = vol.Schema(
    {
        vol.Optional(ATTR_VOICE): vol.All(str, vol.Length(min=1, max=64)),
        vol.Optional(CONF_EMOTION): vol.All(str, vol.Length(min=1, max=32)),
        vol.Optional(CONF_INTENSITY): vol.All(vol.Coerce(float), vol.Range(0, 2)),
        vol.Optional(CONF_SPEED): vol.All(vol.Coerce(float), vol.Range(0.4, 2.5)),
        vol.Optional(CONF_PITCH): vol.All(vol.Coerce(float), vol.Range(-12, 12)),
        vol.Optional(CONF_VOLUME): vol.All(vol.Coerce(float), vol.Range(-40, 12)),
    },
    extra=vol.REMOVE_EXTRA,  # hints on the format, which Home Assistant converts to itself
)
STYLE: Final = (ATTR_VOICE, CONF_EMOTION, CONF_INTENSITY, CONF_SPEED, CONF_PITCH, CONF_VOLUME)
# Named as options, so that they are told: what needs no conversion is then handed over as it is.
FORMAT_HINTS: Final = (
    *(ATTR_PREFERRED_FORMAT, ATTR_PREFERRED_SAMPLE_RATE),
    *(ATTR_PREFERRED_SAMPLE_CHANNELS, ATTR_PREFERRED_SAMPLE_BYTES),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: BoxEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the one entity of a box."""
    async_add_entities([BoxVoice(entry.runtime_data)])


class BoxVoice(BoxEntity, TextToSpeechEntity):
    """Speaks with all voices of a box."""

    _attr_has_entity_name = False  # without a name of its own Home Assistant lets no voice speak
    _attr_supported_options = [*STYLE, *FORMAT_HINTS]  # noqa: RUF012 - Home Assistant's own type

    def __init__(self, coordinator: BoxCoordinator) -> None:
        super().__init__(coordinator, "tts")
        defaults = coordinator.config_entry.options
        self._attr_name = coordinator.config_entry.title
        self._attr_default_options = {name: defaults[name] for name in STYLE if name in defaults}
        self._speeches: set[Speech] = set()
        self._take(coordinator)

    @callback
    def _handle_coordinator_update(self) -> None:
        if self.coordinator.last_update_success:
            self._take(self.coordinator)
        super()._handle_coordinator_update()

    def _take(self, coordinator: BoxCoordinator) -> None:
        voices = coordinator.data.voices
        self._attr_supported_languages = sorted({voice["language"] for voice in voices})
        self._attr_default_language = voices[0]["language"]

    @callback
    def async_get_supported_voices(self, language: str) -> list[Voice]:
        """The voices of a language; each of its emotions as one more, since an assistant chooses a voice only."""
        emotions = self.coordinator.data.emotions
        found = []
        for voice in self.coordinator.data.voices:
            if voice["language"] == language:
                name = voice["name"]
                found.append(Voice(name, name))
                for emotion in voice["emotions"]:
                    if emotion != "neutral":
                        chinese = emotions[emotion]["zh"] if emotion in emotions else ""
                        found.append(Voice(f"{name}||{emotion}", f"{name} ({emotion} {chinese})"))
        return found

    async def async_stream_tts_audio(self, request: TTSAudioRequest) -> TTSAudioResponse:
        """Speak while the text is being written."""
        try:
            options = OPTIONS(request.options)
            self._check_emotion(options.get(CONF_EMOTION))
        except vol.Invalid as error:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="bad_option", translation_placeholders={"reason": str(error)}
            ) from error
        if "||" in options.get(ATTR_VOICE, ""):
            options.pop(CONF_EMOTION, None)  # the voice's own mood is not undone by the default of the options
        options.setdefault("language", request.language)
        # Home Assistant converts by ffmpeg, which waits for 4 s of a WAV from a pipe, in case it hides another codec,
        # and for half a second at most of a CAF, which has the same samples.
        wishes = {name: request.options[name] for name in FORMAT_HINTS if request.options.get(name) is not None}
        extension = "wav" if wishes == {ATTR_PREFERRED_FORMAT: "wav"} else "caf"
        return TTSAudioResponse(extension, self._speak(request, options, extension))

    def _check_emotion(self, wanted: str | None) -> None:
        """An emotion the voice lacks becomes the nearest; a word that is none is a mistake. Raises Invalid."""
        emotions = self.coordinator.data.emotions.values()
        if wanted is not None and not any(
            wanted.strip().casefold() in (one["name"], *(alias.casefold() for alias in one["aliases"]))
            for one in emotions
        ):
            raise vol.Invalid(f"{wanted} is no emotion; known are {', '.join(one['name'] for one in emotions)}")

    async def _speak(self, request: TTSAudioRequest, options: dict[str, Any], extension: str) -> AsyncGenerator[bytes]:
        try:
            async with self.coordinator.box.speak(request.message_gen, options) as speech:
                self._speeches.add(speech)
                try:
                    yield header(extension, speech.sample_rate)
                    async for pcm in speech.sound():
                        yield pcm
                finally:
                    self._speeches.discard(speech)
        except BoxError as error:
            if isinstance(error, BoxAway | TokenRefused):
                self.hass.async_create_task(self.coordinator.async_request_refresh())
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="not_spoken", translation_placeholders={"reason": str(error)}
            ) from error

    async def async_stop(self, everywhere: bool = False) -> None:
        """Stop what this entity is saying; everywhere: whatever the box says, for whomever."""
        for speech in list(self._speeches):
            await speech.stop()
        if everywhere:
            try:
                await self.coordinator.box.silence_everything()
            except BoxError as error:
                raise HomeAssistantError(
                    translation_domain=DOMAIN,
                    translation_key="not_stopped",
                    translation_placeholders={"reason": str(error)},
                ) from error


def header(extension: str, sample_rate: int) -> bytes:
    """Of a file of unknown length, mono, 16 bit."""
    if extension == "caf":
        described = struct.pack(">d4sIIIII", sample_rate, b"lpcm", CAF_LITTLE_ENDIAN, 2, 1, 1, 16)
        head = b"caff" + struct.pack(">HH", 1, 0) + b"desc" + struct.pack(">q", len(described)) + described
        return head + b"data" + struct.pack(">qI", -1, 0)
    form = struct.pack("<IHHIIHH", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16)
    return b"RIFF" + struct.pack("<I", UNKNOWN_SIZE) + b"WAVEfmt " + form + b"data" + struct.pack("<I", UNKNOWN_SIZE)
