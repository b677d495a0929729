import json
import logging
from pathlib import Path

import pytest
from pypinyin import Style, pinyin

from tts_server.engines.baker import wheel
from tts_server.engines.baker.symbols import FINALS, IDS, INITIALS, TONES, phones


def mapper() -> dict[str, dict[str, object]]:
    path: Path = wheel.file_of("baker_mapper.json")
    content: dict[str, dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_the_symbols_have_the_numbers_that_the_model_was_trained_with() -> None:
    assert mapper()["symbol_to_id"] == IDS


def test_every_published_syllable_has_its_published_symbols() -> None:
    published = mapper()["pinyin_dict"]
    assert len(published) == 417
    assert {name: list(phones(f"{name}1")) for name in published} == {
        name: [initial, f"{final}1"] for name, (initial, final) in published.items()
    }


def test_every_reading_of_every_common_character_can_be_said(caplog: pytest.LogCaptureFixture) -> None:
    characters = {chr(code) for code in range(0x4E00, 0x9FA6)}  # the 7000 common ones are among them
    options = {"style": Style.TONE3, "heteronym": True, "neutral_tone_with_five": True, "v_to_u": False}
    readings = {
        reading
        for found in (pinyin(character, **options)[0] for character in characters)
        for reading in found
        if reading.rstrip("5") not in characters  # a few signs have no reading
    }
    assert len(readings) > 1300
    phones.cache_clear()
    assert all(symbol in IDS for reading in readings for symbol in phones(reading))
    assert not caplog.records


@pytest.mark.parametrize(
    ("syllable", "symbols"),
    [
        ("ma1", "m a1"), ("zhi4", "zh iii4"), ("zi3", "z ii3"), ("yuan2", "^ van2"), ("lv4", "l v4"), ("lü4", "l v4"),
        ("nve4", "n ve4"), ("nue4", "n ve4"), ("xu1", "x v1"), ("jiong3", "j iong3"), ("wen2", "^ uen2"),
        ("er2", "^ er2"), ("huar1", "h ua1 er5"), ("wanr2", "^ uan2 er5"), ("shir4", "sh iii4 er5"), ("r5", "^ er5"),
        ("yi2", "^ i2"), ("liu4", "l iou4"), ("n2", "^ en2"), ("hng5", "h eng5"), ("yo1", "^ iou1"), ("de", "d e5"),
        ("de0", "d e5"), ("MA3", "m a3"),
    ],
)  # fmt: skip
def test_a_syllable_is_spelled_as_in_the_labels(syllable: str, symbols: str) -> None:
    assert " ".join(phones(syllable)) == symbols


@pytest.mark.parametrize(
    "syllable", ["", "5", "yai2", "fiao4", "qwx3", "嗧", "ê4", "123", "r", "rr5", "zh", "y", "😀1"]
)
def test_an_odd_syllable_becomes_something_that_can_be_said(syllable: str) -> None:
    initial, *finals = phones(syllable)
    assert initial in INITIALS
    assert all(final[:-1] in FINALS and final[-1] in TONES for final in finals)


def test_an_unknown_syllable_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    phones.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert phones("yai2") == ("^", "ai2")
        assert phones("yai2") == ("^", "ai2")
    assert len(caplog.records) == 1
