"""Digests of settings: equal where boxes are set alike, however they are told so, and telling where they are not."""

from typing import Any

import pytest

from tts_server.config import settings as config
from tts_server.config.digest import section_digests, settings_digest

ALIKE: dict[str, Any] = {"voices": {"emotion": "happy"}, "clients": {"192.168.1.7": {"volume": -6}}}


@pytest.mark.parametrize(
    "own",
    [
        {"server": {"node": "box2", "http_port": 8081, "host": "127.0.0.1"}},
        {"cache": {"shared": "valkey://127.0.0.1"}, "discovery": {"enabled": False}, "log": {"level": "debug"}},
        {"engine_host": {"threads": 3}, "http": {"page": True}},
    ],
)
def test_what_belongs_to_one_box_is_left_out(own: dict[str, Any]) -> None:
    assert settings_digest(config.load({**ALIKE, **own})) == settings_digest(config.load(ALIKE))


def test_a_setting_from_the_environment_counts_like_one_from_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_SERVER__VOICES__EMOTION", "happy")
    assert settings_digest(config.load({"clients": ALIKE["clients"]})) == settings_digest(config.load(ALIKE))


@pytest.mark.parametrize(
    ("other", "section"),
    [
        ({"voices": {"emotion": "sad"}}, "voices"),
        ({"limits": {"when_full": "refuse"}}, "limits"),
        ({"engines": {"baker": {"precision": "fp32"}}}, "engines"),
        ({"text": {"dictionary": {"重庆": "chong2 qing4"}}}, "text"),
        ({"clients": {}}, "clients"),
    ],
)
def test_another_setting_is_seen_in_its_section(other: dict[str, Any], section: str) -> None:
    one, two = (section_digests(config.load({**ALIKE, **own})) for own in ({}, other))
    assert {name for name in one if one[name] != two[name]} == {section}
    assert settings_digest(config.load({**ALIKE, **other})) != settings_digest(config.load(ALIKE))
