# ruff: noqa: E501 - one row a line; ruff counts a Chinese character as two
"""How written forms are said: a table of rules in order, codes and names, dates and times, quantities. Pure.

A rule is a pattern and a function from its match to what is said. `RULES` are the forms we know well; `REST` reads
whatever digits and signs are left, plainly, when no better normaliser took them.
"""

import re
from collections.abc import Iterable
from re import Match

from tts_server.text.linguistic.aligned import Piece
from tts_server.text.mandarin.moments import MOMENTS
from tts_server.text.mandarin.numbers import cardinal, decimal, digits, quantity
from tts_server.text.mandarin.patterns import END, NUMBER, SCORE_WORDS, START, TILDE, Rule, rules, window
from tts_server.text.mandarin.signs import SIGNS
from tts_server.text.mandarin.spoken_codes import ADDRESSES, CODES, NAMES, STANDARDS
from tts_server.text.mandarin.spoken_quantities import QUANTITIES, REST

__all__ = ["REST", "RULES", "say_as"]

_SPAN_WORDS = re.compile(r"用时|耗时|历时|时长|成绩|全长|长达|片长|总长|用了|跑完|长度|跑出|计时|配速")
_PLAYED = re.compile(r"看到|听到|播到|播放到|进度|快进|跳到|暂停在|位置")
_LASTING = re.compile(r"(?:长达|距今|活了|历时|经过|大约|约|近|超过|持续|跨越|已有|有着|沉睡|保存|存放|有)$")
_ERA = re.compile(r"(?:公元|西元|到|至|在|于|是)$")
_HOLIDAY = re.compile(
    "放假|暑假|寒假|放到|休到|假期|国庆|五一|春节|元旦|端午|清明|中秋|黄金周|展期|会期|活动时间|报名|考试时间"
)
_LAST_YEAR = 2200
_EVENT = "届|级(?!别)|款|版(?!本)|赛季|财年|学年|年度|奥运|高考|世界杯|欧洲杯|考研|中考|校招|春节|新年|元旦|春夏|秋冬|双十一|国庆|中秋|清明|五一"

# -- dates and times --------------------------------------------------------------------------------------------------


def _say_date(match: Match[str]) -> str | None:
    year, month, day = match["y"], int(match["m"]), int(match["d"])
    before = match.string[max(0, match.start() - 6) : match.start()]
    if match["sep"] == "." and re.search(r"[A-Za-z]\s?$|版本号?[是为：:]?$|升级[到至]$|更新[到至]$|固件$", before):
        return None
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{digits(year)}年{cardinal(str(month))}月{cardinal(str(day))}日"


def _say_date_span(match: Match[str]) -> Iterable[Piece] | None:
    """2025.10.1-10.7: the year counts for both days."""
    if not (
        1 <= int(match["m"]) <= 12 and 1 <= int(match["m2"]) <= 12 and max(int(match["d"]), int(match["d2"])) <= 31
    ):
        return None
    first = f"{digits(match['y'])}年{cardinal(match['m'])}月{cardinal(match['d'])}日"
    return (
        (first, match.start("y"), match.end("d")),
        ("到", match.end("d"), match.start("m2")),
        (f"{cardinal(match['m2'])}月{cardinal(match['d2'])}日", match.start("m2"), match.end("d2")),
    )


def _say_day(match: Match[str]) -> str | None:
    month, day = int(match["m"]), int(match["d"])
    return f"{cardinal(str(month))}月{cardinal(str(day))}日" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _say_month_span(match: Match[str]) -> Iterable[Piece] | None:
    """2024.6-2025.1: years and months."""
    if not (1 <= int(match["m"]) <= 12 and 1 <= int(match["m2"]) <= 12):
        return None
    return (
        (f"{digits(match['y'])}年{cardinal(match['m'])}月", match.start("y"), match.end("m")),
        ("到", match.end("m"), match.start("y2")),
        (f"{digits(match['y2'])}年{cardinal(match['m2'])}月", match.start("y2"), match.end("m2")),
    )


