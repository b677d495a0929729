# ruff: noqa: E501 - rows of a table
"""Units and currencies in English: one of them, and several. Pure."""

import re

# written: (one, several); what Home Assistant writes, and kitchens and workshops.
UNITS = {
    "°C": ("degree Celsius", "degrees Celsius"), "℃": ("degree Celsius", "degrees Celsius"), "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "℉": ("degree Fahrenheit", "degrees Fahrenheit"), "ºC": ("degree Celsius", "degrees Celsius"), "ºF": ("degree Fahrenheit", "degrees Fahrenheit"),
    "K": ("kelvin", "kelvins"), "°": ("degree", "degrees"),
    "km/h": ("kilometer per hour", "kilometers per hour"), "kph": ("kilometer per hour", "kilometers per hour"), "mph": ("mile per hour", "miles per hour"),
    "kn": ("knot", "knots"), "kts": ("knot", "knots"), "rpm": ("R P M", "R P M"), "fps": ("frame per second", "frames per second"), "bpm": ("beat per minute", "beats per minute"),
    "km": ("kilometer", "kilometers"), "m": ("meter", "meters"), "dm": ("decimeter", "decimeters"), "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"),
    "μm": ("micrometer", "micrometers"), "um": ("micrometer", "micrometers"), "nm": ("nanometer", "nanometers"), "mi": ("mile", "miles"), "yd": ("yard", "yards"),
    "ft": ("foot", "feet"), "kg": ("kilogram", "kilograms"), "g": ("gram", "grams"), "mg": ("milligram", "milligrams"), "μg": ("microgram", "micrograms"), "ug": ("microgram", "micrograms"),
    "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"), "t": ("ton", "tons"),
    "L": ("liter", "liters"), "l": ("liter", "liters"), "mL": ("milliliter", "milliliters"), "ml": ("milliliter", "milliliters"), "dL": ("deciliter", "deciliters"), "gal": ("gallon", "gallons"),
    "fl oz": ("fluid ounce", "fluid ounces"), "fl. oz.": ("fluid ounce", "fluid ounces"), "tsp": ("teaspoon", "teaspoons"), "tbsp": ("tablespoon", "tablespoons"), "Tbsp": ("tablespoon", "tablespoons"), "pt": ("pint", "pints"), "qt": ("quart", "quarts"),
    "CCF": ("hundred cubic feet", "hundred cubic feet"), "MCF": ("thousand cubic feet", "thousand cubic feet"),
    "m²": ("square meter", "square meters"), "m2": ("square meter", "square meters"), "㎡": ("square meter", "square meters"), "cm²": ("square centimeter", "square centimeters"), "mm²": ("square millimeter", "square millimeters"),
    "km²": ("square kilometer", "square kilometers"), "ft²": ("square foot", "square feet"), "in²": ("square inch", "square inches"), "yd²": ("square yard", "square yards"), "mi²": ("square mile", "square miles"),
    "sq ft": ("square foot", "square feet"), "sq m": ("square meter", "square meters"), "sq mi": ("square mile", "square miles"), "ac": ("acre", "acres"), "ha": ("hectare", "hectares"),
    "m³": ("cubic meter", "cubic meters"), "m3": ("cubic meter", "cubic meters"), "cm³": ("cubic centimeter", "cubic centimeters"), "ft³": ("cubic foot", "cubic feet"), "cc": ("C C", "C C"),
    "kWh": ("kilowatt hour", "kilowatt hours"), "Wh": ("watt hour", "watt hours"), "MWh": ("megawatt hour", "megawatt hours"), "GWh": ("gigawatt hour", "gigawatt hours"), "TWh": ("terawatt hour", "terawatt hours"),
    "mWh": ("milliwatt hour", "milliwatt hours"), "W": ("watt", "watts"), "kW": ("kilowatt", "kilowatts"), "MW": ("megawatt", "megawatts"), "GW": ("gigawatt", "gigawatts"), "TW": ("terawatt", "terawatts"), "mW": ("milliwatt", "milliwatts"),
    "A": ("amp", "amps"), "mA": ("milliamp", "milliamps"), "mAh": ("milliamp hour", "milliamp hours"), "Ah": ("amp hour", "amp hours"), "V": ("volt", "volts"), "mV": ("millivolt", "millivolts"), "μV": ("microvolt", "microvolts"), "kV": ("kilovolt", "kilovolts"), "MV": ("megavolt", "megavolts"),
    "VA": ("volt ampere", "volt amperes"), "kVA": ("kilovolt ampere", "kilovolt amperes"), "var": ("var", "vars"), "kvar": ("kilovar", "kilovars"), "varh": ("var hour", "var hours"), "kvarh": ("kilovar hour", "kilovar hours"),
    "Ω": ("ohm", "ohms"), "kΩ": ("kilohm", "kilohms"), "MΩ": ("megohm", "megohms"), "Hz": ("hertz", "hertz"), "kHz": ("kilohertz", "kilohertz"), "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"),
    "J": ("joule", "joules"), "kJ": ("kilojoule", "kilojoules"), "MJ": ("megajoule", "megajoules"), "GJ": ("gigajoule", "gigajoules"), "cal": ("calorie", "calories"), "kcal": ("kilocalorie", "kilocalories"), "Mcal": ("megacalorie", "megacalories"), "Gcal": ("gigacalorie", "gigacalories"),
    "N": ("newton", "newtons"), "Pa": ("pascal", "pascals"), "hPa": ("hectopascal", "hectopascals"), "kPa": ("kilopascal", "kilopascals"), "MPa": ("megapascal", "megapascals"), "mPa": ("millipascal", "millipascals"), "bar": ("bar", "bars"), "mbar": ("millibar", "millibars"), "cbar": ("centibar", "centibars"),
    "psi": ("P S I", "P S I"), "inHg": ("inch of mercury", "inches of mercury"), "mmHg": ("millimeter of mercury", "millimeters of mercury"), "BTU": ("B T U", "B T U"), "BTU/h": ("B T U per hour", "B T U per hour"),
    "dB": ("decibel", "decibels"), "dBA": ("decibel A", "decibels A"), "dBm": ("decibel milliwatt", "decibel milliwatts"), "lx": ("lux", "lux"), "lm": ("lumen", "lumens"), "ppm": ("P P M", "P P M"), "ppb": ("P P B", "P P B"),
    "μS": ("microsiemens", "microsiemens"), "mS": ("millisiemens", "millisiemens"), "S": ("siemens", "siemens"), "μmol": ("micromole", "micromoles"), "mmol": ("millimole", "millimoles"), "mol": ("mole", "moles"), "μSv": ("microsievert", "microsieverts"), "Bq": ("becquerel", "becquerels"), "UV index": ("U V index", "U V index"),
    "h": ("hour", "hours"), "hr": ("hour", "hours"), "hrs": ("hour", "hours"), "min": ("minute", "minutes"), "mins": ("minute", "minutes"), "s": ("second", "seconds"), "sec": ("second", "seconds"), "secs": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"), "μs": ("microsecond", "microseconds"), "ns": ("nanosecond", "nanoseconds"), "d": ("day", "days"), "wk": ("week", "weeks"), "mo": ("month", "months"), "yr": ("year", "years"), "yrs": ("year", "years"), "y": ("year", "years"), "w": ("week", "weeks"),
    "bit": ("bit", "bits"), "kbit": ("kilobit", "kilobits"), "Mbit": ("megabit", "megabits"), "Gbit": ("gigabit", "gigabits"), "B": ("byte", "bytes"), "kB": ("kilobyte", "kilobytes"), "KB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"), "GB": ("gigabyte", "gigabytes"), "TB": ("terabyte", "terabytes"), "PB": ("petabyte", "petabytes"),
    "KiB": ("kibibyte", "kibibytes"), "MiB": ("mebibyte", "mebibytes"), "GiB": ("gibibyte", "gibibytes"), "TiB": ("tebibyte", "tebibytes"), "bps": ("bit per second", "bits per second"), "kbps": ("kilobit per second", "kilobits per second"), "Kbps": ("kilobit per second", "kilobits per second"),
    "Mbps": ("megabit per second", "megabits per second"), "Gbps": ("gigabit per second", "gigabits per second"), "px": ("pixel", "pixels"), "MP": ("megapixel", "megapixels"), "dpi": ("D P I", "D P I"), "hp": ("horsepower", "horsepower"), "mpg": ("mile per gallon", "miles per gallon"), "pcs": ("piece", "pieces"), "in": ("inch", "inches"),
    "μA": ("microamp", "microamps"), "nmi": ("nautical mile", "nautical miles"), "inH2O": ("inch of water", "inches of water"), "inH₂O": ("inch of water", "inches of water"), "EB": ("exabyte", "exabytes"),
    "BTU/(h⋅ft²)": ("B T U per hour and square foot", "B T U per hour and square foot"), "kWh/100km": ("kilowatt hour per one hundred kilometers", "kilowatt hours per one hundred kilometers"), "L/100km": ("liter per one hundred kilometers", "liters per one hundred kilometers"),
    "KG": ("kilogram", "kilograms"), "Kg": ("kilogram", "kilograms"), "KM": ("kilometer", "kilometers"), "mbps": ("megabit per second", "megabits per second"), "km³": ("cubic kilometer", "cubic kilometers"), "dm³": ("cubic decimeter", "cubic decimeters"), "kwh": ("kilowatt hour", "kilowatt hours"), "hz": ("hertz", "hertz"), "ghz": ("gigahertz", "gigahertz"), "mhz": ("megahertz", "megahertz"),
    "cd": ("candela", "candelas"), "kt": ("knot", "knots"), "bbl": ("barrel", "barrels"), "doz": ("dozen", "dozen"), "doz.": ("dozen", "dozen"), "nits": ("nit", "nits"), "Nm": ("newton meter", "newton meters"), "N·m": ("newton meter", "newton meters"), "sq. ft.": ("square foot", "square feet"), "sq.ft.": ("square foot", "square feet"), "sq. ft": ("square foot", "square feet"), "sqft": ("square foot", "square feet"),
    "cu ft": ("cubic foot", "cubic feet"), "cu. ft.": ("cubic foot", "cubic feet"), "cu yd": ("cubic yard", "cubic yards"), "cu. yd.": ("cubic yard", "cubic yards"), "sq. mi.": ("square mile", "square miles"), "sq. m": ("square meter", "square meters"), "sq km": ("square kilometer", "square kilometers"), "sq. km": ("square kilometer", "square kilometers"), "fl oz.": ("fluid ounce", "fluid ounces"), "tbs": ("tablespoon", "tablespoons"), "Tbs": ("tablespoon", "tablespoons"), "tsps": ("teaspoon", "teaspoons"), "tbsps": ("tablespoon", "tablespoons"),
    "KW": ("kilowatt", "kilowatts"), "TiB/s": ("tebibyte per second", "tebibytes per second"), "Beaufort": ("Beaufort", "Beaufort"), "quarts": ("quart", "quarts"),
}  # fmt: skip
# These may be words or letters of something else; they are units only where a number touches or a context says so.
_LOOSE = frozenset(
    (
        "m",
        "t",
        "in",
        "pt",
        "d",
        "w",
        "y",
        "mo",
        "K",
        "S",
        "N",
        "A",
        "V",
        "B",
        "J",
        "L",
        "l",
        "g",
        "s",
        "h",
        "bar",
        "bit",
        "MP",
        "ac",
        "hp",
        "mi",
        "°",
        "W",
        "cal",
        "var",
    )
)
# Without a number: the net reads these as gibberish.
ALONE = frozenset(unit for unit in UNITS if unit not in _LOOSE and (not unit.islower() or "/" in unit)) - {
    "BTU",
    "CCF",
    "MCF",
    "VA",
    "GB",
    "MB",
    "KB",
    "TB",
    "PB",
}
CURRENCIES = {
    "$": ("dollar", "dollars", "cent"), "US$": ("U S dollar", "U S dollars", "cent"), "€": ("euro", "euros", "cent"), "£": ("pound", "pounds", "penny"), "¥": ("yuan", "yuan", "fen"), "￥": ("yuan", "yuan", "fen"),
    "₹": ("rupee", "rupees", "paisa"), "₩": ("won", "won", ""), "₽": ("ruble", "rubles", "kopeck"), "C$": ("Canadian dollar", "Canadian dollars", "cent"), "A$": ("Australian dollar", "Australian dollars", "cent"), "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent"), "S$": ("Singapore dollar", "Singapore dollars", "cent"), "NZ$": ("New Zealand dollar", "New Zealand dollars", "cent"), "NT$": ("New Taiwan dollar", "New Taiwan dollars", "cent"),
    "USD": ("U S dollar", "U S dollars", "cent"), "EUR": ("euro", "euros", "cent"), "GBP": ("British pound", "British pounds", "penny"), "CNY": ("yuan", "yuan", "fen"), "RMB": ("yuan", "yuan", "fen"), "JPY": ("yen", "yen", ""), "CAD": ("Canadian dollar", "Canadian dollars", "cent"), "AUD": ("Australian dollar", "Australian dollars", "cent"),
}  # fmt: skip
_BY_LENGTH = sorted(UNITS, key=len, reverse=True)
_ONE = "|".join(map(re.escape, _BY_LENGTH))
UNIT = rf"(?:{_ONE})(?:/(?:{_ONE}))?"


def unit_name(written: str, several: bool) -> str:
    """What a unit, or a quotient of two, is called."""
    if written in UNITS:
        return UNITS[written][several]
    first, _, second = written.partition("/")
    return f"{UNITS[first][several]} per {UNITS[second][0]}"
