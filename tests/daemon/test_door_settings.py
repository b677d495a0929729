"""The configuration as doors are told it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tts_server.config import settings as config
from tts_server.daemon.door_settings import announcement_settings
from tts_server.errors import ConfigInvalid
from tts_server.transports.listening import listen


@pytest.mark.parametrize(
    ("ports", "announced"),
    [({}, None), ({"wyoming": 10300, "http": 8090}, (10300, 8090)), ({"http": 80}, ("own", 80))],
)
def test_a_balancers_ports_are_announced_instead_of_our_own(ports: Mapping[str, int], announced: Any) -> None:
    wyoming, http = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
    own = wyoming[0].getsockname()[1], http[0].getsockname()[1]
    told = announcement_settings(config.load({"discovery": {"ports": ports}}), wyoming, http)
    for opened in (*wyoming, *http):
        opened.close()
    expected = own if announced is None else tuple(own[0] if port == "own" else port for port in announced)
    assert (told.wyoming_port, told.http_port) == expected


@pytest.mark.parametrize("ports", [{"wyoming": 0}, {"https": 443}, {"http": 70000}])
def test_ports_that_are_none_are_told(ports: Mapping[str, int]) -> None:
    with pytest.raises(ConfigInvalid, match=r"discovery\.ports"):
        config.load({"discovery": {"ports": ports}})
