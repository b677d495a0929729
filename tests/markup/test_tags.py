"""What tags and stage directions mean."""

import pytest

from tts_server.markup.tags import cue_of, direction_of, may_become_a_chinese_tag
from tts_server.markup.tokens import EmotionCue, Gap


@pytest.mark.parametrize(
    ("tag", "cue"),
    [
        ("happy", EmotionCue("happy")),
        ("Angry:1.4", EmotionCue("Angry", 1.4)),
        ("angry:9", EmotionCue("angry", 2.0)),
        ("开心：0.5", EmotionCue("开心", 0.5)),
        ("auto", EmotionCue("auto")),
        ("/", EmotionCue(None)),
        ("/sad", EmotionCue(None)),
        ("/b", None),
        ("pause", Gap(500)),
        ("pause:250", Gap(250)),
        ("break:1.5s", Gap(1500)),
        ("停顿:2秒", Gap(2000)),
        ("pause:99999", Gap(10_000)),
        ("laser", None),
        ("1", None),
        ("happy:loud", None),
        ("", None),
    ],
)
def test_tags(tag: str, cue: EmotionCue | Gap | None) -> None:
    assert cue_of(tag) == cue


@pytest.mark.parametrize(
    ("written", "cue"),
    [
        ("开心", EmotionCue("开心")),
        ("非常生气地说", EmotionCue("生气", 1.4)),
        ("有点难过", EmotionCue("难过", 0.6)),
        ("温柔的语气", EmotionCue("温柔")),
        ("笑着说", EmotionCue("笑")),
        (" happy ", EmotionCue("happy")),
        ("见图一", None),
        ("开心超市", None),
        ("", None),
    ],
)
def test_stage_directions(written: str, cue: EmotionCue | None) -> None:
    assert direction_of(written) == cue


def test_a_bracket_that_cannot_become_a_tag_is_not_waited_for() -> None:
    assert may_become_a_chinese_tag("开")
    assert may_become_a_chinese_tag("开心:0")
    assert not may_become_a_chinese_tag("意")
    assert not may_become_a_chinese_tag("开灯")
