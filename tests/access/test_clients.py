"""Single clients have a voice and a style of their own; what a request names wins."""

import pytest

from tests.support.engines import ToneEngine
from tts_server.access.clients import AS_EVERYBODY, Clients, Manner
from tts_server.events import SpeechOptions
from tts_server.voices import Catalogue

KITCHEN = Manner(voice="tone", emotion="calm", volume=-6.0)
HOUSE = Manner(language="en")
CLIENTS = Clients({"192.168.1.0/24": HOUSE, "192.168.1.40": KITCHEN, "kitchen": KITCHEN, "fd00::/8": HOUSE})
CATALOGUE = Catalogue.of(ToneEngine({}).voices, "")


@pytest.mark.parametrize(
    ("peer", "token", "expected"),
    [
        ("192.168.1.40", "", KITCHEN),
        ("192.168.1.41", "", HOUSE),
        ("192.168.1.41", "kitchen", KITCHEN),
        ("192.168.1.40", "nobody", KITCHEN),
        ("::ffff:192.168.1.40", "", KITCHEN),
        ("fd12::1", "", HOUSE),
        ("10.0.0.1", "", AS_EVERYBODY),
        ("", "", AS_EVERYBODY),
    ],
)
def test_a_token_goes_before_an_address_and_a_small_network_before_a_large_one(
    peer: str, token: str, expected: Manner
) -> None:
    assert CLIENTS.manner(peer, token) == expected


def test_what_is_left_open_is_filled() -> None:
    filled = KITCHEN.fill(SpeechOptions(), CATALOGUE)
    assert (filled.voice, filled.emotion, filled.volume) == ("tone", "calm", -6.0)
    assert HOUSE.fill(SpeechOptions(), CATALOGUE).language == "en"
    assert AS_EVERYBODY.fill(SpeechOptions(), CATALOGUE) == SpeechOptions(volume=0.0)


@pytest.mark.parametrize(
    "asked",
    [
        SpeechOptions(voice="other", emotion="sad", volume=3.0),
        SpeechOptions(voice="other||sad", emotion="happy", volume=-1.0),
        SpeechOptions(language="de", emotion="sad", volume=1.0),
        SpeechOptions(voice="other", emotion="sad", volume=0.0),  # named, too
    ],
)
def test_what_a_request_names_wins(asked: SpeechOptions) -> None:
    assert KITCHEN.fill(asked, CATALOGUE) == asked


def test_a_mood_behind_a_name_wins_too() -> None:
    assert KITCHEN.fill(SpeechOptions(voice="tone||sad"), CATALOGUE).emotion == "sad"


def test_a_voice_that_is_gone_leaves_the_default_one(caplog: pytest.LogCaptureFixture) -> None:
    filled = Manner(voice="gone").fill(SpeechOptions(), CATALOGUE)
    assert filled.voice is None
    assert "names the voice gone, which is not here" in caplog.text
