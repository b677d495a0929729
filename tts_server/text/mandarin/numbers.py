"""Numbers as Mandarin says them. Pure: strings of ASCII digits in, Chinese characters out."""

from itertools import accumulate

DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")
_MAX_UNGROUPED = 6  # digits of a code that are said in one breath
_MAX_CARDINAL_DIGITS = 16  # beyond 9999 万亿 nobody says a number; it is read digit by digit


def digits(number: str, *, yao: bool = False) -> str:
    """Read digit by digit; `yao` says 幺 for 1, as in telephone and room numbers. Other characters are left out."""
    one = "幺" if yao else "一"
    return "".join(one if char == "1" else DIGITS[int(char)] for char in number if "0" <= char <= "9")


def code_groups(number: str) -> list[str]:
    """How people group a long code: 3-4-4 for a mobile number, 6-4-4-4 for an identity card, else fours."""
    if len(number) <= _MAX_UNGROUPED:
        return [number]
    head = len(number) % 4 or 4
    sizes = {18: [6, 4, 4, 4], 17: [6, 4, 4, 3], 10: [3, 3, 4]}.get(len(number)) or [
        head,
        *[4] * ((len(number) - head) // 4),
    ]
    ends = accumulate(sizes)
    return [number[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def cardinal(number: str) -> str:
    """Read as a quantity: "10086" is 一万零八十六. Commas are ignored, leading zeros too."""
    number = number.replace(",", "").lstrip("0")
    if not number:
        return "零"
    if len(number) > _MAX_CARDINAL_DIGITS:
        return digits(number)
    spoken, gap = "", False
    groups = [number[max(0, end - 4) : end] for end in range(len(number), 0, -4)]
    for power in range(len(groups) - 1, -1, -1):
        if groups[power].strip("0"):
            spoken += _group(groups[power], power, after=spoken, gap=gap)
            gap = False
        else:
            gap = True
    if spoken[:2] in ("二千", "二万", "二亿"):
        return "两" + spoken[1:]  # 2300 is 两千三百, 200 二百
    return spoken.removeprefix("一") if spoken.startswith("一十") else spoken


def decimal(number: str) -> str:
    """Read a number with or without a fraction: "3.50" is 三点五零; "-3" is 负三."""
    sign = "负" if number[:1] in ("-", "−") else ""
    whole, point, fraction = number.lstrip("+-−").partition(".")
    return sign + cardinal(whole) + ("点" + digits(fraction) if point and fraction else "")


def quantity(number: str) -> str:
    """Read before a measure word: a lone 2 is 两, everything else as `decimal`."""
    return "两" if number == "2" else decimal(number)


def _group(group: str, power: int, *, after: str, gap: bool) -> str:
    """Read up to four digits with their 万 or 亿. after: what was said before them; gap: zeros stand between."""
    spoken = ""
    for index, char in enumerate(group):
        if char == "0":
            gap = gap or bool(spoken or after)
            continue
        spoken += ("零" if gap else "") + DIGITS[int(char)] + _UNITS[len(group) - 1 - index]
        gap = False
    return spoken + _MYRIADS[power]
