# ruff: noqa: E501 - one row a line; ruff counts a Chinese character as two
"""How written forms are said: numbers, dates, times, codes, money, units, signs. A table of rules in order. Pure.

A rule is a pattern and a function from its match to what is said. `RULES` are the forms we know well; `REST` reads
whatever digits and signs are left, plainly, when no better normaliser took them.
"""

import re
from collections.abc import Iterable
from re import Match, Pattern

from tts_server.text.aligned import Piece, Say
from tts_server.text.english import number
from tts_server.text.numbers import cardinal, code_groups, decimal, digits, quantity
from tts_server.text.units import CURRENCIES, MEASURE_WORDS, UNITS

Rule = tuple[Pattern[str], Say]

NUMBER = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
_START, _END = r"(?<![0-9.,])", r"(?![0-9]|[.,][0-9])"  # a number is taken whole or not at all
_TILDE = r"\s?(?:~|～|-|—|–|至|到)\s?"
_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_AFTER_UNIT = r"(?![A-Za-z0-9])"
_CODE_WORDS = (
    "房间号|房号|门牌号|编号|号码|序号|单号|学号|工号|卡号|账号|帐号|证号|身份证|车牌|密码|口令|验证码|取件码|邀请码|代码|邮编|邮政编码"
    "|尾号|区号|电话|手机|热线|传真|微信|QQ|qq|工单|订单|版号|航班|车次|频道号|会议号|房间"
)
_SCORE_WORDS = re.compile(r"比分|比(?!赛)|胜|负|赢|输|领先|落后|战平|打平|击败|大败|逆转|比赛结果|总分|进球")
_PAUSE = "、"
_SPAN_WORDS = re.compile(r"用时|耗时|历时|时长|成绩|全长|长达|片长|总长")


def window(match: Match[str], before: int = 10, after: int = 8) -> str:
    """The characters around a match: what the decision hangs on when a form has two readings."""
    return match.string[max(0, match.start() - before) : match.start()] + " " + match.string[match.end() :][:after]


# -- addresses on the net ---------------------------------------------------------------------------------------------

_SIGNS = {"@": "艾特", ".": "点", "/": "斜杠", ":": "冒号", "_": "下划线", "-": "杠", "#": "井号", "?": "问号", "=": "等于",
          "&": "和", "+": "加", "%": "百分号", "~": "波浪号"}  # fmt: skip


def _say_address(match: Match[str]) -> str:
    return "".join(
        _SIGNS.get(char, digits(char) or char) for char in match[0].removeprefix("https://").removeprefix("http://")
    )


# -- dates and times --------------------------------------------------------------------------------------------------


def _say_date(match: Match[str]) -> str | None:
    year, month, day = match["y"], int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{digits(year)}年{cardinal(str(month))}月{cardinal(str(day))}日"


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
    lasted = re.match(r"年(?:的?(?:历史|文化|文明)|之久|前|以前|多|左右)", match.string[match.end() :][:6])
    return None if lasted and match["b"].endswith("00") else digits(match["b"])


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
    if int(hour) > 24 or int(minute) > 59 or int(second or 0) > 59 or _SCORE_WORDS.search(window(match)):
        return None
    if second and _SPAN_WORDS.search(window(match)):
        return f"{quantity(str(int(hour)))}小时{_two_digits(minute)}分{_two_digits(second)}秒"
    if not second and _SPAN_WORDS.search(window(match)):
        return f"{cardinal(hour)}分{_two_digits(minute)}秒"
    return _clock(hour, minute, second)


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


# -- codes: read digit by digit ---------------------------------------------------------------------------------------


def _say_code(match: Match[str]) -> Iterable[Piece]:
    """The digits of group n, one by one, in groups as people say them; separators are pauses, letters stay."""
    for part in re.finditer(r"(?P<digits>[0-9]+)|[^0-9A-Za-z]+", match["n"]):
        position = match.start("n") + part.start()
        if not part["digits"]:
            yield _PAUSE, position, match.start("n") + part.end()
            continue
        for group in code_groups(part["digits"]):
            pause = _PAUSE if position > match.start("n") + part.start() else ""
            yield pause + digits(group, yao=True), position, position + len(group)
            position += len(group)


