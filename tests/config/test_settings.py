"""The configuration: the example holds every default, mistakes are named, sources have an order."""

import tomllib
from math import inf, nan
from pathlib import Path

import pytest

from tts_server.config import settings as config
from tts_server.config.settings import Config, Section
from tts_server.errors import ConfigInvalid

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_the_example_holds_every_key_with_its_default() -> None:
    tables = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert config.load(tables) == config.load({})
    optional = {  # TOML has no null: left out means all, or none
        *(
            "server.agent_port",
            "engine_host.engines",
            "cache.folder",
            "cache.shared_password_file",
            "cache.shared_ca_file",
            "access.tokens_file",
            "access.jwt_key_file",
            "http.tls_cert_file",
            "http.tls_key_file",
            "voices.sentence_pause_ms",
            "voices.clause_pause_ms",
        )
    }
    for section, model in Config():
        if isinstance(model, Section):
            missing = {f"{section}.{key}" for key in type(model).model_fields} - {
                f"{section}.{key}" for key in tables[section]
            }
            assert missing <= optional


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"server": {"htp_port": 1}}, r"no key server\.htp_port; did you mean server\.http_port\?"),
        ({"sever": {}}, r"no key sever; did you mean server\?"),
        ({"limits": {"grace_s": -1}}, r"limits\.grace_s: .*greater than 0 \(it is -1\)"),
        ({"server": {"http_port": "many"}}, r"server\.http_port: .*integer.*'many'"),
        ({"voices": {"emotion": "hungry"}}, r"voices\.emotion: .*'hungry'"),
        ({"server": {"networks": ["300.0.0.0/8"]}}, r"^server\.networks\.0[^;]*: that is no network; [^;]*$"),
        ({"server": {"trusted_proxies": ["proxy"]}}, r"^server\.trusted_proxies\.0[^;]*: that is no network"),
        ({"server": {"networks": ["192.168.1.5/24"]}}, r"inside a network; write 192\.168\.1\.0/24"),
        ({"server": {"networks": [5]}}, r"server\.networks\.0"),
        ({"server": {"origins": ["panel.example"]}}, r"server\.origins\.0: write a whole origin"),
        ({"server": {"origins": ["https://panel.example/page"]}}, r"server\.origins\.0: write a whole origin"),
        ({"discovery": {"name": "客厅" * 11}}, r"discovery\.name: .* 63 bytes .* this one has 66"),
        ({"discovery": {"name": "a\tb"}}, r"discovery\.name: .* printable"),
        ({"discovery": {"addresses": ["kitchen"]}}, r"discovery\.addresses\.0: that is no address"),
        ({"engine_host": {"engines": []}}, r"engine_host\.engines: name one at least, or leave it out"),
        ({"limits": {"grace_s": inf}}, r"limits\.grace_s: .*finite number \(it is inf\)"),
        ({"engine_host": {"start_timeout_s": 1e9}}, r"engine_host\.start_timeout_s: .*86400 \(it is 1000000000"),
        ({"cache": {"max_age_s": nan}}, r"cache\.max_age_s: .*finite"),
        ({"server": {"networks": ["0.0.0.0/0"]}}, r"0\.0\.0\.0/0 is not private; .* access\.mode"),
        ({"server": {"networks": ["10.0.0.0/8", "2000::/3"]}}, r"2000::/3 is not private"),
        ({"http": {"tls_cert_file": "/c.pem"}}, r"http\.tls_key_file: one needs the other"),
    ],
)
def test_a_mistake_is_told_with_its_key(tables: dict, message: str) -> None:
    with pytest.raises(ConfigInvalid, match=message):
        config.load(tables)


def test_addresses_and_origins_may_be_written_in_each_usual_way() -> None:
    server = config.load(
        {
            "server": {
                "networks": ["192.168.1.5", "fd00::/8", "10.0.0.0/255.0.0.0"],
                "origins": ["https://panel.example:8443", "http://homeassistant.local:8123/", "app://home", "null"],
            }
        }
    ).server
    assert [str(network) for network in server.networks] == ["192.168.1.5/32", "fd00::/8", "10.0.0.0/8"]
    assert len(server.origins) == 4


def test_public_networks_may_be_named_when_peers_need_tokens() -> None:
    loaded = config.load({"server": {"networks": ["0.0.0.0/0"]}, "access": {"mode": "token"}})
    assert str(loaded.server.networks[0]) == "0.0.0.0/0"


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_SERVER__SERVER__HTTP_PORT", "2")
    tables = {"server": {"http_port": 1, "wyoming_port": 3}}
    loaded = config.load(tables)
    assert (loaded.server.http_port, loaded.server.wyoming_port) == (2, 3)
    where = config.where_from(loaded, tables)
    assert where["server.http_port"] == "environment"
    assert where["server.wyoming_port"] == "file"
    assert where["server.host"] == "default"
    assert config.load(tables, {"server": {"http_port": 4}}).server.http_port == 4


def test_a_mistyped_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_SERVER__SERVER__HTP_PORT", "2")
    with pytest.raises(ConfigInvalid, match=r"names no key; did you mean server\.http_port\?"):
        config.load({})


def test_the_file_is_found_where_systemd_or_xdg_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONFIGURATION_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config.find_file(None) is None
    home = tmp_path / "tts-server" / "config.toml"
    home.parent.mkdir()
    home.write_text("")
    assert config.find_file(None) == home
    system = tmp_path / "config.toml"
    system.write_text("")
    monkeypatch.setenv("CONFIGURATION_DIRECTORY", str(tmp_path))
    assert config.find_file(None) == system
    assert config.find_file(home) == home


@pytest.mark.parametrize(
    ("content", "message"), [(b"a = ", "not valid TOML"), (b"\xff", "not valid TOML"), (None, "cannot read")]
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigInvalid, match=message):
        config.read_file(path)


def test_voice_packs_are_where_the_configuration_systemd_or_xdg_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TTS_SERVER__VOICES__FOLDER", raising=False)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert config.voices_folder(Config()) == tmp_path / "data" / "tts-server" / "voices"
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/state:{tmp_path}/other")
    assert config.voices_folder(Config()) == tmp_path / "state" / "voices"
    assert config.voices_folder(config.load({"voices": {"folder": "~/mine"}})) == Path.home() / "mine"


def test_a_mark_of_byte_order_in_front_of_a_file_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[server]\nhttp_port = 8081\n")
    assert config.read_file(path) == {"server": {"http_port": 8081}}
