"""Names with the box before them."""

import pytest

from tts_server.access.access import Access, AccessSettings
from tts_server.access.box_names import elsewhere, marked
from tts_server.errors import Unauthorized


def test_a_name_of_the_only_box_is_as_it_was() -> None:
    assert marked("", "abc") == "abc"
    assert marked("box1", "abc") == "box1~abc"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("box1~abc", ""),
        ("abc", ""),
        ("box2~abc", "; it belongs to the box box2"),
        ("~abc", ""),
        ("<script>~abc", ""),
        ("b" * 500 + "~abc", "; it belongs to the box " + "b" * 32),
    ],
)
def test_where_a_name_belongs_is_told_and_nonsense_is_not_repeated(name: str, told: str) -> None:
    assert elsewhere("box1", name) == told


def test_a_ticket_names_its_box_and_is_good_there_only() -> None:
    one, other = (Access(AccessSettings(box=name)) for name in ("box1", "box2"))
    ticket = one.issue_ticket(one.admit("127.0.0.1"))
    assert ticket.startswith("ticket-box1~")
    with pytest.raises(Unauthorized, match="it belongs to the box box1"):
        other.admit("127.0.0.1", ticket)
    one.admit("127.0.0.1", ticket)
