from typing import get_args

import pytest

from tts_server.edge.status import Language, State, status_line


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("state", State)
def test_every_state_has_a_line_in_every_language(state: State, language: Language) -> None:
    line = status_line(state, language, voices=3, texts=5)
    assert "{" not in line
    assert (max(line) >= "\u4e00") == (language == "zh")


def test_the_line_tells_how_many_are_spoken_to() -> None:
    assert status_line(State.SPEAKING, "en", voices=2, texts=3) == "Speaking 3 texts, 2 voices"
    assert status_line(State.SPEAKING, "zh", voices=2, texts=3) == "正在说 3 段文本，2 个音色"
    assert status_line(State.SPEAKING, "en", voices=1, texts=1) == "Speaking 1 text, 1 voice"
