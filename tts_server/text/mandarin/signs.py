# ruff: noqa: E501 - one row a line; ruff counts a Chinese character as two
"""Signs that carry meaning: arrows, comparisons, ranges between words, menus, colons behind names, fractions. Pure."""

import re
from collections.abc import Iterable
from re import Match

from tts_server.text.linguistic.aligned import Piece
from tts_server.text.mandarin.numbers import cardinal, decimal, digits
from tts_server.text.mandarin.patterns import AFTER_UNIT, START, UNIT, Rule, rules, unit_name

_PAUSE = "，"
# What a range may begin and end with, where no digit stands.
_ENDS = (
    "(?:周|星期|礼拜)[一二三四五六日天末]|[一二三四五六七八九十正腊]{1,2}月|初[一二三四五六七八九十]|上午|下午|中午|早上|晚上|凌晨|早晨|傍晚|幼儿园|小学|初中|高中|大学|今天|明天|后天|昨天"
    "|[零一二两三四五六七八九十百]{1,4}|[甲乙丙丁]|[春夏秋冬]季?|少年|青年|中年|老年"
)
_NAMES = "房间?|室|厅|卧|空调|插座|插排|灯|开关|传感器|窗帘|设备|频道|通道|分?区域?|阳台|厨房|门|电视|摄像头|温度计|风扇|泵|电池|组|路|回路|探头|节点|相机|音箱|洗衣机|主机|热水器|净化器|加湿器|电表|柜|箱|阀|楼层?|层|套餐|选项|方案|步骤|任务|场景|模式|账户"
_GASES = r"PM2\.5|PM10|PM1(?:\.0)?|CO2|CO₂|O3|NO2|SO2|H2S|CH2O|eCO2"


def _say_range(match: Match[str]) -> Iterable[Piece]:
    yield "到", match.start("t"), match.end("t")


def _say_scientific(match: Match[str]) -> str:
    return f"{decimal(match['n'])}乘十的{decimal(match['e'].lstrip('+'))}次方"


def _say_fraction(match: Match[str]) -> str | None:
    """-1/3, 1 1/2; and a fraction that is talked about, where it could be a day."""
    above, below = int(match["a"]), int(match["b"])
    if not below or (not match["w"] and not match["s"] and above >= below):
        return None
    said = f"{cardinal(match['b'])}分之{cardinal(match['a'])}"
    return "负" * bool(match["s"]) + (f"{cardinal(match['w'])}又" if match["w"] else "") + said


def _say_day(match: Match[str]) -> str | None:
    """11/28 有雨 and 05/01: days, for nobody writes such fractions."""
    month, day = int(match["m"]), int(match["d"])
    return f"{cardinal(match['m'])}月{cardinal(match['d'])}日" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _say_two(match: Match[str]) -> Iterable[Piece]:
    """血压120/80: one after the other."""
    unit = "毫米汞柱" if match.groupdict().get("u") else ""
    yield f"{cardinal(match['a'])}{_PAUSE}{cardinal(match['b'])}{unit}", match.start("a"), match.end()


def _say_span(match: Match[str]) -> Iterable[Piece]:
    yield "到", match.start("t"), match.end("t")


def _say_cross(match: Match[str]) -> str | None:
    return _PAUSE if re.search("[√✓✔]", match.string) else None


def _say_angle(match: Match[str]) -> str:
    """39°54′."""
    return f"{cardinal(match['d'])}度{cardinal(match['m'])}分" + (f"{decimal(match['s'])}秒" if match["s"] else "")


_SPANS = {"min": "分钟", "s": "秒", "sec": "秒", "h": "小时", "hr": "小时", "hour": "小时", "d": "天", "day": "天"}
_SHORT_WORDS = frozenset(
    ["on", "no", "up", "in", "of", "is", "at", "to", "or", "ok", "if", "it", "as", "an", "by", "he", "we", "me", "my"]
)
_NOT_ALONE = frozenset(["st", "px", "ac", "ha", "bit", "bar", "rad", "kn", "in"])  # words and letters of something else


def _say_lone_unit(match: Match[str]) -> Iterable[Piece] | None:
    """质量（kg）, 单位：kWh."""
    name = "u" if match["u"] else "v"
    if match[name] in _NOT_ALONE or (len(match[name]) == 1 and match[name].isascii()):
        return None
    return ((unit_name(match[name]), match.start(name), match.end(name)),)


def _say_slang(match: Match[str]) -> str:
    """1314一生一世, and what else is no number; the words that rhyme on it come after a pause."""
    return digits(match["n"]) + _PAUSE * match.string.startswith("一生", match.end())


