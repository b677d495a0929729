"""How a box is added: found on the network, or by its address; and what can be chosen for it."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.components.media_player import DOMAIN as MEDIA_PLAYER
from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_SSL, CONF_TOKEN, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .box import Box
from .const import (
    CONF_EMOTION,
    CONF_PITCH,
    CONF_PLAYERS,
    CONF_SPEED,
    CONF_VOICE,
    CONF_VOLUME,
    DEFAULT_PORT,
    DOMAIN,
    SERVICE_TYPE,
)
from .coordinator import BoxEntry, address_of
from .speech import BoxAway, BoxError, TokenRefused

TITLE = "tts-server"
SECRET = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))


def _place_form(default: Mapping[str, Any]) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required(CONF_HOST, default=default.get(CONF_HOST, vol.UNDEFINED)): TextSelector(),
            vol.Required(CONF_PORT, default=default.get(CONF_PORT, DEFAULT_PORT)): vol.All(int, vol.Range(1, 65535)),
            vol.Optional(CONF_TOKEN): SECRET,
            vol.Required(CONF_SSL, default=default.get(CONF_SSL, False)): bool,
            vol.Required(CONF_VERIFY_SSL, default=default.get(CONF_VERIFY_SSL, True)): bool,
        }
    )


TOKEN_FORM = vol.Schema({vol.Required(CONF_TOKEN): SECRET})


class TtsServerFlow(ConfigFlow, domain=DOMAIN):
    """Adds a box."""

    VERSION = 1

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """By its address."""
        errors: dict[str, str] = {}
        if user_input is not None:
            box_id, errors = await _ask(self.hass, user_input)
            if box_id is not None:
                await self.async_set_unique_id(box_id)
                self._abort_if_unique_id_configured(updates=user_input)
                return self.async_create_entry(title=TITLE, data=user_input)
        return self.async_show_form(step_id="user", data_schema=_place_form(user_input or {}), errors=errors)

    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """As it is announced; one that is known may have moved."""
        box_id = discovery_info.name.removesuffix(f".{SERVICE_TYPE}")
        tls = discovery_info.properties.get("tls") == "1"
        self._found = {CONF_HOST: discovery_info.host, CONF_PORT: discovery_info.port, CONF_SSL: tls}
        await self.async_set_unique_id(box_id)
        self._abort_if_unique_id_configured(updates=self._found)
        self._found[CONF_VERIFY_SSL] = False  # it was found by an address, for which no certificate is made
        self.context["title_placeholders"] = {"name": box_id}
        _, errors = await _ask(self.hass, self._found)
        if errors.get("base") == "token":
            return await self.async_step_token()
        if errors:
            return self.async_abort(reason=errors["base"])
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Shall it be added?"""
        if user_input is not None:
            return self.async_create_entry(title=TITLE, data=self._found)
        self._set_confirm_only()
        return self.async_show_form(step_id="confirm", description_placeholders={"host": self._found[CONF_HOST]})

    async def async_step_token(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """A box that was found asks for a token."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {**self._found, **user_input}
            box_id, errors = await _ask(self.hass, data)
            if box_id is not None:
                return self.async_create_entry(title=TITLE, data=data)
        return self.async_show_form(
            step_id="token",
            data_schema=TOKEN_FORM,
            errors=errors,
            description_placeholders={"host": self._found[CONF_HOST]},
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The token is no longer good."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Another one."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            box_id, errors = await _ask(self.hass, {**entry.data, **user_input})
            if box_id is not None:
                await self.async_set_unique_id(box_id)
                self._abort_if_unique_id_mismatch(reason="another_box")
                return self.async_update_reload_and_abort(entry, data_updates=user_input)
        return self.async_show_form(step_id="reauth_confirm", data_schema=TOKEN_FORM, errors=errors)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """The box has moved."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {**({CONF_TOKEN: entry.data[CONF_TOKEN]} if CONF_TOKEN in entry.data else {}), **user_input}
            box_id, errors = await _ask(self.hass, data)
            if box_id is not None:
                await self.async_set_unique_id(box_id)
                self._abort_if_unique_id_mismatch(reason="another_box")
                return self.async_update_reload_and_abort(entry, data=data)
        form = _place_form(user_input or entry.data)
        return self.async_show_form(step_id="reconfigure", data_schema=form, errors=errors)

    @staticmethod
    @callback
    def async_get_options_flow(config_entry: ConfigEntry) -> "TtsServerOptions":
        """What can be chosen later."""
        return TtsServerOptions()


class TtsServerOptions(OptionsFlowWithReload):
    """Where phrases are said, and how everything sounds that says nothing else."""

    config_entry: BoxEntry

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """One page."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        form = self.add_suggested_values_to_schema(self._form(), self.config_entry.options)
        return self.async_show_form(step_id="init", data_schema=form)

    def _form(self) -> vol.Schema:
        coordinator = getattr(self.config_entry, "runtime_data", None)
        found = coordinator.data if coordinator is not None else None
        voices = [voice["name"] for voice in found.voices] if found else []
        emotions = list(found.emotions.values()) if found else []
        labels = [SelectOptionDict(value=one["name"], label=f"{one['en']} {one['zh']}") for one in emotions]
        return vol.Schema(
            {
                vol.Optional(CONF_PLAYERS): EntitySelector(EntitySelectorConfig(domain=MEDIA_PLAYER, multiple=True)),
                vol.Optional(CONF_VOICE): SelectSelector(SelectSelectorConfig(options=voices, custom_value=True)),
                vol.Optional(CONF_EMOTION): SelectSelector(SelectSelectorConfig(options=labels, custom_value=True)),
                vol.Optional(CONF_SPEED): _number(0.4, 2.5, 0.1),
                vol.Optional(CONF_PITCH): _number(-12, 12, 0.5),
                vol.Optional(CONF_VOLUME): _number(-40, 12, 1),
            }
        )


def _number(least: float, most: float, step: float) -> NumberSelector:
    return NumberSelector(NumberSelectorConfig(min=least, max=most, step=step))


async def _ask(hass: HomeAssistant, data: Mapping[str, Any]) -> tuple[str | None, dict[str, str]]:
    """The id of the box that is there, or what to tell in the form."""
    try:
        engine = await Box(async_get_clientsession(hass), address_of(data)).engine()
    except TokenRefused:
        return None, {"base": "token"}
    except BoxAway:
        return None, {"base": "cannot_connect"}
    except BoxError:
        return None, {"base": "no_box"}
    if not engine.get("id"):
        return None, {"base": "no_box"}
    return str(engine["id"]), {}
