# ruff: noqa: E501 - one row a line; ruff counts a Chinese character as two
"""The tables of readings that travel with the package: polyphones by context, words of our own, surnames. Host's side.

`polyphone_rules.tsv` and `word_readings.tsv` say in their heads how they are written. Rows become patterns when their
character is first met.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from re import Pattern
from typing import NamedTuple

CONTEXT_DECIDES = "-"  # in place of a reading: what the dictionary of phrases says is not taken
_NUMBERS = "[一二三四五六七八九十百千万两几数半零]"
_FOLDER = Path(__file__).parent

# A surname's reading where it is not the usual one.
SURNAMES = {
    "单": "shan4", "解": "xie4", "仇": "qiu2", "查": "zha1", "区": "ou1", "任": "ren2", "曾": "zeng1", "盖": "ge3", "华": "hua4", "朴": "piao2",
    "乐": "yue4", "尹": "yin3", "翟": "zhai2", "员": "yun4", "宓": "mi4", "覃": "qin2", "逄": "pang2", "繁": "po2", "缪": "miao4", "冼": "xian3",
    "折": "she2", "秘": "bi4", "种": "chong2", "燕": "yan1", "洗": "xian3", "纪": "ji3", "令狐": "ling2", "重": "chong2", "宁": "ning2", "哈": "ha3",
    "牟": "mu4", "卜": "bu3", "召": "shao4", "祭": "zhai4", "车": "che1", "黑": "he4", "葛": "ge3", "应": "ying1", "干": "gan1", "於": "yu1",
    "过": "guo1", "能": "nai4", "柏": "bai3", "郇": "xun2", "那": "na1", "尉": "wei4", "晁": "chao2", "谌": "chen2", "隗": "wei3", "贾": "jia3",
    "俞": "yu2", "佘": "she2", "曲": "qu1", "强": "qiang2", "石": "shi2", "相": "xiang4", "都": "du1", "薄": "bo2", "万": "wan4", "幺": "yao1",
}  # fmt: skip
# Surnames that 小 and 老 make nicknames of, though nobody else stands behind: 小任, 老翟.
NICKNAMES = frozenset("单解仇查任曾盖朴翟宓覃逄缪冼牟卜郇尉晁谌隗贾葛俞佘")
# Words in everyday use as well: a surname only where the text says so.
ONLY_AFTER_XING = frozenset("过能黑种折洗召祭秘重干繁哈员那都相强薄石")
TITLES = (
    "老师|先生|女士|小姐|太太|医生|大夫|教授|经理|主任|局长|校长|同学|师傅|大爷|大妈|大哥|大姐|大叔|大婶|大娘|阿姨|警官|律师|护士|队长|老板|导演|博士|院长"
    "|书记|主席|部长|省长|市长|县长|镇长|村长|会长|处长|科长|厂长|站长|班长|组长|连长|团长|工程师|总经理|总监|总裁|董事长|主管|记者|编辑|法官|检察官"
    "|夫人|姑娘|小伙|爷爷|奶奶|叔叔|伯伯|哥|姐|叔|姨|总(?![是会要在共之])|工(?=[，。说你的来]|$)|某|氏|教练|将军|家(?=$|[，。的人有])|老(?=$|[，。的说])"
)


class Row(NamedTuple):
    """When `left` is found just before a character and `right` just after it, it is read like this."""

    left: Pattern[str]
    right: Pattern[str]
    reading: str


@cache
def _rules() -> dict[str, list[tuple[str, str, str]]]:
    """reading, left and right of each character's rows, as written."""
    rules: dict[str, list[tuple[str, str, str]]] = {}
    for char, reading, left, right in _lines("polyphone_rules.tsv"):
        rules.setdefault(char, []).append((reading, left, right))
    return rules


@cache
def rows(char: str) -> tuple[Row, ...]:
    """The rows of a polyphone, in order; none for other characters."""
    return tuple(
        Row(re.compile(f"(?:{left})$"), re.compile(right), reading)
        for reading, left, right in (
            (reading, left.replace("{N}", _NUMBERS), right.replace("{N}", _NUMBERS))
            for reading, left, right in _rules().get(char, ())
        )
    )


@cache
def polyphones() -> frozenset[str]:
    """The characters that have rows."""
    return frozenset(_rules())


def words() -> Iterator[list[str]]:
    """Word and reading, syllables separated by spaces, or `CONTEXT_DECIDES`; single characters as the table's head says."""
    yield from _lines("word_readings.tsv")


def _lines(name: str) -> Iterator[list[str]]:
    for line in (_FOLDER / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")
