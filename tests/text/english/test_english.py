"""Latin words and their numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.cases import segment
from tts_server.text.english import english, numbers
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.aligned import Aligned
from tts_server.text.linguistic.language import own_language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I have 3 cats.", "I have three cats."),
        ("It costs $3.50 at 7:05 on the 3rd.", "It costs three dollars fifty cents at seven oh five on the third."),
        (
            "In 1984, 50% of 1,234 left.",
            "In nineteen eighty four, fifty percent of one thousand two hundred thirty four left.",
        ),
        ("Minus -5 and 3.14", "Minus minus five and three point one four"),
        ("the 21st of the 2000s, on the 20th", "the twenty first of the two thousands, on the twentieth"),
        ("at 12:00 for $1", "at twelve o'clock for one dollar"),
    ],
)
def test_numbers_in_english_text_are_english_words(text: str, expected: str) -> None:
    assert own_language(text) == "en"
    assert english.normalise(Aligned.identity(text)).text == expected


@pytest.mark.parametrize("text", ["3.5km", "2+3=5", "好的 ok", "", "5G"])
def test_what_is_not_english_throughout_is_not_taken_for_it(text: str) -> None:
    assert own_language(text) != "en"


def test_short_capitals_are_spelled_unless_they_are_words() -> None:
    [run] = analyse(segment("CPU NASA OK USB HTTPS TENSOR WiFi")).runs
    assert run.text == "C P U NASA OK U S B H T T P S TENSOR WiFi"
    assert [(word.text, word.start) for word in run.words[:4]] == [("C", 0), ("P", 1), ("U", 2), ("NASA", 4)]


@given(st.integers(0, 10**14))
def test_any_number_can_be_said(value: int) -> None:
    assert numbers.number(str(value)).replace(" ", "").isalpha()


PIECES = (
    *(
        "Mon.-Sun. ",
        "Dr. ",
        "St. ",
        "Ave. ",
        "U.S. ",
        "Acme Inc. ",
        "Tulsa, OK ",
        "§ ",
        "C# ",
        "@x ",
        "#x ",
        "$ ",
        "% ",
    ),
    *('27" ', "9x13 in pan ", "1/2/3 ", "Jan-1 ", "2H25 ", "44 B.C. ", "401(k) ", "124,444,234 ", "1:01:01 ", "a/b/c "),
    *("LOW BATTERY ", "light.kitchen ", "a-1.b3@x.com ", "12/kg ", "1-2=3 ", "5 ", ". ", "\n", "é", "好", "\ud83d"),
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12))
def test_whatever_is_joined_is_said_in_order_and_in_place(pieces: list[str]) -> None:
    text = "".join(pieces)
    places = [(word.start, word.end) for run in analyse(segment(text), "en").runs for word in run.words]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert [start for start, _ in places] == sorted(start for start, _ in places)
