# ruff: noqa: E501 - one row a line; ruff counts a Chinese character as two
"""How quantities are said: money, spans, percents, units, fractions, sums; and whatever number is left. Pure."""

import re
from collections.abc import Iterable
from decimal import Decimal
from re import Match

from tts_server.text.linguistic.aligned import Piece
from tts_server.text.mandarin.numbers import cardinal, decimal, digits, quantity
from tts_server.text.mandarin.patterns import (
    AFTER_UNIT,
    NEGATIVE,
    NUMBER,
    SCORE_WORDS,
    START,
    TILDE,
    UNIT,
    Rule,
    rules,
    unit_name,
    window,
)
from tts_server.text.mandarin.units import CURRENCIES, LETTERS, MEASURE_WORDS

_COUNTED = re.compile(MEASURE_WORDS)
_DEGREES = ("℃", "°C", "°", "度")
_CURRENCY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))


_SQUARE_UNITS = "㎏㎎㎝㎜㎞㎡㎢㎥"  # one character a unit; they stand alone, too


def _say_money(match: Match[str]) -> str:
    scale, name = match["x"] or "", CURRENCIES[match["c"]]
    return quantity(match["n"].replace(",", "").removesuffix(".00")) + scale + name


_SCALED = {"K": 3, "k": 3, "M": 6, "m": 6, "B": 9, "b": 9, "bn": 9, "T": 12}


def _say_scaled_money(match: Match[str]) -> str:
    """US$2.5B is 二十五亿美元."""
    value = Decimal(match["n"].replace(",", "")).scaleb(_SCALED[match["x"]])
    for scale, name in ((Decimal(10**8), "亿"), (Decimal(10**4), "万"), (Decimal(1), "")):
        if value >= scale:
            return quantity(f"{(value / scale).normalize():f}") + name + CURRENCIES[match["c"]]
    return decimal(f"{value:f}") + CURRENCIES[match["c"]]


def _say_money_span(match: Match[str]) -> Iterable[Piece]:
    """￥50-80: the currency comes last."""
    yield decimal(match["a"].replace(",", "")), match.start(), match.start("t")
    yield "到", match.start("t"), match.end("t")
    yield (
        decimal(match["b"].replace(",", "")) + (match["x"] or "") + CURRENCIES[match["c"]],
        match.end("t"),
        match.end(),
    )


def _below_zero(sign: str | None, unit: str | None) -> str:
    return "" if not sign else "零下" if unit in _DEGREES else "负"


def _say_span(match: Match[str]) -> Iterable[Piece]:
    """3-5天, 30%~50%, -10~-5℃: the sign between them is 到."""
    unit = match["u"]
    percent = "百分之" if "%" in (match["p"] or unit or "") else ""
    name = unit_name(unit) if unit and not percent else ""
    first = quantity(match["a"]) if _is_counted(match) or (name and not match["s"]) else decimal(match["a"])
    yield (
        _below_zero(match["s"], unit) + percent + first + (match["x"] or ""),
        match.start(),
        match.start("t"),
    )
    if not match["t"].strip().isalpha():
        yield "到", match.start("t"), match.end("t")
    second = quantity(match["b"]) if _is_counted(match) else decimal(match["b"])
    yield _below_zero(match["s2"], unit) + percent + second + name, match.end("t"), match.end()


def _is_counted(match: Match[str]) -> bool:
    """Whether a measure word follows a span: 两到三个."""
    return match["u"] is match["p"] is None and _COUNTED.match(match.string, match.end()) is not None


def _spans_measure(match: Match[str]) -> bool:
    """A bare 3-5 is a span when a measure word follows; 5-3 may be a sum or a score."""
    return (
        re.match(
            rf"{MEASURE_WORDS}|[元块月号岁万千百亿倍度级班楼层栋章页条题课集期届排站线厘]|日(?![本元军方])|年级|多",
            match.string[match.end() :][:4],
        )
        is not None
    )


