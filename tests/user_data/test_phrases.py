"""Phrases outlive the process, are bounded, and no damage to their file takes more than them."""

import json
import os
from pathlib import Path

import pytest

from tts_server.errors import BadRequest, NotKept, PhraseUnknown, TooMany
from tts_server.user_data import phrases as room
from tts_server.user_data.phrases import MAX_TEXT_CHARS, Phrase, Phrases

DINNER = Phrase("晚饭好了！", voice="baker", emotion="happy", speed=1.1)


async def test_what_is_kept_is_there_for_the_next_process_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "state" / "phrases.json"
    phrases = Phrases(path)
    changes: list[int] = []
    phrases.on_change = lambda: changes.append(len(phrases.all))
    await phrases.put("晚饭", DINNER)
    await phrases.put("bye", Phrase("再见。"))
    await phrases.put(" 晚饭 ", Phrase("开饭了。"))
    await phrases.remove("bye")
    await phrases.put("cafe\u0301", Phrase("咖啡。"))
    again = Phrases(path)
    assert again.all == {"晚饭": Phrase("开饭了。"), "café": Phrase("咖啡。")}
    assert again.get("cafe\u0301") == Phrase("咖啡。")
    assert changes == [1, 2, 2, 1, 2]
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == 1
    assert [file.name for file in path.parent.iterdir()] == ["phrases.json"]


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\nb", "x" * 65])
async def test_a_name_that_nobody_could_ask_for_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        await Phrases().put(name, DINNER)


@pytest.mark.parametrize("wrong", [{"text": " "}, {"text": "好" * (MAX_TEXT_CHARS + 1)}, {"text": "好", "speed": 9.0}])
def test_a_phrase_that_nobody_could_say_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        Phrase(**wrong)  # type: ignore[arg-type]


async def test_there_is_an_end_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_PHRASES", 2)
    phrases = Phrases()
    for name in ("a", "b", "a"):
        await phrases.put(name, DINNER)
    with pytest.raises(TooMany, match="2 phrases"):
        await phrases.put("c", DINNER)
    with pytest.raises(PhraseUnknown, match="'c'"):
        await phrases.remove("c")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 1}', '{"version": 1, "phrases": {"a": {"text": ""}}}', "\udcff"]
)
async def test_a_damaged_file_is_put_aside_and_told(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "phrases.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    phrases = Phrases(path)
    assert phrases.all == {}
    assert "put aside as phrases.json.damaged" in caplog.text
    await phrases.put("a", DINNER)
    assert (tmp_path / "phrases.json.damaged").exists()


async def test_a_file_of_a_later_version_is_not_touched_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "phrases.json"
    path.write_text('{"version": 2, "phrases": {}}')
    assert Phrases(path).all == {}
    assert path.exists()


async def test_what_cannot_be_written_does_not_hold(tmp_path: Path) -> None:
    phrases = Phrases(tmp_path / "phrases.json")
    await phrases.put("a", DINNER)
    (tmp_path / f"phrases.json.{os.getpid()}.part").mkdir()
    with pytest.raises(NotKept, match=r"phrases\.json"):
        await phrases.put("b", DINNER)
    assert list(phrases.all) == ["a"]
    assert list(Phrases(tmp_path / "phrases.json").all) == ["a"]
