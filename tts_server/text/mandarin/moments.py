# ruff: noqa: E501 - one row a line; ruff counts a Chinese character as two
"""How machines and messages write moments and durations: time stamps, am and pm, h:mm:ss, 1h30m. Pure."""

import re
from re import Match

from tts_server.text.mandarin.numbers import cardinal, digits, quantity
from tts_server.text.mandarin.patterns import START, Rule, rules

_LASTS = re.compile(
    r"剩|倒计时|还要|还有|还需|时长|用时|耗时|持续|计时|历时|需要?|运行|已[用过录播]|运行了|经过|花了|用了"
)
_HALF_SAID = re.compile(r"(?:上午|下午|晚上|早上|凌晨|中午|傍晚|清晨|晚|早)\s?$")


def _minutes(written: str) -> str:
    return ("零" if written[0] == "0" else "") + cardinal(written) + "分" if int(written) else ""


def _say_stamp(match: Match[str]) -> str | None:
    """2026-11-28T07:05:00+08:00: the local time it tells; no zone, no seconds that are none."""
    month, day, hour = int(match["mo"]), int(match["d"]), int(match["h"])
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour <= 24):
        return None
    said = f"{digits(match['y'])}年{cardinal(match['mo'])}月{cardinal(match['d'])}日{quantity(str(hour))}点"
    second = match["s"] or "00"
    return (
        said
        + (_minutes(match["m"]) or ("零分" if int(second) else ""))
        + (cardinal(second) + "秒" if int(second) else "")
    )


def _say_half_day(match: Match[str]) -> str | None:
    """3:15 PM, 9am: the part of the day first."""
    hour, is_morning = int(match["h"]), match["p"] in "aA"
    if not (0 <= hour <= 12) or (match["m"] is None and match["s"] is not None):
        return None
    if is_morning:
        part, hour = ("凌晨", 0) if hour == 12 else ("凌晨" if hour < 6 else "上午", hour)
    else:
        part = "中午" if hour == 12 else "下午" if hour < 7 and (hour < 6 or match["m"]) else "晚上"
    if _HALF_SAID.search(match.string[max(0, match.start() - 4) : match.start()]):
        part = ""
    second = match["s"]
    gap = "零" if second and second[0] == "0" else ""
    return f"{part}{quantity(str(hour))}点{_minutes(match['m'] or '00')}" + (
        f"{gap}{cardinal(second)}秒" if second and int(second) else ""
    )


def _say_lasting(match: Match[str]) -> str | None:
    """还剩1:05:00, and 0:45:00 wherever it stands, lasts; 7:05:00 alone is a time of day."""
    hours = int(match["h"])
    is_midnight = not (hours or int(match["m"]) or int(match["s"]))
    if (hours or is_midnight) and not _LASTS.search(match.string[max(0, match.start() - 8) : match.start()]):
        return None
    minutes, seconds = int(match["m"]), int(match["s"])
    said = f"{quantity(str(hours))}小时" if hours else ""
    if minutes:
        said += (
            ("零" if hours and minutes < 10 else "") + cardinal(str(minutes)) + ("分" if seconds or hours else "分钟")
        )
    gap = "零" if said and seconds < 10 else ""
    return (said + (f"{gap}{cardinal(str(seconds))}秒" if seconds else "")) or "零秒"


def _say_duration(match: Match[str]) -> str:
    """1h30m, 5 h 30 min: after hours, m are minutes."""
    said = f"{quantity(match['d'])}天" if match["d"] else ""
    said += f"{quantity(match['h'])}小时" if match["h"] else ""
    said += f"{cardinal(match['m'])}分"
    return said + (f"{cardinal(match['s'])}秒" if match["s"] else "" if match["h"] else "钟")


def _say_day_first(match: Match[str]) -> str | None:
    """08-08-2008 and 2019·2·10; 08/2008 has no day."""
    month, day = int(match["m"]), int(match["d"] or 1)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = f"{digits(match['y'])}年{cardinal(match['m'])}月"
    return said + (f"{cardinal(match['d'])}日" if match["d"] else "")


def _say_day_of_month(match: Match[str]) -> str:
    """08-08: a zero in front of the month tells that it is one."""
    return f"{cardinal(match['m'])}月{cardinal(match['d'])}日"


def _say_short_date(match: Match[str]) -> str | None:
    """26/11/28, or 11/28/26 where the first cannot be a year's two digits before a month."""
    for year, month, day in ((match["a"], match["b"], match["c"]), (match["c"], match["a"], match["b"])):
        if 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
            return f"{digits(year)}年{cardinal(month)}月{cardinal(day)}日"
    return None


def _say_era(match: Match[str]) -> str:
    """2934 AD, 1823年3月BC."""
    before = "公元前" if re.search("[Bb]\\.?[Cc]", match[0]) else "公元"
    return f"{before}{digits(match['n'])}{match['y'] or '年'}"


def _say_date_and_year(match: Match[str]) -> str:
    return f"{digits(match['y'])}年{cardinal(match['m'])}月{cardinal(match['d'])}{match['u']}"