def _say_percent(match: Match[str]) -> str:
    of = ("百" if match["u"] == "%" else "千") + "分之"
    number = "百" if (match["n"], match["u"]) == ("100", "%") else decimal(match["n"].replace(",", ""))
    return ("负" if match["s"] else "") + of + number


def _say_unit(match: Match[str]) -> str:
    number = quantity(match["n"].replace(",", ""))
    if match["s"] and match["u"] in _DEGREES:
        number = decimal(match["n"])
    return _below_zero(match["s"], match["u"]) + number + (match["x"] or "") + unit_name(match["u"])


def _say_ampere(match: Match[str]) -> str | None:
    return decimal(match["n"]) + "安" if re.search("电|插座|空开|保险丝|充|适配|伏|V", window(match)) else None


def _say_fraction(match: Match[str]) -> str:
    """2/3; 12/5 is no such part, but a day."""
    above, below = int(match["a"]), int(match["b"])
    if 12 >= above > below:
        return f"{cardinal(match['a'])}月{cardinal(match['b'])}日"
    return cardinal(match["b"]) + "分之" + cardinal(match["a"])


def _say_sum_of_fractions(match: Match[str]) -> Iterable[Piece]:
    """1/2+1/4: what follows = is no quotient either."""
    for part in re.finditer(r"(?P<a>[0-9]+)/(?P<b>[0-9]+)|[+×÷−-]", match[0]):
        spoken = cardinal(part["b"]) + "分之" + cardinal(part["a"]) if part["a"] else _MATH.get(part[0], "减")
        yield spoken, match.start() + part.start(), match.start() + part.end()


_MATH = {"+": "加", "−": "减", "×": "乘", "*": "乘", "x": "乘", "X": "乘", "÷": "除以", "/": "除以", "=": "等于", "≈": "约等于",
         "<": "小于", ">": "大于", "≤": "小于等于", "≥": "大于等于", "≠": "不等于", "±": "正负", "√": "根号", "∞": "无穷大", "∠": "角"}  # fmt: skip


def _say_math(match: Match[str]) -> str:
    return _MATH[match[0].strip()]


def _say_power(match: Match[str]) -> str:
    """10^6 is 十的六次方, x² is x平方."""
    exponent = match["m"] or {"²": "2", "³": "3"}[match["n"]]
    name = {"2": "平方", "3": "立方"}.get(exponent)
    of_number = not match.string[match.start() - 1].isalpha()
    return ("的" if of_number or name is None else "") + (name or decimal(exponent) + "次方")


_GAME = re.compile("NBA|CBA|WNBA|球[队赛星]|联赛|半场|终场|主场|客场|加时|[首末]节|季后赛|决赛|战胜|大胜|险胜|不敌")
# 21-18、21-15: one of several.
_GAMES = re.compile(r"[0-9]{1,2}[、，, ]+[0-9]{1,2}\s?-\s?[0-9]{1,2}(?![0-9-])")
_GAMES_BEFORE = re.compile(r"[0-9]{1,2}\s?(?:-|比|到)\s?[0-9]{1,2}[、，, ]+[0-9]{1,2}$")
_MANY_POINTS = (60, 250)
_LOOK_BACK = 40


def _is_score(match: Match[str]) -> bool:
    """湖人112-104太阳: no span goes down, and no such span is written between names."""
    left = match.string[max(0, match.start() - _LOOK_BACK) : match.start()]
    before, after = (
        re.search("(?<![0-9.])[0-9]{1,3}$", left),
        re.match("[0-9]{1,3}(?![0-9.])", match.string[match.end() :][:4]),
    )
    if before is None or after is None:
        return False
    first, second = int(before[0]), int(after[0])
    low, high = _MANY_POINTS
    return (low <= second < first <= high and second + 60 > first) or (
        first != second and _GAME.search(left) is not None
    )