def _say_room(match: Match[str]) -> Iterable[Piece]:
    yield digits(match["n"], yao=True), match.start("n"), match.end("n")


def _say_english(match: Match[str]) -> Iterable[Piece] | None:
    """A number between ordinary English words inside Mandarin: 他说 I have 3 cats."""
    before = re.search(r"(?:^|[^A-Za-z0-9])[a-z]+ $", match.string[max(0, match.start() - 24) : match.start()])
    return ((number(match[0]), match.start(), match.end()),) if before else None


def _say_model(match: Match[str]) -> Iterable[Piece]:
    """The number of a product or line after its letters: Windows11, iPhone 15, GPT-4, G1234, A380."""
    number = match["n"]
    long = len(number) >= 3 or (number[0] == "0" and len(number) > 1)
    spoken = digits(number, yao=len(match["l"]) <= 2) if long else cardinal(number)
    yield spoken + ("点" + digits(match["f"]) if match["f"] else ""), match.start("n"), match.end()


def _say_version(match: Match[str]) -> Iterable[Piece]:
    yield "点".join(cardinal(part) for part in match["n"].split(".")), match.start("n"), match.end("n")


# -- quantities -------------------------------------------------------------------------------------------------------


def _say_money(match: Match[str]) -> str:
    scale, name = match["x"] or "", CURRENCIES[match["c"]]
    return quantity(match["n"].replace(",", "")) + scale + name


def _say_span(match: Match[str]) -> Iterable[Piece]:
    """3-5天, 30%~50%, 10~20℃: the sign between them is 到."""
    first = "" if match["p"] else ("零下" if match["s"] and match["u"] in _DEGREES else "负" if match["s"] else "")
    percent = "百分之" if "%" in (match["p"] or match["u"] or "") else ""
    unit = UNITS.get(match["u"] or "", match["u"] or "") if not percent else ""
    yield percent + (first or ("负" if match["s"] else "")) + decimal(match["a"]), match.start(), match.start("t")
    if not match["t"].strip().isalpha():
        yield "到", match.start("t"), match.end("t")
    second = quantity(match["b"]) if not percent and match["u"] is None else decimal(match["b"])
    yield percent + second + unit, match.end("t"), match.end()


_ROMAN = {
    numeral: cardinal(str(value))
    for value, numeral in enumerate(["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"], 1)
}
_DEGREES = ("℃", "°C", "°", "度")


def _say_percent(match: Match[str]) -> str:
    return ("负" if match["s"] else "") + ("百" if match["u"] == "%" else "千") + "分之" + decimal(match["n"])


def _say_unit(match: Match[str]) -> str:
    unit = UNITS[match["u"]]
    if match["s"] and match["u"] in _DEGREES:
        return "零下" + decimal(match["n"]) + unit
    return ("负" if match["s"] else "") + quantity(match["n"].replace(",", "")) + unit


def _say_fraction(match: Match[str]) -> str:
    return cardinal(match["b"]) + "分之" + cardinal(match["a"])


def _say_two(match: Match[str]) -> str:
    return "两"


_MATH = {"+": "加", "−": "减", "×": "乘", "*": "乘", "x": "乘", "X": "乘", "÷": "除以", "/": "除以", "=": "等于", "≈": "约等于",
         "<": "小于", ">": "大于", "≤": "小于等于", "≥": "大于等于", "≠": "不等于", "^": "的"}  # fmt: skip


def _say_math(match: Match[str]) -> str:
    return _MATH[match[0].strip()]


def _say_hyphen(match: Match[str]) -> str:
    around = window(match)
    if re.search("[=＝]|等于|多少|[+×÷]", around):
        return "减"
    return "比" if _SCORE_WORDS.search(around) else "杠" if "-" in around else "到"


def _say_number(match: Match[str]) -> str:
    number = match["n"]
    if len(number) > 1 and number[0] == "0" and number.isdecimal():
        return digits(number)
    return ("负" if match["s"] else "") + decimal(number)


def _compile(*rows: tuple[str, Say]) -> tuple[Rule, ...]:
    return tuple((re.compile(pattern), say) for pattern, say in rows)


