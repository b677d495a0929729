# ruff: noqa: E501 - one row a line; ruff counts a Chinese character as two
"""How codes and names are said: addresses, telephone numbers, ids, plates, models, versions. Digits one by one. Pure."""

import re
from collections.abc import Iterable
from re import Match

from tts_server.text.english.numbers import number
from tts_server.text.english.spoken_codes import spelled
from tts_server.text.linguistic.aligned import Piece
from tts_server.text.mandarin.numbers import cardinal, code_groups, digits
from tts_server.text.mandarin.patterns import END, NUMBER, START, Rule, only, rules, window
from tts_server.text.mandarin.units import CURRENCIES, MEASURE_WORDS

_PAUSE = "、"
_NAMED = {"+": "加", "_": "下划线"}  # signs that belong to a code
_CODE_WORDS = (
    "房间号|房号|门牌号?|编号|号码|序号|单号|学号|工号|卡号|账号|帐号|证号|身份证|车牌|密码|口令|验证码|取件码|邀请码|代码|邮编|邮政编码|校验码|识别码|提货码|核销码"
    "|尾号|区号|电话|手机|热线|传真|微信|QQ群|qq群|微信群|QQ|qq|工单|订单|版号|航班|车次|频道号|会议号|房间|分机|端口|座位号|座号|桌号|床号|批号|批次|考号|准考证|流水号|保单|合同号|税号|群号|柜号|箱号"
    "|动态码|取餐码|取餐号|兑换码|激活码|安全码|提取码|序列号|授权码|会员号|[后末][三四六]位数?|准考号|档案号|病历号|挂号单号|快递单号|运单号|机号|站号|楼号|舱位|市话|座机|固话|总机|手机号|ISBN|IMEI|UID|uid|ID|PIN码?|病床|信箱"
)
_CALLING = re.compile(
    r"打|拨|电话|热线|客服|咨询|投诉|举报|查询|短信|发送|呼叫|致电|联系|报警|求助|急救|火警|救护|消防|警察|官网|购票|订票|来电|平台|出警|查号|火灾|接线|接警|赶到|救人|值班|座机|固话|市话|总机"
)
_SERVICE = r"110|119|120|122|114|12(?:306|315|345|348|333|320|328|366|318|321|355|110|117|121|123)|100(?:86|10|00|01|60)|95[0-9]{3}|96[0-9]{3}"
_EMERGENCY = "110|112|119|120|122|12345"
# Numbers that nobody counts: known whatever stands around them.
_KNOWN_SERVICE = r"12(?:306|315|345|348|333|320|328|366|318|321|355|110|117|121|123|368|371|388|393|395)|100(?:86|10|00(?=[是的号热客服])|50|99)|95[0-9]{2}[1-9]|111[68]5|11185|1258[0-9]"
_NOT_COUNTED = r"(?![0-9.]|[\s,]?(?:[个元人次块米度分秒岁台名位家吨斤件年天万亿千多余%℃]|公里|平方|小时|kg|km|m))"

# -- addresses on the net ---------------------------------------------------------------------------------------------

_SIGNS = {"@": "艾特", ".": "点", "/": "斜杠", ":": "冒号", "_": "下划线", "-": "杠", "#": "井号", "?": "问号", "=": "等于",
          "&": "和", "+": "加", "%": "百分号", "~": "波浪号"}  # fmt: skip


def _say_address(match: Match[str]) -> str:
    address = match[0].removeprefix("https://").removeprefix("http://").removesuffix("/")
    return "".join(_SIGNS.get(part, digits(part) or spelled(part)) for part in re.findall("[A-Za-z]+|.", address))


def _say_ip(match: Match[str]) -> str | None:
    parts = match["n"].split(".")
    port = f"冒号{digits(match['p'])}" if match["p"] else ""
    return "点".join(map(digits, parts)) + port if all(int(part) < 256 for part in parts) else None


# -- codes ------------------------------------------------------------------------------------------------------------