MOMENTS: tuple[Rule, ...] = rules(
    (r"(?<![0-9])(?P<y>[12][0-9]{3})-(?P<mo>[0-9]{2})-(?P<d>[0-9]{2})T(?P<h>[0-9]{2}):(?P<m>[0-5][0-9])(?::(?P<s>[0-5][0-9])(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?(?![0-9:])", _say_stamp),
    (START + r"(?P<h>[0-9]{1,2})(?:[:：.](?P<m>[0-5][0-9]))?(?:[:：](?P<s>[0-5][0-9]))?\s?(?P<p>[AaPp])\.?[Mm](?![A-Za-z0-9])(?:\.(?![^\s]))?", _say_half_day),
    (r"(?<![A-Za-z0-9.])(?P<p>[Aa](?=\.?[Mm])|[Pp](?=\.?[Mm]\.?\s(?!10[:：])))\.?[Mm]\.?\s?(?P<h>[0-9]{1,2})[:：](?P<m>[0-5][0-9])(?P<s>)(?![0-9:：])", _say_half_day),
    (START + r"(?P<h>[0-9]{1,3})[:：](?P<m>[0-5][0-9])[:：](?P<s>[0-5][0-9])(?![0-9:：])", _say_lasting),
    (START + r"(?:(?P<d>[0-9]{1,3})\s?d\s?)?(?P<h>[0-9]{1,4})\s?(?:h|hr|hrs)\s?(?P<m>[0-9]{1,2})\s?(?:min|mins|m)(?![A-Za-z0-9])(?:\s?(?P<s>[0-9]{1,2})\s?(?:s|sec)(?![A-Za-z0-9]))?(?:钟)?", _say_duration),
    (START + r"(?P<d>[0-9]{1,3})\s?d\s?(?P<h>[0-9]{1,2})\s?h(?![A-Za-z0-9])", lambda match: f"{quantity(match['d'])}天{quantity(match['h'])}小时"),
    (START + r"(?P<d>)(?P<h>)(?P<m>[0-9]{1,3})\s?(?:min|mins|m)\s?(?P<s>[0-9]{1,2})\s?(?:s|sec)(?![A-Za-z0-9])", _say_duration),
    (START + r"(?P<m>0[1-9]|1[0-2])(?P<t>[-/.])(?P<d>0[1-9]|[12][0-9]|3[01])(?P=t)(?P<y>(?:19|20)[0-9]{2})(?![0-9./-])", _say_day_first),
    (START + r"(?P<m>0[1-9]|1[0-2])[-/](?P<d>)(?P<y>(?:19|20)[0-9]{2})(?![0-9./-])", _say_day_first),
    (START + r"(?P<y>(?:19|20)[0-9]{2})\.(?P<m>0[1-9]|1[0-2])(?P<d>)(?![0-9.%‰元米万亿]|\s?[A-Za-z]|\s?[-~～到至])", _say_day_first),
    (START + r"(?P<y>(?:19|20)[0-9]{2})[·•](?P<m>1[0-2]|0?[1-9])[·•](?P<d>[12][0-9]|3[01]|0?[1-9])(?![0-9])", _say_day_first),
    (START + r"(?P<m>0[1-9]|1[0-2])\.(?P<d>)(?P<y>(?:19|20)[0-9]{2})(?![0-9./%元米万亿-]|\s?[A-Za-z])", _say_day_first),
    (r"(?<![0-9.,/年-])(?P<m>0[1-9])(?P<t>[-.])(?P<d>0[1-9]|[12][0-9]|3[01])(?![0-9./%元米万亿-]|\s?[A-Za-z])", _say_day_of_month),
    (r"(?<![0-9./-])(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})/(?P<c>[0-9]{1,2})(?![0-9./-])", _say_short_date),
    (r"(?<![A-Za-z0-9])(?P<n>[0-9]{1,4})(?P<y>年[^，。]{0,8})?\s?(?:[Bb](?:\.?[Cc](?:\.?[Ee])?)|[Aa]\.?[Dd])(?![A-Za-z0-9])(?:\.(?!\w))?", _say_era),
    (r"(?<=[0-9])点00分", lambda match: "点"),
    (r"(?<![0-9.,/-])(?P<m>1[0-2]|[1-9])\.(?P<d>3[01]|[12][0-9]|[1-9])(?=平安夜|圣诞|元旦|情人节|儿童节|劳动节|妇女节|教师节|国庆节|万圣|感恩节|开学|开业|放假|截止|截稿)", _say_day_of_month),
    (r"(?P<p>上午|下午|晚上|凌晨)[零一二两三四五六七八九十点分]{2,9}(?P<t>\s?[-~～–—至到]\s?(?P=p))(?=[零一二两三四五六七八九十])", lambda match: (("到", match.start("t"), match.end("t")),)),
    (START + r"(?P<m>1[0-2]|0?[1-9])月\s?(?P<d>[0-9]{1,2})(?P<u>[号日]),?\s?(?P<y>[12][0-9]{3})(?![0-9年])", _say_date_and_year),
)  # fmt: skip
