from typing import Any

import pytest

from tts_server.config import settings
from tts_server.config.environment import merged, variables
from tts_server.config.settings import Config
from tts_server.errors import ConfigInvalid


@pytest.mark.parametrize(
    ("variable", "said", "expected"),
    [
        ("TTS_SERVER__SERVER__HTTP_PORT", "81", {"server": {"http_port": "81"}}),
        ("tts_server__server__http_port", "81", {"server": {"http_port": "81"}}),
        ("TTS_SERVER__SERVER__HOST", "[::1]", {"server": {"host": "[::1]"}}),
        ("TTS_SERVER__VOICES__DISABLED", '["baker"]', {"voices": {"disabled": ["baker"]}}),
        ("TTS_SERVER__VOICES__DISABLED", "baker", {"voices": {"disabled": "baker"}}),
        ("TTS_SERVER__ENGINES__BAKER__PRECISION", "fp32", {"engines": {"baker": {"precision": "fp32"}}}),
        ("TTS_SERVER__ENGINES__SAMBERT__THREADS", "2", {"engines": {"sambert": {"threads": 2}}}),
        ("TTS_SERVER__ENGINES", '{"baker": {"precision": "int8"}}', {"engines": {"baker": {"precision": "int8"}}}),
    ],
)
def test_values_are_read_as_their_key_wants_them(
    variable: str, said: str, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, _, _ in list(variables()):
        monkeypatch.delenv(name)
    monkeypatch.setenv(variable, said)
    assert merged({}, Config) == expected


def test_it_wins_over_the_file_key_by_key_and_leaves_the_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_SERVER__ENGINES__BAKER__PRECISION", "fp32")
    monkeypatch.setenv("TTS_SERVER__LOG__LEVEL", "debug")
    tables = {"engines": {"baker": {"precision": "int8", "other": 1}, "heart": {}}, "log": {"format": "json"}}
    loaded = settings.load(tables)
    assert loaded.engines == {"baker": {"precision": "fp32", "other": 1}, "heart": {}}
    assert (loaded.log.level, loaded.log.format) == ("debug", "json")
    assert tables["engines"]["baker"] == {"precision": "int8", "other": 1}


@pytest.mark.parametrize(
    ("tables", "variable", "said", "told"),
    [
        ({}, "TTS_SERVER__VOICES__DISABLED", "baker", "voices.disabled"),
        ({"log": 3}, "TTS_SERVER__LOG__LEVEL", "debug", "log: "),
        ({}, "TTS_SERVER__SERVER__HTTP_PORT", "many", "server.http_port"),
        ({}, "TTS_SERVER__LOG", "{}", "names no key"),
    ],
)
def test_mistakes_name_the_key(
    tables: dict[str, Any], variable: str, said: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, said)
    with pytest.raises(ConfigInvalid, match=told):
        settings.load(tables)