def _say_hyphen(match: Match[str]) -> str:
    around = window(match)
    if _GAMES.match(match.string[match.end() :]) or _GAMES_BEFORE.search(match.string[: match.start()][-12:]):
        around = window(match, _LOOK_BACK, _LOOK_BACK)
        return "比" if SCORE_WORDS.search(around) or _GAME.search(around) else "到"
    if re.search("[=＝]|等于|多少|得几|[+×÷]", around):
        return "减"
    return "比" if SCORE_WORDS.search(around) or _is_score(match) else "杠" if "-" in around else "到"


def _say_number(match: Match[str]) -> str:
    number = match["n"]
    if len(number) > 1 and number[0] == "0" and number.isdecimal():
        return digits(number)
    return ("负" if match["s"] else "") + decimal(number)


_PAID = re.compile("薪|工资|房租|租金|月租|预算|收入|奖金|存款|底薪|到手|待遇|报价|花了|工钱|学费|房价|元|块钱")

_NO_MONEY = re.compile(r"\s?(?:屏|画质|视频|分辨率|高清|电视|显示器|跑|公里|步)")


def _say_thousands(match: Match[str]) -> str | None:
    """月薪8k-12k, 房租3k: money in thousands."""
    before = re.split("[，。；、]", match.string[max(0, match.start() - 12) : match.start()])[-1]
    if not _PAID.search(before) or _NO_MONEY.match(match.string, match.end()):
        return None
    return _times_thousand(match["a"]) + (f"到{_times_thousand(match['b'])}" if match["b"] else "")


def _times_thousand(written: str) -> str:
    whole, _, part = written.partition(".")
    return cardinal(str(int((whole + part).ljust(len(whole) + 3, "0")))) if len(part) <= 3 else f"{decimal(written)}千"


