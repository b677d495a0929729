"""Tone sandhi: how dictionary tones change in the mouth. Pure.

一 and 不 by what follows, third tones by word and prosodic word; neutral tones stay neutral.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

NUMERALS = frozenset("零〇一二三四五六七八九幺两")
_ORDINAL_NOUNS = frozenset("月日号楼班级期中院流")
# 一 and one of these is an ordinal, and keeps its tone, only with what follows or stands before; else it counts.
_ORDINALS = {
    "把": re.compile("手"),
    "层": re.compile("$^"),
    "线": re.compile("(?!希望|生机|光|天|生路|之|阳光|曙光|转机)"),
    "等": re.compile("[奖座品舱兵公功残票级]|一(?!等)"),
    "年": re.compile("级"),
}
_A_DAY = re.compile("[一二两三四五六数几]?[次餐遍回顿游千]")
_OF_A_CLOCK = re.compile(
    "(?:[上下中正]午|凌晨|早上|晚上|[半深午]夜|清晨|傍晚|[今明后昨]天|[今明昨][早晚]|现在|已经|到|至|[周期][一二三四五六日天]|日)$"
)
_CLOCK_GOES_ON = re.compile("[半钟整多零〇一二三四五六七八九十左前之后过到至准]|$")


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
        return _yi(sounds, index, after)
    return sound.pinyin


def _yi(sounds: Sequence[Sound], index: int, after: Sound | None) -> str:
    before = sounds[index - 1] if index else None
    if after is None:
        return "yi1"
    is_again = index > 1 and sounds[index - 2].char == "一"  # 一串一串
    if before and before.char == after.char and not is_again and before.char not in {*NUMERALS, *"十百千万亿"}:
        return "yi5"  # 看一看
    if _is_counted_out(sounds, index, after):
        return "yi1"
    if after.tone == 4 or after.char == "个":
        return "yi2"
    return "yi4" if after.tone in (1, 2, 3) else "yi1"


def _is_counted_out(sounds: Sequence[Sound], index: int, after: Sound) -> bool:
    """Ordinals and digits said one by one keep the first tone: 第一次, 一月, 一九九八, 十一个, 统一了."""
    sound, before = sounds[index], sounds[index - 1] if index else None
    if after.char == "点" and _little_by_little(sounds, index):
        return False
    if before and (before.char in NUMERALS or before.char in "点第初十星期周统唯归专"):
        return True
    following = "".join(other.char for other in sounds[index + 2 : index + 5])
    if after.char == "日" and (before is None or before.char not in "月") and _A_DAY.match(following):
        return False  # 一日三次
    if after.char == "点":
        return _is_clock("".join(other.char for other in sounds[max(0, index - 3) : index]), following)
    if after.char in NUMERALS or (after.char in _ORDINAL_NOUNS and after.word == sound.word):
        return True
    if after.char in _ORDINALS and after.word == sound.word and _ORDINALS[after.char].match(following):
        return True
    return before is not None and before.word == sound.word and after.word != sound.word  # 统一, 唯一 + next word


def _little_by_little(sounds: Sequence[Sound], index: int) -> bool:
    """一点一点: neither of the two is a time."""
    said = "".join(sound.char for sound in sounds[max(0, index - 2) : index + 4])
    return "一点一点" in said


def _is_clock(before: str, following: str) -> bool:
    """一点 of the clock, or of a decimal; else a little."""
    if following[:1] in NUMERALS and following:
        return True
    of_a_clock = _OF_A_CLOCK.search(before) is not None
    return following[:1] in ("半", "钟", "整", "十", "刻") or (
        of_a_clock and _CLOCK_GOES_ON.match(following) is not None
    )