def _say_code(match: Match[str]) -> Iterable[Piece]:
    """The digits of group n, one by one, in groups as people say them; separators are pauses, letters stay."""
    for part in re.finditer(r"(?P<digits>[0-9]+)|[^0-9A-Za-z]+", match["n"]):
        position = match.start("n") + part.start()
        if not part["digits"]:
            if part[0] in _NAMED:
                yield _NAMED[part[0]], position, match.start("n") + part.end()
                continue
            yield _PAUSE if part.start() else "", position, match.start("n") + part.end()
            continue
        for group in code_groups(part["digits"]):
            pause = _PAUSE if position > match.start("n") + part.start() else ""
            yield pause + digits(group, yao=True), position, position + len(group)
            position += len(group)


def _say_service(match: Match[str]) -> Iterable[Piece] | None:
    return _say_code(match) if _CALLING.search(window(match)) else None


def _say_numbers(match: Match[str]) -> Iterable[Piece]:
    """110、119和120: numbers to call."""
    for called in re.finditer("[0-9]+", match[0]):
        yield digits(called[0], yao=True), match.start() + called.start(), match.start() + called.end()


def _say_hexadecimal(match: Match[str]) -> Iterable[Piece]:
    """0x1F, sign by sign."""
    for at in range(match.start(), match.end()):
        sign = match.string[at]
        yield digits(sign) or sign, at, at + 1


def _say_plate(match: Match[str]) -> Iterable[Piece]:
    if match["dot"]:
        yield "", match.start("dot"), match.end("dot")
    for digit in re.finditer("[0-9]+", match["n"]):
        at = match.start("n")
        yield digits(digit[0], yao=True), at + digit.start(), at + digit.end()


def _say_day(match: Match[str]) -> str:
    """9·11事件 and 3·15晚会: the digits of month and day; 10·1 is 十一."""
    month, day = match["a"], match["b"]
    return "十一" if (month, day) == ("10", "1") else digits(month) + digits(day)


_one_by_one = only("n", lambda written: digits(written, yao=True))
_plainly = only("n", digits)
_counted = only("n", cardinal)

# -- names of products and lines --------------------------------------------------------------------------------------

_ROMAN = re.compile("X{0,3}(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10}
_COUNTS = re.compile(rf"\s?(?:%|‰|{MEASURE_WORDS}|多|余|强|以上|左右)")


def _roman(written: str) -> str | None:
    """A Roman numeral up to 39 in words; None when it is none, as the XX of a name left out."""
    if not _ROMAN.fullmatch(written) or written in ("XX", "XXX"):
        return None
    values = [_VALUES[sign] for sign in written]
    return cardinal(
        str(sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True)))
    )


def _say_english(match: Match[str]) -> Iterable[Piece] | None:
    """A number between ordinary English words inside Mandarin: 他说 I have 3 cats."""
    before = re.search(r"(?:^|[^A-Za-z0-9])[a-z]+ $", match.string[max(0, match.start() - 24) : match.start()])
    return ((number(match[0]), match.start(), match.end()),) if before else None


def _say_model(match: Match[str]) -> str | Iterable[Piece] | None:
    """The number of a product or line after its letters: Windows11, iPhone 15, GPT-4, G1234, A380."""
    written = match["n"]
    spaced = match.start("n") - match.end("l") == 1
    if spaced and (match["l"] in _MEASURED or _AMOUNT.match(match.string, match.end("n"))):
        return None
    if match["l"] == "ISO" and _FILM.fullmatch(written):
        return None
    if match["l"] in _MEASURED and _AMOUNT.match(match.string, match.end("n")):
        return None
    long = len(written) >= 3 or (written[0] == "0" and len(written) > 1)
    if long and _COUNTS.match(match.string[match.end() :][:4]) and not match["l"].isupper():
        return None
    if match["l"] in CURRENCIES or (spaced and _STORED.match(match.string, match.end("n"))):
        return None
    if match["l"].lower() == "top":
        return _counted(match)
    spoken = digits(written, yao=len(match["l"]) <= 2) if long else cardinal(written)
    return ((spoken + ("点" + digits(match["f"]) if match["f"] else ""), match.start("n"), match.end()),)