_COMPARED = {"<=": "小于等于", "≤": "小于等于", "≦": "小于等于", ">=": "大于等于", "≥": "大于等于", "≧": "大于等于", "<": "小于", ">": "大于", "≈": "约等于", "~": "约", "～": "约", "≠": "不等于"}  # fmt: skip

# What a sign is called that is talked about: #号, &符号.
_CALLED = {"#": "井", "%": "百分", "&": "和", "@": "艾特", "+": "加", "=": "等", "$": "美元", "~": "波浪", "^": "尖"}


def _say_called(match: Match[str]) -> str:
    is_short = match["n"] in "#%+=$~^" and not match.string.startswith("号", match.end())
    return _CALLED[match["n"]] + "号" * is_short


SIGNS: tuple[Rule, ...] = rules(
    (r"(?<=[0-9])#(?=号[楼线机门])", lambda match: ""),
    (r"(?<![0-9A-Za-z#%&@+=$~^])(?P<n>[#%&@+=$~^])(?=号(?!楼|线|码)|符号|键|(?<=#)(?:为|是|表示|代表))", _say_called),
    (r"△\s?(?=[A-Z])", lambda match: "三角形"),
    # items of a list within a line: 三种：1. 清蒸；2. 红烧
    (r"(?:^|(?<=[:：;；，。]\s)|(?<=[:：;；，。]))(?P<n>[0-9]{1,2})\.\s(?=[一-龥A-Za-z])", lambda match: f"{cardinal(match['n'])}、"),
    (r"(?P<d>[0-9]{1,3})°\s?(?P<m>[0-9]{1,2})[′'](?:\s?(?P<s>[0-9]{1,2}(?:\.[0-9]+)?)(?:[″\"]|′′|''))?", _say_angle),
    (r"(?<=按)\s?#", lambda match: "井号"),
    # menus and arrows
    (r"(?<=[一-龥A-Za-z0-9])\s+[>›»]\s+(?=[一-龥A-Za-z])", lambda match: _PAUSE),
    (r"↑\s?(?=[0-9])", lambda match: "上升"), (r"↓\s?(?=[0-9])", lambda match: "下降"),
    (r"(?<=[0-9%℃°度])\s?↑", lambda match: "，上升"), (r"(?<=[0-9%℃°度])\s?↓", lambda match: "，下降"),
    (r"(?<=[一-龥A-Za-z0-9%℃°）)])\s?[→⇒]\s?(?=[一-龥A-Za-z0-9（(-])", lambda match: "到"),
    # a dash of any length before degrees is a sign
    (r"(?:(?<![0-9A-Za-z一-龥)）%℃°])|(?<=[是为温度约到至低高内外天夜晨间])(?<![0-9零一二两三四五六七八九十百几]天))[–—−](?=[0-9]+(?:\.[0-9]+)?(?:/[0-9]{1,2})?\s?(?:°|℃|度))", lambda match: "-"),
    (r"(?<![0-9A-Za-z一-龥)）])[-−](?=百分之)", lambda match: "负"),
    (r"[-−](?=[0-9]{2,3}\s?dBm(?![A-Za-z]))", lambda match: "负"),
    (r"(?:(?<=UTC)|(?<=GMT))\s?[-−–](?=[0-9])", lambda match: "减"),
    (START + r"(?P<n>[0-9]+(?:\.[0-9]+)?)\s?inH[2₂]O(?![A-Za-z0-9])", lambda match: f"{decimal(match['n'])}英寸水柱"),
    (r"(?<![0-9A-Za-z一-龥)）])\+(?=[0-9]+(?:\.[0-9]+)?\s?(?:℃|°))", lambda match: "零上"),
    (r"(?<![0-9A-Za-z一-龥)）])\+(?=[0-9])", lambda match: "加"),
    (r"§\s?(?P<n>[0-9]{1,4})(?![0-9.])", lambda match: f"第{cardinal(match['n'])}节"),
    (r"©\s?(?P<n>(?:19|20)[0-9]{2})(?![0-9])", lambda match: f"版权所有{digits(match['n'])}"),
    # comparisons and about
    (r"(?<=[约近])\s?[~～]\s?(?=[0-9])", lambda match: ""),
    (r"(?:<=|>=|[≤≥≦≧])\s?(?=[-−]?[0-9.¥$￥])", lambda match: _COMPARED[match[0].strip()]),
    (r"(?:(?<![0-9A-Za-z)）\]=])|(?<=[一-龥A-Za-z]))[<>]\s?(?=[-−]?[0-9¥$￥])", lambda match: _COMPARED[match[0].strip()]),
    (r"(?:(?<=[一-龥])|^)\s[<>]\s(?=[-−]?[0-9])", lambda match: _COMPARED[match[0].strip()]),
    (r"(?<![0-9A-Za-z一-龥%℃°.)）])[~～≈]\s?(?=[0-9¥$￥])", lambda match: "约"),
    # ranges
    (rf"(?:{_ENDS})(?P<t>\s?[~～–—\-]\s?)(?=(?:{_ENDS})(?![0-9]))", _say_range),
    (r"(?<![A-Za-z0-9])[A-Z](?P<t>\s?[~～]\s?)(?=[A-Z](?![A-Za-z]))", _say_range),
    (START + r"(?P<a>[0-9]+(?:\.[0-9]+)?)(?P<t>\s?[~～]\s?|(?<![0-9]{4})\s?[–—]\s?(?![0-9]{4}))(?=[-−]?[0-9]+(?:\.[0-9]+)?(?![0-9.:：/–—-]))(?![^。，]{0,12}(?:%|％))", _say_span),
    (START + r"[0-9]+(?:\.[0-9]+)?(?P<t>\s?-\s?)(?=[0-9]+(?:\.[0-9]+)?(?:之[间内]|左右|上下))", _say_span),
    (r"(?P<a>(?<![0-9./])[0-9]{1,2})(?P<t>/)(?=[-−]?[0-9]{1,2}\s?(?:℃|°C|°|度))", _say_span),
    (r"(?<=亮度|音量|范围|档位|温度|湿度|取值|区间)(?P<a>[0-9]{1,3})(?P<t>\s?[-–—]\s?)(?=[0-9]{1,3}(?![0-9.]))", _say_span),
    # colons behind the number of a thing
    (rf"(?:(?:{_NAMES})(?<![时点分])[0-9]{{1,2}}|{_GASES})(?P<t>\s?[:：]\s?)(?=[-−]?[0-9一-龥])", lambda match: ((_PAUSE, match.start("t"), match.end("t")),)),
    # 灯带2：60%, whatever the thing is called: no time and no ratio has such a unit
    (r"(?<=[一-龥])(?<![时点分第比分])[0-9]{1,2}(?P<t>\s?[:：]\s?)(?=[-−]?[0-9]+(?:\.[0-9]+)?\s?(?:[%％℃°]|[kK]?[WV](?![A-Za-z])))", lambda match: ((_PAUSE, match.start("t"), match.end("t")),)),
    # √ 牛奶 × 鸡蛋: what is done and what is not
    (r"(?<=[：:])[×✗✘√✓✔]\s?(?=[一-龥])", lambda match: ""),
    (r"(?:^|(?<=[\s，。；、：:]))[×✗✘√✓✔]\s?(?=[一-龥])(?![零一二两三四五六七八九十百])", _say_cross),
    # fractions, days, two pressures
    (r"(?<![0-9/.])(?P<a>[0-9]{1,2}\.[0-9])/(?P<b>5|10|100)(?![0-9/.])", lambda match: f"{cardinal(match['b'])}分之{decimal(match['a'])}"),
    (r"(?P<n>★{1,10})☆*", lambda match: f"{cardinal(str(len(match['n'])))}星" if len(match[0]) > 1 else None),
    (r"(?<=血压|高压|收缩|压为|压是)(?:[压是为约：:\s]{0,3})(?P<a>[0-9]{2,3})/(?P<b>[0-9]{2,3})(?P<u>\s?(?:mmHg|毫米汞柱))?(?![0-9/])", _say_two),
    (r"(?<![0-9/.])(?P<a>[0-9]{2,3})/(?P<b>[0-9]{2,3})(?P<u>\s?(?:mmHg|毫米汞柱))", _say_two),
    (r"(?<![0-9/.,])(?P<s>)(?P<w>[0-9]{1,3})\s(?P<a>[1-9][0-9]?)[/⁄](?P<b>[1-9][0-9]?)(?![0-9/])", _say_fraction),
    (r"(?<![0-9A-Za-z一-龥)）/.])(?P<s>[-−])(?P<w>)(?P<a>[1-9][0-9]?)[/⁄](?P<b>[1-9][0-9]{0,2})(?![0-9/])", _say_fraction),
    (r"(?<![0-9/.年月到至])(?P<s>)(?P<w>)(?P<a>[1-9])/(?P<b>[2-9]|10)(?=是(?!国庆|元旦|周|星期|我|他|她|你|春节|生日))", _say_fraction),
    (r"(?<![0-9/.年月到至])(?P<s>)(?P<w>)(?P<a>[1-9])\s/\s(?P<b>[2-9]|10)(?![0-9/.]|\s?=)", _say_fraction),
    (r"(?<![0-9/.])(?P<a>[1-9][0-9]?)/(?P<b>[2-9]|[1-9][0-9])(?=(?:是|为|叫|属于)?(?:一?个)?[真假带最]?分数)", lambda match: f"{cardinal(match['b'])}分之{cardinal(match['a'])}"),
    (r"(?:截[止至]|到期|有效期|日期|生日|定于|[改推延][到至迟期]+|DDL|ddl|[Dd]eadline)(?:时间|日期?)?[是为在到至于：:\s]{0,3}(?P<m>1[0-2]|0?[1-9])/(?P<d>[12][0-9]|3[01]|0?[1-9])(?![0-9/.%])", lambda match: ((f"{cardinal(match['m'].lstrip('0'))}月{cardinal(match['d'].lstrip('0'))}日", match.start("m"), match.end("d")),)),
    (r"(?<![0-9/.])(?P<m>0[1-9]|1[0-2])/(?P<d>0[1-9]|[12][0-9]|3[01])(?![0-9/.]|\s?[=%])(?:(?<=0[0-9]/[0-9]{2})|(?=\s?[一-龥（(]))", _say_day),
    (r"(?<![0-9/.])(?P<m>[1-9])/(?P<d>1[3-9]|2[0-9]|3[01])(?=\s+[一-龥（(])", _say_day),
    (r"(?<=[0-9])/(?=[月天周年次人位小时分钟户件套台瓶盒斤晚节课平])", lambda match: "每"),
    (r"(?<=[度方°])\s?=\s?(?=[0-9A-Za-z-])", lambda match: "等于"),
    (r"(?:(?<=[=＝])|(?<=[=＝][-−])|(?<=等于)|(?<=负))(?P<a>[a-z])/(?P<b>[a-z])(?![A-Za-z0-9/])", lambda match: f"{match['b']}分之{match['a']}"),
    # 60 req/min; a unit in brackets; the colon of a model's size, qwen2.5:7b
    (r"(?<=[0-9])(?P<w>\s?[A-Za-z]{3,8})\s?/\s?(?P<u>min|sec|s|hr|hour|h|day|d)(?![A-Za-z0-9])", lambda match: None if re.fullmatch(UNIT, match["w"].strip()) else ((f"每{_SPANS[match['u']]}", match.end("w"), match.end()),)),
    (rf"(?<=[一-龥A-Za-z][（(])(?P<u>{UNIT})(?=[）)])|(?<=单位)[是为：:]?\s?(?P<v>{UNIT})(?![A-Za-z0-9])", _say_lone_unit),
    (r"(?<![A-Za-z0-9])[A-Za-z]+[0-9]{1,3}(?:\.[0-9]{1,2})?(?P<t>:)(?=[0-9]{1,4}(?:\.[0-9])?[bBmM](?![A-Za-z]))", lambda match: ((_PAUSE, match.start("t"), match.end("t")),)),
    # F = ma: letters, one by one
    (r"(?<![A-Za-z0-9])[A-Z]\s?=\s?(?P<n>[a-z]{2})(?![A-Za-z0-9])", lambda match: None if match["n"] in _SHORT_WORDS else ((" ".join(match["n"]), match.start("n"), match.end("n")),)),
    # numbers that are words
    (rf"(?<=[0-9])\^(?P<m>-?[0-9]{{1,3}})\s?(?P<u>{UNIT}){AFTER_UNIT}", lambda match: f"的{decimal(match['m'])}次方{unit_name(match['u'])}"),
    (r"(?<![0-9A-Za-z)）])[-−](?=[a-z](?![A-Za-z0-9-])[^，。]{0,8}[<>=≤≥])", lambda match: "负"),
    (r"(?<=[A-Za-z0-9])\s?[<>=≤≥]\s?[-−](?=[a-z](?![A-Za-z]))", lambda match: (_COMPARED | {"=": "等于"})[match[0].strip()[0]] + "负"),
    (START + r"(?P<n>[0-9]+(?:\.[0-9]+)?)[eE](?P<e>[-+]?[0-9]{1,3})(?![0-9A-Za-z.])", _say_scientific),
    (r"(?<![0-9.,$¥￥第:：/-])(?P<n>6{3,}|23{3,}|2333?)(?![0-9.,:：/]|\s?(?:[个元块万亿号路分秒岁年天次条张件台名位人吨斤公克千米度级楼页章集班期%℃]|[A-Za-z]))", _say_slang),
    (r"(?:^|(?<=[，。！？]))(?P<n>88|886|555)(?=$|[，。！~～])", _say_slang),
    (r"(?<![0-9.,$¥￥])(?P<n>1314|5201314|520)(?=一生|我爱|快乐|爱你|告白|表白|，|！|$)", _say_slang),
)  # fmt: skip