QUANTITIES: tuple[Rule, ...] = rules(
    (r"(?<![0-9.,A-Za-z])[1-9][0-9]{0,2}(?: [0-9]{3}){2,4}(?![0-9]| [0-9])", lambda match: cardinal(match[0].replace(" ", ""))),
    (START + r"(?P<a>[0-9]{1,3}(?:\.[0-9]{1,3})?)[kK]?\s?[-~～–—至到]\s?(?P<b>[0-9]{1,3}(?:\.[0-9]{1,3})?)[kK](?![A-Za-z0-9])", _say_thousands),
    (START + r"(?P<a>[0-9]{1,3}(?:\.[0-9]{1,3})?)[kK](?P<b>)(?![A-Za-z0-9])", _say_thousands),
    (r"(?<=[0-9][kKwWmM])\s?[-~～–—]\s?(?=[0-9]+(?:\.[0-9]+)?[kKwWmM](?![A-Za-z]))", lambda match: "到"),
    (r"(?<=第)(?P<a>[0-9]+)\s?[-~–—]\s?(?P<b>[0-9]+)", lambda match: f"{cardinal(match['a'])}到{cardinal(match['b'])}"),
    (r"±\s?(?=[0-9])", _say_math),
    (rf"(?<![A-Za-z])(?P<c>{_CURRENCY})\s?(?P<a>{NUMBER})(?P<t>{TILDE})(?P<b>{NUMBER})(?P<x>[万亿]+)?元?(?![0-9.%A-Za-z])", _say_money_span),
    (rf"(?<![A-Za-z])(?P<c>{_CURRENCY})\s?(?P<n>{NUMBER})(?P<x>bn|[KkMmBbT])(?![A-Za-z0-9])", _say_scaled_money),
    (rf"(?<![A-Za-z])(?P<c>{_CURRENCY})\s?(?P<n>{NUMBER})\s?(?P<x>[万亿]+)?(?:元|美元|欧元|英镑|港元|日元)?(?![0-9])", _say_money),
    (START + rf"(?P<n>{NUMBER})(?P<x>[万亿]+)?\s?(?P<c>{_CURRENCY})(?![A-Za-z0-9])", _say_money),
    (
        START + rf"{NEGATIVE}(?P<a>{NUMBER})(?P<x>[万亿千百]{{1,2}})?(?P<p>%)?(?P<t>{TILDE})(?P<s2>[-−])?(?P<b>{NUMBER})(?P<u>%|(?:{UNIT}){AFTER_UNIT})?"
        r"(?![-0-9A-Za-z./=*+×÷])",
        lambda match: _say_span(match) if match["u"] or match["p"] or match["x"] or _spans_measure(match) else None,
    ),
    (START + r"(?P<n>[0-9][0-9,]*)\.00(?=[元块])", lambda match: quantity(match["n"].replace(",", ""))),
    (START + rf"{NEGATIVE}(?P<n>{NUMBER})\s?(?P<u>[%‰])", _say_percent),
    (START + rf"(?P<a>[1-9][0-9]?)[/⁄](?P<b>[1-9][0-9]?)\s?(?P<u>{UNIT}){AFTER_UNIT}", lambda match: f"{cardinal(match['b'])}分之{cardinal(match['a'])}{unit_name(match['u'])}" if int(match["a"]) < int(match["b"]) else None),
    (START + rf"(?P<n>{NUMBER})A(?![A-Za-z0-9级景])", _say_ampere),
    (START + r"(?P<n>[0-9]+\.[0-9]+|[0-9]+(?= A))\s?A(?![A-Za-z0-9级景座区栋])", lambda match: decimal(match["n"]) + "安"),
    (START + r"(?P<n>[0-9]+(?:\.[0-9]+)?) d(?![A-Za-z0-9])", lambda match: quantity(match["n"]) + "天"),
    (START + r"(?P<n>[0-9]+(?:\.[0-9]+)?)\s?in(?![A-Za-z0-9²³]|\s[A-Za-z0-9])", lambda match: quantity(match["n"]) + "英寸"),
    (START + rf"{NEGATIVE}(?P<n>{NUMBER})(?P<x>[万亿千百]{{1,2}})?\s?(?P<u>{UNIT}){AFTER_UNIT}", _say_unit),
    (START + r"(?P<n>[0-9]{1,4}(?:,[0-9]{4})+)(?![0-9,])", lambda match: cardinal(match["n"])),
    (START + r"(?<!/)[0-9]{1,2}(?>(?:/[0-9]{1,2}){2,})(?=[号月年级楼班层路线届期章])", lambda match: "、".join(map(cardinal, match[0].split("/")))),
    (r"(?<![0-9A-Za-z.])\.(?P<n>[0-9]+)(?![0-9.])", lambda match: "零点" + digits(match["n"])),
    (r"(?<=[0-9零一二三四五六七八九十]秒)(?P<n>[0-9]{1,3})(?![0-9.分秒])", lambda match: digits(match["n"])),
    (START + r"[1-9][0-9]?/[1-9][0-9]{0,2}(?>(?:\s?[+×÷−-]\s?[1-9][0-9]?/[1-9][0-9]{0,2})+)(?![0-9/])", _say_sum_of_fractions),
    (r"(?<=[0-9]米)(?P<n>[0-9]{2})(?![0-9.,]|厘米|[个人米远高宽长])", lambda match: digits(match["n"])),
    (START + r"(?P<a>[1-9][0-9]?)[/⁄](?P<b>[1-9][0-9]{0,2})(?![0-9/]|\s?=)", _say_fraction),
    (rf"(?<![0-9第初.,周])2(?={MEASURE_WORDS}(?<!位(?=置))|、[3-9]{MEASURE_WORDS})", lambda match: "两"),
    (rf"(?<=[一-龥%])\s?/\s?(?=(?:每?(?!人民)[年月日天周时秒人次个斤吨升亩台件套间晚节张本瓶箱度平位期户班课分克两桶股片粒支份条米]|盎司|毫升|公斤|千克|公里|小时|平方|平米|{UNIT}(?![A-Za-z0-9])))", lambda match: "每"),
    (rf"(?<=每)(?P<u>{UNIT}){AFTER_UNIT}", lambda match: unit_name(match["u"])),
    (r"(?<=[0-9万千百亿])\+(?![0-9A-Za-z(（])", lambda match: "加"),
    (r"(?:(?<=[贵快慢多高大强少省])|(?<=便宜)|(?<=提升)|(?<=提高)|(?<=增长)|(?<=放大)|(?<=变焦)|(?<=倍速))了?\s?(?P<n>[0-9]{1,4}(?:\.[0-9])?)[xX](?![A-Za-z0-9])", lambda match: f"{match[0][: match.start('n') - match.start()]}{quantity(match['n'])}倍"),
    (r"(?<=[米寸升克斤])\s?[*xX×]\s?(?=[0-9零一二两三四五六七八九十])", lambda match: "乘"),
    (r"(?<=[A-Za-z])\+\+|(?<=[A-Za-z0-9²³Α-ω])\s?\+\s?(?=[A-Za-z0-9(Α-ω])|(?<=[A-Za-z])\+(?![+A-Za-z0-9])", lambda match: "加" * match[0].count("+")),
    (r"(?<=[0-9A-Za-z)])(?:\^(?P<m>-?[0-9]{1,3})|(?P<n>[²³]))", _say_power),
    (r"(?<=[0-9A-Za-zΑ-ω)）方])\s?=\s?(?=[-−]?[0-9A-Za-zΑ-ω(（√])", lambda match: "等于"),
    (r"(?<=[0-9])\s?-\s?(?=[0-9])", _say_hyphen),
    (r"(?<=[A-Za-z)方])\s?-\s?(?=[A-Za-z0-9(])(?=[^-。，]{1,6}等于)", lambda match: "减"),
    (r"(?<=[0-9)）方])\s?[+−×*xX÷/=≈<>≤≥≠]\s?(?=[0-9(（√])", _say_math),
    (r"(?<=[0-9A-Za-z)）方π])\s?[−×÷≈<>≤≥≠±]\s?(?=[-−]?[0-9A-Za-z(（π∞])|√(?=[0-9A-Za-z(])|∞|∠(?=[A-Za-z0-9])", _say_math),
)  # fmt: skip

