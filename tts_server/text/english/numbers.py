"""Numbers in American English words: no "and", "oh" for a zero only where a time or a room is read. Pure."""

ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = (
    (10**21, "sextillion"), (10**18, "quintillion"), (10**15, "quadrillion"), (10**12, "trillion"),
    (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"),
)  # fmt: skip
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_MAX_CARDINAL_DIGITS = 15  # a longer number is read digit by digit
_MAX_GROUPED_DIGITS = 24  # 124,444,234,854 is meant to be read as a number


def digits(written: str, zero: str = "zero") -> str:
    """Digit by digit; other characters are left out."""
    return " ".join(zero if char == "0" else ONES[int(char)] for char in written if "0" <= char <= "9")


def cardinal(value: int) -> str:
    """A whole number: 1234 is "one thousand two hundred thirty four"."""
    if value < 20:
        return ONES[value]
    if value < 100:
        return _TENS[value // 10] + (" " + ONES[value % 10] if value % 10 else "")
    scale, name = next(row for row in _SCALES if value >= row[0])
    rest = value % scale
    return f"{cardinal(value // scale)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(value: int) -> str:
    """A whole number in its order: 21 is "twenty first"."""
    *front, last = cardinal(value).split()
    return " ".join((*front, _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")))


def year(value: int) -> str:
    """A year: 1905 is "nineteen oh five", 2008 "two thousand eight", 2026 "twenty twenty six"."""
    century, rest = divmod(value, 100)
    if value % 1000 < 10 or value < 1000:
        return cardinal(value)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {pair(rest)}"


def pair(value: int) -> str:
    """Two digits behind two others: 5 is "oh five"."""
    return f"oh {ONES[value]}" if value < 10 else cardinal(value)


def number(written: str) -> str:
    """A number as it stands: "1,234.5", "007", ".5"; four digits like a year are read as one."""
    whole, point, fraction = written.replace(",", "").partition(".")
    if len(whole) > (_MAX_CARDINAL_DIGITS if "," not in written else _MAX_GROUPED_DIGITS) or (
        len(whole) > 1 and whole[0] == "0"
    ):
        spoken = digits(whole)
    elif len(whole) == 4 and "," not in written and not point and whole[:2] in ("19", "20") and whole[2] != "0":
        spoken = year(int(whole))
    else:
        spoken = cardinal(int(whole)) if whole else ""
    return f"{spoken} point {digits(fraction)}".strip() if fraction else spoken


def quantity(written: str) -> str:
    """A number of something: as `number`, but never a year."""
    whole, _, fraction = written.replace(",", "").partition(".")
    if not whole.isdecimal() or len(whole) > _MAX_CARDINAL_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        return number(written).strip()
    return cardinal(int(whole)) + (" point " + digits(fraction) if fraction else "")