_CODE = r"(?P<n>[0-9A-Za-z]*[0-9](?:[0-9A-Za-z]|-(?=[0-9]))*)"
_NEGATIVE = r"(?P<s>(?<![0-9A-Za-z)）年月日\]])[-−])?"

RULES: tuple[Rule, ...] = _compile(
    (r"https?://[A-Za-z0-9._~/?#&=%+:@-]+", _say_address),
    (r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", _say_address),
    (r"(?<![A-Za-z0-9._-])(?=[0-9_-]*[A-Za-z])[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]+)*\.[A-Za-z][A-Za-z0-9]{1,4}(?![A-Za-z0-9.])", _say_address),
    # dates
    (_START + r"(?P<y>[12][0-9]{3})(?P<sep>[-/.])(?P<m>[01]?[0-9])(?P=sep)(?P<d>[0-3]?[0-9])日?" + _END, _say_date),
    (_START + r"(?P<y>(?:19|20)[0-9]{2})[-/](?P<m>0[1-9]|1[0-2])(?![0-9/-])", _say_month),
    (_START + rf"(?:(?P<a>[12][0-9]{{3}})年?(?P<t>{_TILDE}))(?P<b>[12][0-9]{{3}})(?=年(?!前的|以前|历史))", _say_years),
    (_START + r"(?P<a>(?:19|20)[0-9]{2})(?P<t>\s?[-~–—]\s?)(?P<b>(?:19|20)[0-9]{2})(?![0-9.-])", _say_years),
    (_START + r"(?P<a>)(?P<b>[12][0-9]{3})(?=年)", _say_year),
    (_START + r"(?P<a>)(?P<b>0[0-9]|[6-9][0-9])(?=年(?:代|[^龄级度来以之多的前后间期内里限轮资薪纪])(?!历史))(?!年代)", _say_years),
    (r"(?<![0-9.])0(?P<n>[1-9])(?=[月日号])", lambda match: cardinal(match["n"])),
    # times
    (_START + rf"(?P<h>[0-2]?[0-9]):(?P<m>[0-5][0-9]){_TILDE}(?P<h2>[0-2]?[0-9]):(?P<m2>[0-5][0-9])(?![0-9:])", _say_clock_span),
    (_START + r"(?P<h>[0-9]{1,2}):(?P<m>[0-5][0-9])(?::(?P<s>[0-5][0-9]))?(?![0-9:]|\.[0-9])", _say_clock),
    (_START + r"[0-9]+(?:\.[0-9]+)?(?:[:：][0-9]+(?:\.[0-9]+)?){1,2}(?![0-9:])", _say_ratio),
    # codes
    (r"(?<![0-9])(?P<n>(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2})(?![0-9])", _say_code),
    (r"(?<![0-9])(?P<n>[48]00-?[0-9]{3,4}-?[0-9]{3,4})(?![0-9-])", _say_code),
    (r"(?<![0-9])(?P<n>0[0-9]{2,3}-[0-9]{7,8}(?:-[0-9]{1,4})?)(?![0-9])", _say_code),
    (rf"(?:{_CODE_WORDS})(?:号|码|号码)?(?:是|为|：|:|\s|叫|改成|改为|设为|尾数){{0,2}}" + _CODE, _say_code),
    (r"(?:拨打?|打|致电|呼叫|转)(?P<n>1[0-9]{2}|1[0-9]{4}|9[0-9]{4})(?![0-9.个次元块分秒小])", _say_code),
    (_START + r"(?P<n>[0-9]{3,4})(?=号?(?:房|室|航班|路公交|国道|次列车|路车|路$|路[，。,]))", _say_room),
    (_START + r"(?P<n>[0-9]{17,}[Xx]?)" + _END, _say_code),
    (_START + r"(?P<n>(?:110|119|120|122|114|12[0-9]{3}|10086|10010|10000|95[0-9]{3}))(?=热线|电话|客服|报警|急救|服务)", _say_code),
    (rf"(?<=[a-z] ){NUMBER}(?= [a-z]{{2,}})", _say_english),
    # names of products and lines
    (r"(?<![0-9A-Za-z.])[Vv](?:er|ersion)?\.?\s?(?P<n>[0-9]+(?:\.[0-9]+)+)(?![0-9A-Za-z])", _say_version),
    (r"(?<![0-9.])(?P<n>[0-9]+(?:\.[0-9]+){2,})(?![0-9])", _say_version),
    (r"(?<![0-9A-Za-z.])(?P<l>[A-Za-z]++)[ -]?(?P<n>[0-9]{1,6})(?:\.(?P<f>[0-9]+))?(?![0-9]|[.,:/][0-9])", _say_model),
    # quantities
    (r"(?<=第)(?P<n>[IVX]{1,5})(?=[章节卷部期届编篇])", lambda match: _ROMAN.get(match["n"])),
    (r"(?<=第)(?P<a>[0-9]+)\s?[-~–—]\s?(?P<b>[0-9]+)", lambda match: f"{cardinal(match['a'])}到{cardinal(match['b'])}"),
    (rf"(?P<c>[¥￥$€£])\s?(?P<n>{NUMBER})\s?(?P<x>[万亿]+)?(?:元|美元|欧元|英镑)?", _say_money),
    (
        _START + rf"{_NEGATIVE}(?P<a>{NUMBER})(?P<p>%)?(?P<t>{_TILDE})(?P<b>{NUMBER})(?P<u>%|(?:{_UNIT}){_AFTER_UNIT})?"
        r"(?![-0-9A-Za-z./=*+×÷])",
        lambda match: _say_span(match) if match["u"] or match["p"] or _spans_measure(match) else None,
    ),
    (_START + rf"{_NEGATIVE}(?P<n>{NUMBER})\s?(?P<u>[%‰])", _say_percent),
    (_START + rf"{_NEGATIVE}(?P<n>{NUMBER})\s?(?P<u>{_UNIT}){_AFTER_UNIT}", _say_unit),
    (_START + r"(?P<a>[1-9][0-9]?)/(?P<b>[1-9][0-9]{0,2})(?![0-9/]|\s?=)", _say_fraction),
    (rf"(?<![0-9第初.,周])2(?={MEASURE_WORDS})", _say_two),
    (r"(?<=[元块])/(?=[一-龥])", lambda match: "每"),
    (r"(?<=[A-Za-z])\+\+|(?<=[A-Za-z0-9²³])\+(?=[A-Za-z0-9(])|(?<=[A-Za-z])\+(?![+A-Za-z0-9])", lambda match: "加" * len(match[0])),
    (r"(?<=[A-Za-z0-9)])[²³]", lambda match: {"²": "平方", "³": "立方"}[match[0]]),
    (r"(?<=[0-9A-Za-z)）方])\s?=\s?(?=[0-9A-Za-z(（])", lambda match: "等于"),
    (r"(?<=[0-9])\s?-\s?(?=[0-9])", _say_hyphen),
    (r"(?<=[0-9)）])\s?[+−×*xX÷/=≈<>≤≥≠]\s?(?=[0-9(（])", _say_math),
)  # fmt: skip

REST: tuple[Rule, ...] = _compile(
    (_NEGATIVE + rf"(?P<n>{NUMBER})", _say_number),
    (r"(?<=[一-龥])\s?[+×÷=≈<>≤≥≠]\s?(?=[一-龥])", _say_math),
    (r"[%℃]", lambda match: {"%": "百分号", "℃": "摄氏度"}[match[0]]),
)


def _spans_measure(match: Match[str]) -> bool:
    """A bare 3-5 is a span when a measure word follows; 5-3 may be a sum or a score."""
    return re.match(rf"{MEASURE_WORDS}|[元块月日号岁万千百亿倍度级]", match.string[match.end() :][:4]) is not None


def say_as(written: str, interpret_as: str) -> str:
    """How a stretch is said when the client decides: "digits", "characters", "cardinal", else as written."""
    if interpret_as in ("digits", "telephone"):
        return "".join(digits(char, yao=True) or char for char in written)
    if interpret_as in ("characters", "spell-out"):
        return " ".join(digits(char) or char for char in written)
    if interpret_as in ("cardinal", "number") and re.fullmatch(rf"[-−]?{NUMBER}", written.strip()):
        return decimal(written.strip().replace(",", ""))
    return written