REST: tuple[Rule, ...] = rules(
    (rf"(?<![0-9A-Za-z])(?P<u>[{_SQUARE_UNITS}])", lambda match: unit_name(match["u"])),
    (NEGATIVE + rf"(?P<n>{NUMBER})", _say_number),
    (r"(?<=[一-龥])\s?[+×÷=≈<>≤≥≠±]\s?(?=[一-龥A-Za-z])|√(?=[零一二两三四五六七八九十百])|±(?=[一-龥])", _say_math),
    # what is left between two dates, times or measures
    (r"(?<=[度天日号月年点分秒元米克时吨升瓦伏岁层楼级班章节课期届集页])\s?[-~～–—]\s?(?=(?:零下|上午|下午|晚上|早上|次日|第二天|周[一二三四五六日末天]|星期[一二三四五六日天]|第)?[零一二两三四五六七八九十负])", lambda match: "到"),
    (r"(?<=[A-Za-zΑ-ω0-9)）一-龥])\s?=\s?(?=[零一二两三四五六七八九十负])", lambda match: "等于"),
    (r"(?<=[A-Za-z0-9)])\^(?P<m>[a-z])(?![A-Za-z])", lambda match: f"的{match['m']}次方"),
    (r"(?<=[A-Za-z])\s?&\s?(?=[A-Za-z])", lambda match: " and "),
    (r"(?<![A-Za-z0-9])@(?=[一-龥A-Za-z])", lambda match: "艾特"),
    (r"(?<=[零一二两三四五六七八九十百千])°", lambda match: "度"),
    (r"(?<=[零一二两三四五六七八九十])#(?=[楼栋机线炉门])", lambda match: "号"),
    (r"(?<=[一-龥])\s?&\s?(?=[一-龥])", lambda match: "和"),
    (r"(?<![A-Za-z][CF])(?<=[CF])#(?![A-Za-z0-9#])", lambda match: " sharp"),
    (r"[%℃]", lambda match: {"%": "百分号", "℃": "摄氏度"}[match[0]]),
    ("[" + "".join(LETTERS) + "]", lambda match: LETTERS[match[0]]),
)  # fmt: skip
