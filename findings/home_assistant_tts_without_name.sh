#!/usr/bin/env bash
# Seen: a text-to-speech entity that takes its device's name (_attr_has_entity_name, _attr_name = None) is added like any other, and never speaks: "TTS engine name is not set."
# Whom: authors of integrations with one entity a device, who name it as the developer documents ask of an entity that is the device's main feature.
# Why:  the speech manager refuses an engine whose `name` is None before it asks it for sound; only text-to-speech entities are looked at so.
# Way out: give the entity a name of its own, such as the title of the configuration entry.
# Needs Python 3.13, as this Home Assistant does: PYTHON=python3.13
set -euo pipefail
python=${PYTHON:-python3.13}
command -v "$python" >/dev/null && "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' || exit 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Its 2026.2 asks for 3.13.2, and runs on 3.13.0 as well.
export PIP_IGNORE_REQUIRES_PYTHON=1
"$python" -m venv "$folder" && "$folder/bin/pip" install --quiet homeassistant==2026.2.3 mutagen==1.47.0 ha-ffmpeg==3.2.2 pyturbojpeg==1.8.0 hassil==3.5.0 home-assistant-intents==2026.1.28 || exit 2

"$folder/bin/python" - "$folder/config" <<'PYTHON'
import asyncio
import logging
import os
import sys

from homeassistant import bootstrap, config_entries, loader
from homeassistant.components import tts
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_component import EntityComponent

print("Home Assistant", __version__)
logging.disable(logging.CRITICAL)  # the refusal is told twice: as an exception, and in the log


class Voice(tts.TextToSpeechEntity):
    """A voice that says everything as the same three bytes."""

    _attr_has_entity_name = True
    _attr_default_language = "en"
    _attr_supported_languages = ["en"]

    def __init__(self, name):
        self._attr_name = name

    def get_tts_audio(self, message, language, options):
        return "mp3", b"abc"


async def said_by(hass, manager, name):
    voice = Voice(name)
    voice.entity_id = "tts.named" if name else "tts.without_name"
    await hass.data[tts.DATA_COMPONENT].async_add_entities([voice])
    stream = manager.async_create_result_stream(voice.entity_id, use_file_cache=False)
    stream.async_set_message("Dinner is ready.")
    try:
        return b"".join([part async for part in stream.async_stream_result()])
    except HomeAssistantError as error:
        return str(error)


async def main(folder):
    os.makedirs(folder)
    hass = HomeAssistant(folder)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    loader.async_setup(hass)
    await bootstrap.async_load_base_functionality(hass)
    manager = hass.data[tts.DATA_TTS_MANAGER] = tts.SpeechManager(hass, False, folder, 300)
    hass.data[tts.DATA_COMPONENT] = EntityComponent(logging.getLogger("tts"), "tts", hass)
    found = {name: await said_by(hass, manager, name) for name in ("Kitchen", None)}
    await hass.async_stop(force=True)
    return found


found = asyncio.run(main(sys.argv[1]))
for name, said in found.items():
    print(f"name {name!r:10} {said!r}")
if found != {"Kitchen": b"abc", None: "TTS engine name is not set."}:
    sys.exit("changed: an entity without a name of its own speaks, or is refused otherwise")
PYTHON
