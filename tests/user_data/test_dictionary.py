"""The house's dictionary outlives the process; the owner's words win over it."""

import tomllib
from pathlib import Path

import pytest

from tts_server.errors import BadRequest, WordUnknown
from tts_server.user_data.dictionary import OwnDictionary
from tts_server.user_data.words_file import read_words


async def test_words_are_checked_kept_and_told(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.toml"
    house = OwnDictionary(path, {"小米": "小麦"})
    told: list[dict[str, str]] = []
    house.on_change = lambda words: told.append(dict(words))
    assert await house.put("重庆", "Chóngqìng") == "chong2 qing4"
    await house.put('a"b', 'x"\\y')
    await house.remove("重庆")
    await house.put("行长", "hang2zhang3")
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {
        "version": 1,
        "words": {'a"b': 'x"\\y', "行长": "hang2 zhang3"},
    }
    assert read_words(path) == OwnDictionary(path).words == house.words
    assert told[0] == {"重庆": "chong2 qing4", "小米": "小麦"}
    assert len(told) == 4


async def test_what_is_refused_says_why() -> None:
    house = OwnDictionary(None, {"小米": "小麦"})
    with pytest.raises(BadRequest, match="'9' in 'shan9' is no tone"):
        await house.put("山", "shan9")
    with pytest.raises(BadRequest, match="which wins"):
        await house.put("小米", "xiao3 mi3")
    with pytest.raises(WordUnknown, match="'山'"):
        await house.remove("山")
    assert house.words == {}


def test_a_file_written_by_hand_is_read_as_far_as_it_can_be(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "dictionary.toml"
    path.write_text('version = 1\n[words]\n"山" = "shan9"\n"重庆" = "CHONG2QING4"\n', encoding="utf-8")
    assert read_words(path) == {"重庆": "chong2 qing4"}
    assert "shan9" in caplog.text
    path.write_text("[words\n")
    assert read_words(path) == {}
    assert "put aside as dictionary.toml.damaged" in caplog.text
