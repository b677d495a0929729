"""Conventions that are forgiven on other people's suites."""

from tests.text.conventions import is_forgiven


def test_only_what_differs_by_convention_is_forgiven() -> None:
    assert is_forgiven("101", "one hundred one", "one hundred and one", "en")
    assert not is_forgiven("101", "one hundred two", "one hundred and one", "en")
    assert is_forgiven("-23°C", "零下二十三摄氏度", "负二十三度", "zh")


def test_a_listed_case_is_forgiven_only_while_we_say_what_is_listed() -> None:
    assert is_forgiven("13000", "thirteen thousand", "one three zero zero zero", "en")
    assert not is_forgiven("13000", "thirteen hundred", "one three zero zero zero", "en")
