"""Tone sandhi: how dictionary tones change in the mouth. Pure.

一 and 不 by what follows, third tones by word and prosodic word; neutral tones stay neutral.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

NUMERALS = frozenset("零〇一二三四五六七八九幺两点")
_ORDINAL_NOUNS = frozenset("月日号楼层班级等中院流把线")


@dataclass(frozen=True, slots=True)
class Sound:
    """A syllable before and after sandhi, and where it stands."""

    char: str
    pinyin: str
    word: int  # which word of the clause
    group: int  # which prosodic word of the clause
    phrase: int = 0  # which stretch between pauses
    fixed: bool = False  # given by the user: no sandhi

    @property
    def tone(self) -> int:
        """Tone 1-5."""
        return int(self.pinyin[-1])


def apply(sounds: Sequence[Sound]) -> list[str]:
    """The spoken pinyin of each sound."""
    changed = [
        sound if sound.fixed else replace(sound, pinyin=_yi_bu(sounds, index)) for index, sound in enumerate(sounds)
    ]
    tones = [sound.tone for sound in changed]
    for first, last in _words(changed):
        _third_tones(changed, tones, first, last)
    for index in range(len(changed) - 1, 0, -1):
        left, right = changed[index - 1], changed[index]
        if (
            left.word != right.word
            and tones[index - 1] == tones[index] == 3
            and _flows(changed, index)
            and not left.fixed
        ):
            tones[index - 1] = 2
    return [sound.pinyin[:-1] + str(tone) for sound, tone in zip(changed, tones, strict=True)]


def _words(sounds: Sequence[Sound]) -> Iterator[tuple[int, int]]:
    """First and last+1 sound of each word."""
    first = 0
    for index in range(1, len(sounds) + 1):
        if index == len(sounds) or sounds[index].word != sounds[first].word:
            yield first, index
            first = index


def _third_tones(sounds: Sequence[Sound], tones: list[int], first: int, last: int) -> None:
    """Within one word: each third tone before another becomes a second, except that 小老虎 is 3-2-3."""
    for index in range(first, last - 1):
        if tones[index] == 3 and sounds[index + 1].tone == 3 and not sounds[index].fixed:
            tones[index] = 2
    if last - first == 3 and all(sounds[i].tone == 3 for i in range(first, last)) and sounds[first].char in "小老总副":
        tones[first] = 3


def _flows(sounds: Sequence[Sound], index: int) -> bool:
    """Say whether two neighbouring words are spoken so closely that third tones meet."""
    left, right = sounds[index - 1], sounds[index]
    if left.phrase != right.phrase:
        return False
    alone = index < 2 or sounds[index - 2].word != left.word
    return left.group == right.group or alone


def _yi_bu(sounds: Sequence[Sound], index: int) -> str:
    sound = sounds[index]
    before = sounds[index - 1] if index else None
    after = sounds[index + 1] if index + 1 < len(sounds) else None
    if after is not None and after.phrase != sound.phrase:
        after = None
    if sound.char == "不" and sound.pinyin == "bu4":
        if before and after and before.char == after.char:
            return "bu5"  # 好不好
        return "bu2" if after and after.tone == 4 else "bu4"
    if sound.char == "一" and sound.pinyin == "yi1":
        return _yi(before, sound, after)
    return sound.pinyin


def _yi(before: Sound | None, sound: Sound, after: Sound | None) -> str:
    if after is None or _is_counted_out(before, sound, after):
        return "yi1"
    if before and before.char == after.char and before.char not in NUMERALS:
        return "yi5"  # 看一看
    if after.tone == 4 or after.char == "个":
        return "yi2"
    return "yi4" if after.tone in (1, 2, 3) else "yi1"


def _is_counted_out(before: Sound | None, sound: Sound, after: Sound) -> bool:
    """Ordinals and digits said one by one keep the first tone: 第一次, 一月, 一九九八, 十一个, 统一了."""
    if before and (before.char in NUMERALS or before.char in "第初十星期周"):
        return True
    if after.char in NUMERALS or (after.char in _ORDINAL_NOUNS and after.word == sound.word):
        return True
    return before is not None and before.word == sound.word and after.word != sound.word  # 统一, 唯一 + next word