# Short names of what is measured: the number behind them is one.
_MEASURED = frozenset(
    [
        "AQI",
        "HP",
        "VOC",
        "TVOC",
        "IAQ",
        "UV",
        "UVI",
        "CPU",
        "GPU",
        "RAM",
        "SSD",
        "HDD",
        "NAS",
        "UPS",
        "GDP",
        "CPI",
        "PPI",
        "PMI",
        "BTC",
        "ETH",
        "EPS",
        "ROE",
        "EXP",
        "XP",
        "DPS",
        "BPM",
        "HR",
        "BMI",
        "RPM",
        "LV",
        "PM",
        "PH",
        "TDS",
        "VPD",
        "DPI",
    ]
)
_FILM = re.compile("(?:[1-9]|12)00|(?:1[06]|32|64)00")  # how sensitive a film is; standards are no such numbers
_STORED = re.compile(r"\s?[KMGT]B(?![A-Za-z0-9])")  # Pro Max 256GB
_AMOUNT = re.compile(
    rf"(?:\.[0-9]+)?\s?(?:[%‰℃]|°|度|元|美元|欧元|块|人民币|{MEASURE_WORDS}|多|余|以上|左右|(?:GB|MB|TB|KB|ppm|ppb|kWh|Wh|kW|W|V|mAh|ms|Hz|MHz|GHz|fps|dB|rpm|Mbps|μg/m³|mg/m³|min|mins|km|mm|cm|kg|mg|ml|mL|hPa|kPa|lx|lm)(?![A-Za-z0-9]))"
)


def _say_standard(match: Match[str]) -> Iterable[Piece]:
    """GB/T 15109-2021, ISO 9001:2015: number and year, digit by digit."""
    yield digits(match["n"]) + ("点" + digits(match["f"]) if match["f"] else ""), match.start("n"), match.start("t")
    yield _PAUSE + digits(match["y"]), match.start("t"), match.end("y")


def _say_variant(match: Match[str]) -> Iterable[Piece]:
    """波音737-800, A320-200."""
    yield digits(match["n"]), match.start("n"), match.end("n")
    yield _PAUSE + cardinal(match["v"]), match.end("n"), match.end("v")


def _say_flat(match: Match[str]) -> Iterable[Piece]:
    """教室5-302: building and room."""
    yield cardinal(match["n"]) + _PAUSE + digits(match["v"], yao=True), match.start("n"), match.end("v")


def _say_version(match: Match[str]) -> Iterable[Piece]:
    first, *others = match["n"].split(".")
    spoken = digits(first) if re.fullmatch("(?:19|20)[0-9]{2}", first) else cardinal(first)
    yield "点".join([spoken, *map(cardinal, others)]), match.start("n"), match.end("n")