def _say_day_span(match: Match[str]) -> Iterable[Piece] | None:
    """5.1-5.5 of a holiday: months and days."""
    days = [int(match[name]) for name in ("m", "d", "m2", "d2")]
    if not (_HOLIDAY.search(window(match)) and 1 <= days[0] <= days[2] <= 12 and max(days[1], days[3]) <= 31):
        return None
    between = match.string[match.end("d") : match.start("m2")].strip()
    return (
        (f"{cardinal(match['m'])}月{cardinal(match['d'])}日", match.start("m"), match.end("d")),
        (between if between[-1:] in ("到", "至") else "到", match.end("d"), match.start("m2")),
        (f"{cardinal(match['m2'])}月{cardinal(match['d2'])}日", match.start("m2"), match.end("d2")),
    )


def _say_season(match: Match[str]) -> Iterable[Piece]:
    """2023/24赛季: both ends digit by digit."""
    yield digits(match["a"]), match.start("a"), match.end("a")
    yield "到", match.end("a"), match.start("b")
    yield digits(match["b"]), match.start("b"), match.end("b")


def _say_month(match: Match[str]) -> str | None:
    return f"{digits(match['y'])}年{cardinal(match['m'])}月" if 1 <= int(match["m"]) <= 12 else None


def _say_years(match: Match[str]) -> Iterable[Piece]:
    """Both ends of a span of years, or one year: digit by digit."""
    if match["a"]:
        yield digits(match["a"]), match.start("a"), match.end("a")
        if not match["t"].strip().isalpha():
            yield "到", match.start("t"), match.end("t")
    yield digits(match["b"]), match.start("b"), match.end("b")


def _say_year(match: Match[str]) -> str | None:
    """One year, digit by digit; 2000年 of history is a span of time."""
    year = match["b"]
    lasted = re.match(r"年(?:的?(?:历史|文化|文明|古|岁月|时光)|之久|前|以前|多|左右)", match.string[match.end() :][:6])
    before = match.string[max(0, match.start() - 4) : match.start()]
    if year.endswith("00") and (lasted or _LASTING.search(before)):
        return None
    return None if int(year) > _LAST_YEAR and not _ERA.search(before) else digits(year)


def _clock(hour: str, minute: str, second: str | None = None) -> str:
    spoken = quantity(str(int(hour))) + "点"
    if int(minute) or second:
        spoken += (("零" if minute[0] == "0" and int(minute) else "") + cardinal(minute)) + "分"
    return spoken + (_two_digits(second) + "秒" if second else "")


def _two_digits(number: str) -> str:
    return ("零" if number[0] == "0" and int(number) else "") + cardinal(number)


def _say_clock(match: Match[str]) -> str | Iterable[Piece] | None:
    """7:05 as a time of day; 3:2 and 98:87 are scores or ratios, left to `_say_ratio`."""
    hour, minute, second = match["h"], match["m"], match["s"]
    is_played = int(hour) > 24 and int(minute) < 60 and _PLAYED.search(window(match)) is not None
    if not second and match["f"] is None and (is_played or _SPAN_WORDS.search(window(match))):
        return f"{cardinal(hour)}分{_two_digits(minute)}秒"
    if int(hour) > 24 or int(minute) > 59 or int(second or 0) > 59 or SCORE_WORDS.search(window(match)):
        return None
    if second and _SPAN_WORDS.search(window(match)):
        return f"{quantity(str(int(hour)))}小时{_two_digits(minute)}分{_two_digits(second)}秒"
    return _clock(hour, minute, second)


def _say_minutes(match: Match[str]) -> str:
    """3'25": minutes and seconds."""
    return f"{cardinal(match['m'])}分{_two_digits(match['s'])}秒"


def _say_clock_span(match: Match[str]) -> Iterable[Piece] | None:
    if max(int(match["h"]), int(match["h2"])) > 24 or max(int(match["m"]), int(match["m2"])) > 59:
        return None
    return (
        (_clock(match["h"], match["m"]), match.start("h"), match.end("m")),
        ("到", match.end("m"), match.start("h2")),
        (_clock(match["h2"], match["m2"]), match.start("h2"), match.end("m2")),
    )


def _say_ratio(match: Match[str]) -> str:
    return "比".join(decimal(part) for part in re.split("[:：]", match[0]))


