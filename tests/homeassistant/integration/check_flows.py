"""How a box is added, found again, and trusted again."""

from ipaddress import ip_address
from typing import Any

from conftest import Daemon, Start, add, added
from homeassistant.config_entries import SOURCE_USER, SOURCE_ZEROCONF, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

SECRETS = "kitchen 0123456789abcdef0123\nhall fedcba98765432103210\n"


async def box_id(hass: HomeAssistant, port: int) -> str:
    """As the box tells it."""
    async with async_get_clientsession(hass).get(f"http://127.0.0.1:{port}/api/engine") as answer:
        return str((await answer.json())["id"])


def place(port: int, **more: Any) -> dict[str, Any]:
    """What a person writes into the form."""
    return {"host": "127.0.0.1", "port": port, "ssl": False, "verify_ssl": True, **more}


def announced(name: str, port: int, host: str = "127.0.0.1") -> ZeroconfServiceInfo:
    """What discovery hands over."""
    return ZeroconfServiceInfo(
        ip_address=ip_address(host),
        ip_addresses=[ip_address(host)],
        port=port,
        hostname=f"{name}.local.",
        type="_tts-server._tcp.local.",
        name=f"{name}._tts-server._tcp.local.",
        properties={"txtvers": "1", "tls": "0", "wspath": "/ws/v1"},
    )


async def test_by_hand_with_a_wrong_port_first(hass: HomeAssistant, daemon: Daemon, free_port: int) -> None:
    flow = hass.config_entries.flow
    form = await flow.async_init("tts_server", context={"source": SOURCE_USER})
    wrong = await flow.async_configure(form["flow_id"], place(free_port))
    assert (wrong["type"], wrong["errors"]) == ("form", {"base": "cannot_connect"})
    ended = await flow.async_configure(form["flow_id"], place(daemon.port))
    assert (ended["type"], ended["title"]) == ("create_entry", "tts-server")
    await hass.async_block_till_done()
    assert ended["result"].unique_id == await box_id(hass, daemon.port)
    assert hass.states.get("tts.tts_server") is not None
    again = await flow.async_init("tts_server", context={"source": SOURCE_USER}, data=place(daemon.port))
    assert again["reason"] == "already_configured"
    assert await hass.config_entries.async_unload(ended["result"].entry_id)


async def test_what_is_no_box_is_told_so(hass: HomeAssistant, daemon: Daemon) -> None:
    wyoming = next(int(line.rsplit("Wyoming on port ")[1].split(",")[0]) for line in daemon.log if "Wyoming on" in line)
    told = await hass.config_entries.flow.async_init("tts_server", context={"source": SOURCE_USER}, data=place(wyoming))
    assert told["errors"]["base"] in ("cannot_connect", "no_box")


async def test_discovery_asks_once_and_follows_a_new_address(hass: HomeAssistant, daemon: Daemon) -> None:
    flow, name = hass.config_entries.flow, await box_id(hass, daemon.port)
    found = await flow.async_init("tts_server", context={"source": SOURCE_ZEROCONF}, data=announced(name, daemon.port))
    assert (found["type"], found["step_id"]) == ("form", "confirm")
    ended = await flow.async_configure(found["flow_id"], {})
    await hass.async_block_till_done()
    entry = ended["result"]
    assert entry.unique_id == name
    moved = await flow.async_init(
        "tts_server", context={"source": SOURCE_ZEROCONF}, data=announced(name, daemon.port, "127.0.0.2")
    )
    assert moved["reason"] == "already_configured"
    assert entry.data["host"] == "127.0.0.2"
    await hass.async_block_till_done()
    assert await hass.config_entries.async_unload(entry.entry_id) or entry.state is ConfigEntryState.NOT_LOADED


async def test_tokens_are_asked_for_and_asked_for_anew(hass: HomeAssistant, start: Start, tmp_path: Any) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(SECRETS)
    tokens.chmod(0o600)
    asks = {"TTS_SERVER__ACCESS__MODE": "token", "TTS_SERVER__ACCESS__TOKENS_FILE": str(tokens)}
    daemon, flow = start(**asks), hass.config_entries.flow
    found = await flow.async_init(
        "tts_server", context={"source": SOURCE_ZEROCONF}, data=announced("tts-server-0123abcd", daemon.port)
    )
    assert found["step_id"] == "token"
    wrong = await flow.async_configure(found["flow_id"], {"token": "no"})
    assert wrong["errors"] == {"base": "token"}
    ended = await flow.async_configure(found["flow_id"], {"token": "0123456789abcdef0123"})
    assert ended["type"] == "create_entry"
    await hass.async_block_till_done()
    entry = ended["result"]
    daemon.stop()
    tokens.write_text(SECRETS.splitlines(keepends=True)[1])
    start(daemon.port, **asks)
    await entry.runtime_data.async_refresh()
    await hass.async_block_till_done()
    [asking] = flow.async_progress()
    assert asking["step_id"] == "reauth_confirm"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_away_is_tried_again_and_heard_when_it_is_back(hass: HomeAssistant, start: Start, free_port: int) -> None:
    entry = await add(hass, free_port)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    daemon = start(free_port)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    daemon.stop()
    await entry.runtime_data.async_refresh()
    assert hass.states.get("tts.tts_server").state == "unavailable"
    assert entry.runtime_data.update_interval.total_seconds() == 5
    start(free_port)
    await entry.runtime_data.async_refresh()
    assert hass.states.get("tts.tts_server").state != "unavailable"
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_another_place_and_options(hass: HomeAssistant, daemon: Daemon) -> None:
    name = await box_id(hass, daemon.port)
    entry = await added(hass, daemon.port)
    form = await entry.start_reconfigure_flow(hass)
    other = await hass.config_entries.flow.async_configure(form["flow_id"], place(daemon.port))
    assert other["reason"] == ("reconfigure_successful" if entry.unique_id == name else "another_box")
    shown = await hass.config_entries.options.async_init(entry.entry_id)
    chosen = {"players": ["media_player.kitchen"], "emotion": "happy", "speed": 1.2}
    kept = await hass.config_entries.options.async_configure(shown["flow_id"], chosen)
    assert kept["type"] == "create_entry"
    await hass.async_block_till_done()
    assert entry.options == chosen
    assert await hass.config_entries.async_unload(entry.entry_id)
