"""What the box is called in its house."""

from pathlib import Path

import pytest

from tts_server.config.settings import load
from tts_server.daemon.host_names import own_host_names
from tts_server.errors import ConfigInvalid


def test_the_boxs_name_stands_alone_and_under_suffixes_that_nobody_can_buy(tmp_path: Path) -> None:
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("# of the router\nnameserver 192.168.1.1\nsearch home.example. speedport.ip\nsearch .\n")
    names = own_host_names("Kitchen", resolver)
    assert {"kitchen", "kitchen.lan", "kitchen.fritz.box", "kitchen.home.example", "kitchen.speedport.ip"} <= set(names)
    assert "host.docker.internal" in names
    assert not {"kitchen.com", "kitchen.", "lan", "home.example"} & set(names)


def test_a_whole_name_that_its_owner_gave_the_box_is_one_of_its_names(tmp_path: Path) -> None:
    names = own_host_names("kitchen.example.org", tmp_path / "missing")
    assert {"kitchen.example.org", "kitchen.lan"} <= set(names)
    assert "kitchen.example.com" not in names


@pytest.mark.parametrize("name", ["*", "*.example.org", "http://a.example", "a.example:8080", "a/b", "", "a..b", " a"])
def test_what_is_no_whole_name_is_refused_by_config_check(name: str) -> None:
    with pytest.raises(ConfigInvalid, match=r"server\.host_names.*write a whole name"):
        load({"server": {"host_names": [name]}})


@pytest.mark.parametrize("name", ["voice.example.org", "厨房.example.org", "box_1.lan", "voice.example.org."])
def test_whole_names_are_taken(name: str) -> None:
    assert load({"server": {"host_names": [name]}}).server.host_names == (name,)