_DATES: tuple[Rule, ...] = rules(
    (START + r"(?P<y>20[0-9]{2})(?P<sep>[/.])(?P<m>[01]?[0-9])(?P=sep)(?P<d>[0-3]?[0-9])\s?[-~～–—至到]\s?(?P<m2>[01]?[0-9])(?P=sep)(?P<d2>[0-3]?[0-9])" + END, _say_date_span),
    (START + r"(?P<y>[12][0-9]{3})(?P<sep>[-/.])(?P<m>[01]?[0-9])(?P=sep)(?P<d>[0-3]?[0-9])日?" + END, _say_date),
    (START + rf"(?P<y>(?:19|20)[0-9]{{2}})\.(?P<m>1[0-2]|0?[1-9]){TILDE}(?P<y2>(?:19|20)[0-9]{{2}})\.(?P<m2>1[0-2]|0?[1-9])" + END, _say_month_span),
    (START + rf"(?P<m>1[0-2]|[1-9])\.(?P<d>[1-3]?[0-9])(?:{TILDE}|[放休开展]?[到至])(?P<m2>1[0-2]|[1-9])\.(?P<d2>[1-3]?[0-9])" + END, _say_day_span),
    (START + r"(?P<a>(?:19|20)[0-9]{2}|[0-9]{2})[-/—~](?P<b>(?:20)?[0-9]{2})(?=赛季|学年|财年)", _say_season),
    (START + r"(?P<y>(?:19|20)[0-9]{2})[-/](?P<m>0[1-9]|1[0-2])(?![0-9/-])", _say_month),
    (START + r"(?P<m>1[0-2]|0?[1-9])/(?P<d>[12][0-9]|3[01]|0?[1-9])(?=\s?(?:是|晚|早|上午|下午|中午|凌晨|当天|之前|前|起|截止|开始|开售|发售|上线|生日|[（(]?周[一二三四五六日]|星期|到[0-9]|至[0-9]|消费者|植树|妇女|愚人|劳动|青年|儿童|建党|建军|教师|国庆|光棍|双十|圣诞|平安夜|情人)(?![0-9/]))", _say_day),
    (START + rf"(?:(?P<a>[12][0-9]{{3}})年?(?P<t>{TILDE}))(?P<b>[12][0-9]{{3}})(?=年(?!前的|以前|历史))", _say_years),
    (START + r"(?P<a>(?:19|20)[0-9]{2})(?P<t>\s?[-~–—]\s?)(?P<b>(?:19|20)[0-9]{2})(?![0-9.-]|[元个人米字步])", _say_years),
    (START + r"(?P<a>)(?P<b>[12][0-9]{3})(?=年)", _say_year),
    (START + rf"(?P<b>(?:19|20)[0-9]{{2}})(?={_EVENT})", lambda match: digits(match["b"])),
    (START + r"(?P<a>)(?P<b>0[0-9]|[6-9][0-9])(?=年(?:代|[^龄级度来以之多的前后间期内里限轮资薪纪])(?!历史))(?!年代)", _say_years),
    (r"(?<![0-9.])0(?P<n>[1-9])(?=[月日号])", lambda match: cardinal(match["n"])),
)  # fmt: skip

_TIMES: tuple[Rule, ...] = rules(
    (r"(?<![0-9])(?P<m>[0-9]{1,3})['′](?P<s>[0-5]?[0-9])(?:\"|″|''|′′)", _say_minutes),
    (START + rf"(?P<h>[0-2]?[0-9])[:：](?P<m>[0-5][0-9]){TILDE}(?P<h2>[0-2]?[0-9])[:：](?P<m2>[0-5][0-9])(?![0-9:：])", _say_clock_span),
    (START + r"(?P<h>[0-9]{1,2})[:：](?P<m>[0-5][0-9])(?:[:：](?P<s>[0-5][0-9]))?(?P<f>分(?![钟之]))?(?![0-9:：]|\.[0-9])", _say_clock),
    (START + r"[0-9]+(?:\.[0-9]+)?(?:[:：][0-9]+(?:\.[0-9]+)?){1,2}(?![0-9:：])", _say_ratio),
)  # fmt: skip

RULES: tuple[Rule, ...] = (*ADDRESSES, *STANDARDS, *MOMENTS, *SIGNS, *_DATES, *_TIMES, *CODES, *NAMES, *QUANTITIES)


def say_as(written: str, interpret_as: str) -> str:
    """How a stretch is said when the client decides: "digits", "characters", "cardinal", else as written."""
    if interpret_as in ("digits", "telephone"):
        return "".join(digits(char, yao=True) or char for char in written)
    if interpret_as in ("characters", "spell-out"):
        return " ".join(digits(char) or char for char in written)
    if interpret_as in ("cardinal", "number") and re.fullmatch(rf"[-−]?{NUMBER}", written.strip()):
        return decimal(written.strip().replace(",", ""))
    return written
