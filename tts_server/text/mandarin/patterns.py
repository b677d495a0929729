"""What the rules of spoken forms share: how a number looks, what stands around a match, rows of a table. Pure."""

import re
from collections.abc import Callable, Iterable
from re import Match, Pattern

from tts_server.text.linguistic.aligned import Piece, Say
from tts_server.text.mandarin.units import UNITS

Rule = tuple[Pattern[str], Say]

NUMBER = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
START, END = r"(?<![0-9.,])", r"(?![0-9]|[.,][0-9])"  # a number is taken whole or not at all
TILDE = r"\s?(?:~|～|-|—|–|至|到)\s?"
NEGATIVE = r"(?P<s>(?<![0-9A-Za-z)）年月日万亿千百号点分秒元个\]零一二三四五六七八九])[-−])?"
_SIMPLE_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
UNIT = rf"(?:{_SIMPLE_UNIT})(?:/(?:{_SIMPLE_UNIT}|d|day)(?![A-Za-z0-9]))?"
AFTER_UNIT = r"(?![A-Za-z0-9²³])"
# What a result is talked about with; 比赛, 负责, 输入 and 胜利路 are something else.
SCORE_WORDS = re.compile(
    r"比分|比(?!赛|如|较|特|亚|萨|利|方|划)|胜(?!利|任|地)|负(?!责|担|面|荷|数|债)|赢(?!得信)|输(?!入|出|送|液|血|电)|领先|落后|战平|打平|扳平|击败"
    r"|大败|惜败|不敌|逆转|总分|点球|进球|夺冠|晋级|淘汰|拿下|落败|屏幕|画面|画幅|宽高|稀释|兑水|勾兑|调配|缩小|放大|师生"
)


def window(match: Match[str], before: int = 10, after: int = 8) -> str:
    """The characters around a match: what the decision hangs on when a form has two readings."""
    return match.string[max(0, match.start() - before) : match.start()] + " " + match.string[match.end() :][:after]


def rules(*rows: tuple[str, Say]) -> tuple[Rule, ...]:
    """Rows of pattern and function, ready for use."""
    return tuple((re.compile(pattern), say) for pattern, say in rows)


def only(name: str, say: Callable[[str], str | None]) -> Say:
    """Say one group of a match; the rest of it stays as it is."""

    def said(match: Match[str]) -> Iterable[Piece] | None:
        spoken = say(match[name])
        return None if spoken is None else ((spoken, match.start(name), match.end(name)),)

    return said


def unit_name(written: str) -> str:
    """The name of a unit, or of a quotient of two."""
    if written in UNITS:
        return UNITS[written]
    first, _, second = written.partition("/")
    return UNITS.get(first, first) + "每" + {"d": "天", "day": "天"}.get(second, UNITS.get(second, second))
