import numpy as np
import pytest

from tts_server.engines.sambert.units.dialects import NAMES, dialect
from tts_server.engines.sambert.units.symbols import MARKS, encode, from_string, table_sizes, to_string


@pytest.mark.parametrize(("name", "sizes"), [("Sichuan", (116, 10)), ("WuuShanghai", (157, 13)), ("ZhHK", (107, 14))])
def test_the_tables_are_as_large_as_the_published_ones(name: str, sizes: tuple[int, int]) -> None:
    made = table_sizes(("F7",), name)
    assert (made["sy"], made["tone"]) == sizes


@pytest.mark.parametrize("name", NAMES)
def test_every_syllable_is_made_of_phones_that_the_voice_has(name: str) -> None:
    known = dialect(name)
    assert len(known.syllables) > 500
    assert {phone for phones in known.syllables.values() for phone in phones} <= set(known.phones)
    assert len(set(known.phones)) == len(known.phones)


@pytest.mark.parametrize(
    ("name", "symbol", "ids"),
    [
        ("WuuShanghai", "{ph_sh$tone7$s_begin$word_begin$emotion_neutral$F7}", (1, 7)),
        ("ZhHK", "{c$tone9$s_begin$word_begin$emotion_neutral$F7}", (1, 9)),
        ("Sichuan", "{ai_c$tone2$s_end$word_end$emotion_neutral$F7}", (1, 3)),
    ],
)
def test_symbols_written_out_become_ids(name: str, symbol: str, ids: tuple[int, int]) -> None:
    units = from_string(symbol)
    assert to_string(units) == symbol
    assert tuple(encode(units, ("F7",), name)[0, :2]) == ids


@pytest.mark.parametrize("name", NAMES)
def test_breaks_follow_the_phones(name: str) -> None:
    units = from_string(" ".join(f"{{{mark}$tone_none$s_none$word_none$emotion_none$F7}}" for mark in MARKS))
    first = len(dialect(name).phones)
    assert np.array_equal(encode(units, ("F7",), name)[:, 0], np.arange(first, first + 4))


def test_a_language_without_symbols_is_refused() -> None:
    with pytest.raises(ValueError, match="Korean"):
        encode([], ("F7",), "Korean")