ADDRESSES: tuple[Rule, ...] = rules(
    (r"https?://[A-Za-z0-9._~/?#&=%+:@-]+", _say_address),
    (r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", _say_address),
    (r"(?<![A-Za-z0-9._/-])(?=[0-9_-]*[A-Za-z])[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]+)*\.(?!(?:com|net|org|cn)[A-Za-z])[A-Za-z][A-Za-z0-9]{1,4}(?::[0-9]{2,5})?(?:/[A-Za-z0-9._~/?#&=%+-]*)?(?![A-Za-z0-9.])", _say_address),
    (r"(?<![A-Za-z0-9.-])[0-9]{2,6}\.(?:com|cn|net|org)(?:\.cn)?(?:/[A-Za-z0-9._~/?#&=%+-]*)?(?![A-Za-z0-9])", _say_address),
    (r"(?<![A-Za-z0-9.-])localhost:[0-9]{2,5}(?:/[A-Za-z0-9._~/?#&=%+-]*)?", _say_address),
    (r"(?<![0-9.])(?P<n>[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::(?P<p>[0-9]{2,5}))?(?![0-9]|\.[0-9])", _say_ip),
)  # fmt: skip

CODES: tuple[Rule, ...] = rules(
    (r"(?P<p>[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z])(?P<dot>[·•・.\s-]?)(?P<n>(?=[A-Z]{0,5}[0-9])[0-9A-Z]{4,6})(?![0-9A-Za-z])", _say_plate),
    (r"(?<![0-9.-])(?P<n>[0-9]{4}(?:[ -][0-9]{4}){2,4}(?:[ -][0-9]{1,4})?)(?![0-9.])", _say_code),
    (r"(?<![0-9])(?P<n>(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2})(?![0-9])", _say_code),
    (r"(?<![0-9])(?P<n>[48]00[ -]?[0-9]{3,4}[ -]?[0-9]{3,4})(?![0-9-])", _say_code),
    (r"(?P<n>(?:(?<![0-9])\+?86[ -])?[(（]?(?<![0-9])0[0-9]{2,3}[)）]?[ -]?[0-9]{3,4}[ -]?[0-9]{4}(?:-[0-9]{1,4})?)(?![0-9])", _say_code),
    (r"(?<![0-9])(?P<n>\+?86[ -][0-9]{2,3}[ -][0-9]{7,8})(?![0-9])", _say_code),
    (r"(?<=[零一二三四五六七八九]转)(?P<n>[0-9]{1,5})(?![0-9])", _one_by_one),
    (rf"(?:{_CODE_WORDS})(?:号|码|号码)?(?:是|为|：|:|\s|叫|改成|改为|设为|尾数){{0,2}}(?P<n>[0-9A-Za-z_]*[0-9](?>(?:[0-9A-Za-z]|[ -](?=[0-9]))*))(?![个元%]|[.][0-9])", _say_code),
    (r"(?:(?<=请拨)|(?<=请拨打)|(?<=拨打)|(?<=内线)|(?<=转接)|(?<=短号)|(?<=小号))(?P<n>[0-9]{3,8})(?![0-9.]|[个次遍人元])", _one_by_one),
    (r"(?:拨打?|打|致电|呼叫|转)(?P<n>1[0-9]{2}|1[0-9]{4}|9[0-9]{4})" + _NOT_COUNTED, _say_code),
    (rf"(?<![0-9.,-])(?P<n>{_SERVICE})" + _NOT_COUNTED, _say_service),
    (rf"(?<![0-9.,-])(?:{_EMERGENCY})(?:[、和](?:{_EMERGENCY}))+" + _NOT_COUNTED, _say_numbers),
    (rf"(?<![0-9.,A-Za-z$¥￥€£+×*/=-])(?P<n>{_KNOWN_SERVICE})(?![A-Za-z+×*/=-]|\s?(?:{MEASURE_WORDS}|平|股|余|户|步|字|册|吨|名))" + _NOT_COUNTED, _say_code),
    (START + r"(?P<n>[2-8][0-9]{2,3}-[0-9]{4})(?![0-9-])", _say_service),
    (START + r"0[xX](?P<n>[0-9A-Fa-f]+)(?![0-9A-Za-z])", _say_hexadecimal),
    (START + r"(?P<n>[0-9]{3,4})(?=号?(?:房|室|病房|宿舍|教室|包厢|包间|办公室|会议室|诊室|套房|客房|航班|路公交|路汽车|路电车|路巴士|国道|省道|县道|次列车|次动车|次高铁|路车|路$|路[，。,]))", _one_by_one),
    (r"(?:(?<=地点)|(?<=地点在)|(?<=地点是)|(?<=地点：)|(?<=地点:))(?P<n>[1-9][0-9]{2,3})(?=$|[，。；）)])", _one_by_one),
    (r"(?:(?<=会议室)|(?<=办公室)|(?<=教室)|(?<=房间)|(?<=宿舍)|(?<=病房)|(?<=包[间厢])|(?<=车位))(?P<n>[0-9]{4})(?=[A-Z](?![A-Za-z0-9]))", _one_by_one),
    (r"(?:(?<=单元)|(?<=[栋幢座楼区])|(?<=[一二三四五六七八九东西南北新老主]教))(?P<n>[0-9]{3,4})(?![0-9.]|[米元平个人名位年层多])", _one_by_one),
    (START + r"(?P<n>89|9[0235-8])(?=号(?:汽油|乙醇|油))|(?<=加)(?P<m>9[258])(?=号?(?:汽油|的?油|[，。]|$))", lambda match: digits(match["n"] or match["m"])),
    (START + r"(?P<n>[1-9][0-9]{2})(?=班(?!次|车))", _one_by_one),
    (r"(?<![0-9A-Za-z.-])(?P<n>[0-9]{1,3}-[0-9]{1,2}-[0-9]{3,4})(?![0-9-])", _say_code),
    (START + r"(?P<n>[0-9]{17,}[Xx]?)" + END, _say_code),
)  # fmt: skip

# Before times, ranges and ratios: the colon of ISO 9001:2015 is neither, and the years of a life are years.
STANDARDS: tuple[Rule, ...] = rules(
    (r"(?<=[（(])(?:约|公元)?(?P<n>[1-9][0-9]{2})(?=年?\s?[-–—~～]{1,2}\s?[0-9]{3,4}年?[）)])", _plainly),
    (r"(?<=[—–~～-])(?P<n>[1-9][0-9]{2})(?=年[）)])", _plainly),
    (r"(?<![A-Za-z0-9])(?:[A-Z]{1,5}(?:/[A-Z]{1,6})?)\s?(?P<n>[0-9]{2,6})(?:\.(?P<f>[0-9]{1,3}))?(?P<t>\s?[-–—:：]\s?)(?P<y>(?:19|20)[0-9]{2})(?![0-9:：.])", _say_standard),
)  # fmt: skip

NAMES: tuple[Rule, ...] = rules(
    (rf"(?<=[a-z] ){NUMBER}(?= [a-z]{{2,}})", _say_english),
    (r"(?:波音|空客\s?A?|(?<![A-Za-z])[AB])(?P<n>7[0-9]7|3[0-9]{2}|2[0-9]{2})-(?P<v>[0-9]{1,4})(?![0-9])", _say_variant),
    (r"(?:(?<=神舟)|(?<=嫦娥)|(?<=天宫)|(?<=天舟)|(?<=天问)|(?<=玉兔)|(?<=北斗)|(?<=风云)|(?<=实践)|(?<=[一-龥])(?=-[0-9]{1,3}号(?!码)))[-–—](?P<n>[0-9]{1,3})(?![0-9.])", lambda match: cardinal(match["n"])),
    (r"(?<![A-Za-z0-9])[A-Z](?P<n>[0-9]{3})-(?P<v>[0-9]{3,4})(?![0-9])", _say_variant),
    (r"(?<![A-Za-z0-9])(?:IEC|ISO|EN|GB|IEEE|ANSI|DIN|JIS)\s(?P<n>[0-9]{4,6})-(?P<v>[0-9]{1,2})(?![0-9-])", _say_variant),
    (r"(?:(?<=教室)|(?<=房间)|(?<=宿舍)|(?<=寝室)|(?<=病房)|(?<=公寓)|(?<=办公室)|(?<=小区))(?P<n>[0-9]{1,2})-(?P<v>[0-9]{3,4})(?![0-9-])", _say_flat),
    # years that no 年 follows
    (r"(?:(?<=截至)|(?<=截止)|(?<=始于)|(?<=建于)|(?<=生于)|(?<=卒于)|(?<=成立于)|(?<=早在)|(?<=公元))(?P<n>(?:1[0-9]|20)[0-9]{2})(?![0-9.,年%]|[一-龥]?[元个人])", _plainly),
    (r"(?<![0-9.,A-Za-z$¥￥-])(?P<n>1[89][0-9]{2}|20[0-9]{2})(?=建国|建党|立国|改革|抗战|解放|起义|革命|开国)", _plainly),
    (r"(?<=《)(?P<n>1[0-9]{3}|20[0-9]{2})(?=》)", _plainly),
    (r"(?<=[〔\[【（(])(?P<n>(?:19|20)[0-9]{2})(?=[〕\]】）)][0-9]{1,4}号)", _plainly),
    (r"(?<![0-9.,A-Za-z])(?P<n>(?:19|20)[0-9]{2})(?=[HQ][1-4](?![0-9A-Za-z]))", _plainly),
    (r"(?<![0-9.,A-Za-z$¥￥-])(?P<n>(?:19|20)[0-9]{2})(?=[一-龥]{0,4}(?:奥运|冬奥|亚运|世界杯|欧洲杯|世博|春晚|高考|跨年|残奥|世锦赛|博览会|峰会|国际|年度|大运会|全运会|校招|春招|秋招|春节|国庆))", _plainly),
    (r"(?<![0-9.])(?P<n>[0-9][05])(?=、[0-9][05]后)", _plainly),
    # 302B, 705A: rooms and models
    (r"(?<![0-9A-Za-z.,$¥￥-])(?P<n>[0-9]{3})(?=[A-F](?![A-Za-z0-9/·]))(?!00A|[0-9]{2}[05]A(?=[^，。]{0,4}[电流]))", _plainly),
    # days that are names, hours of work, firms
    (r"(?<![0-9.])(?P<a>1[0-2]|[1-9])[·.・](?P<b>[12][0-9]|3[01]|[1-9])(?=事件|事变|晚会|地震|大地震|特大|惨案|运动|起义|购物节|国庆|假期|黄金周|恐怖|革命|空难|消费者|大屠杀|纪念|国耻|大促|狂欢|预售|抢购|建党|建军|劳动节|儿童节|教师节|妇女节|植树节)", _say_day),
    (r"(?<![0-9.])(?P<a>1[0-2]|[1-9])[·・](?P<b>[12][0-9]|3[01]|[1-9])(?![0-9])", _say_day),
    (r"(?<![0-9.])(?P<n>315(?=晚会|打假|消费)|(?<=[、和])618(?![0-9元个块人])|618(?=大促|购物|活动|年中|预售|期间|促销|购)|996(?=工作|制|的|加班|福|是福|$|[，。])|(?:985|211)(?=高校|大学|院校|工程|名校|、|/|的学)|911(?=事件)|360(?=公司|安全|浏览器|杀毒|软件)|520(?=表白|告白|情人|快乐|那天|这天)|1024(?=程序员)|007(?=电影|系列|邦德)|58(?=同城)|12306(?!\s?[人元个块次条名位年天万亿]))", _plainly),
    (r"(?<![0-9.第:：])(?P<n>[0-9][05])(?=后(?:[的们是喜对女男小一年出不都也在和、，。宝爸妈创员青职干从作歌演导明网父新消夫情0-9]|$))", _plainly),
    (r"(?<![0-9.])(?P<n>[1-9][1-9])(?=折)", _plainly),
    (r"(?<![A-Za-z0-9])(?:[BCGPO]2[BCGPO]|D2C|M2M|E2E)(?![A-Za-z0-9])", lambda match: f"{match[0][0]} to {match[0][2]}"),
    (r"(?<![0-9A-Za-z.,])(?P<n>[0-9]{4,6})(?=[”」』\"]号)|(?<![0-9A-Za-z.,])(?P<m>[0-9]{5,6})(?=号(?:客服|话务|坐席|工作人员|VIP|服务员|技师|选手|员工|司机|骑手))", lambda match: digits(match[0], yao=True)),
    (r"(?<![0-9.,])(?P<n>[1-9](?:0[1-9]|1[0-2]|[1-3][0-9]))(?=新政|事变|事件|惨案|专项|行动计划)", _plainly),
    (r"^(?P<n>985|211|996|007)$", _plainly),
    (r"(?P<n>7-11)(?=便利|店|买|$|[，。])", lambda match: "七幺幺"),
    (r"24/7|7×24|7\*24", lambda match: "七乘二十四" if match[0][0] == "7" else "二十四七"),
    (r"(?<![0-9])(?P<n>480|720|1080|1440|2160|4320)(?=[PpIi](?![A-Za-z]))", _one_by_one),
    (r"(?<=[歼轰运直苏图])-?(?P<n>[0-9]{1,3})(?![0-9.]|[个人次年月日元])", lambda match: cardinal(match["n"]) if len(match["n"]) < 3 else digits(match["n"])),
    (r"(?:(?<=东风)|(?<=红旗)|(?<=鹰击)|(?<=巨浪)|(?<=米格)|(?<=长征)|(?<=红箭))-(?P<n>[0-9]{1,3})(?![0-9.])", lambda match: cardinal(match["n"])),
    (r"(?:波音|空客|标致|宝马|骁龙|天玑|麒麟|锐龙|酷睿|奔驰|雷克萨斯)\s?(?P<n>[0-9]{3,4})(?![0-9.]|[元个人台辆])", _plainly),
    # SO2, H2SO4, NOx: gases whose letters make words
    (r"(?:(?<![A-Za-z0-9])|(?<=[A-Z][0-9]))(?P<l>SO|NO|so|no)(?=[234](?![0-9])|x(?![A-Za-z]))", lambda match: " ".join(match["l"].upper()) + " " * (match.string[match.end()] == "x")),
    # versions and ordinals
    (r"(?<![0-9A-Za-z.])[Vv](?:er|ersion)?\.?\s?(?P<n>[0-9]+(?:\.[0-9]+)+)(?![0-9A-Za-z])", _say_version),
    (r"(?<![0-9.])(?P<n>[0-9]+(?:\.[0-9]+){2,})(?![0-9])", _say_version),
    (r"(?<![A-Za-z])(?:No\.?|NO(?![23](?![0-9]))\.?|№)\s?(?P<n>[0-9]{1,4})(?![0-9.])", lambda match: "第" + cardinal(match["n"])),
    (r"(?<![0-9A-Za-z.])(?P<n>[0-9]{1,3})(?:st|nd|rd|th)(?![A-Za-z0-9])", lambda match: "第" + cardinal(match["n"])),
    (r"(?<![A-Za-z0-9])(?:(?<=[一-龥][^\S\n])|(?<=[a-z][^\S\n])|(?<=[一-龥《])|(?<=[一-龥]·)|^)(?P<n>[IVX]{2,6})(?![A-Za-z0-9'.&/+-]|设计|系统|标志|注射|输液|曲线)", only("n", _roman)),
    (r"(?<![A-Za-z0-9])(?P<n>[IVX]{1,6})\s?(?=[型期级类度]|世(?!界)|号(?:楼|线))", only("n", _roman)),
    (r"(?<=第)(?P<n>[IVX]{1,6})(?![A-Za-z0-9])", only("n", _roman)),
    (r"(?:(?<=[A-Za-z][0-9]-)|(?<=[A-Za-z][0-9][0-9]-))(?P<n>[0-9]{3,6})(?=[A-Z]{0,3}(?![A-Za-z0-9]))", _plainly),
    (r"(?<![A-Za-z])H\.(?P<n>26[4-6])", _plainly),
    (r"(?<![0-9A-Za-z.])(?P<l>[A-Za-z]++)[ -]?(?P<n>[0-9]{1,6})(?:\.(?P<f>[0-9]+))?(?![0-9]|[.,:/][0-9])", _say_model),
)  # fmt: skip
