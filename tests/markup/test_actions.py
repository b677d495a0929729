"""Actions and faces that chat models write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_server.markup.markup import Cleaner, Markup
from tts_server.markup.tokens import Characters, Token

ACTED = [
    ("*waves* Hello!", " Hello!"),
    ("Hi *smiles warmly at you* there.", "Hi  there."),
    ("*clears throat* So.", " So."),
    ("（笑）好的。", "好的。"),
    ("好的（微笑着说）没问题。", "好的没问题。"),
    ("好（叹了口气）吧。", "好吧。"),
    ("*挥挥手* 再见", " 再见"),
    ("Well (sighs) yes.", "Well  yes."),
    ("(^_^) 你好", " 你好"),
    ("开心ヽ(✿ﾟ▽ﾟ)ノ", "开心"),
    ("唉(╯°□°）╯︵ ┻━┻", "唉"),
    ("累(´・ω・`)", "累"),
    ("哈哈(￣▽￣)", "哈哈"),
    ("难过(T_T)", "难过"),
    ("T_T 好惨", " 好惨"),
    ("(｡♥‿♥｡)爱你", "爱你"),
    ("o(╥﹏╥)o", ""),
    ("(ㄒoㄒ)", ""),
    ("好哒(≧▽≦)/", "好哒"),
    ("QAQ我错了", "我错了"),
    ("好的^_^", "好的"),
    (">_< 疼", " 疼"),
]
SAID = [
    ("这个价格（含税）是十元。", "这个价格（含税）是十元。"),
    ("他（小明）来了。", "他（小明）来了。"),
    ("The bill (raises taxes) passed.", "The bill (raises taxes) passed."),
    ("This is *very* important.", "This is very important."),
    ("*重要*的事", "重要的事"),
    ("**加粗**文字", "加粗文字"),
    ("5*3*2", "5*3*2"),
    ("(5°) (-3) (x^2)", "(5°) (-3) (x^2)"),
    ("x^2=y^2", "x^2=y^2"),
    ("T-shirt, OK, Xbox, Orz1", "T-shirt, OK, Xbox, Orz1"),
]


PLAIN = Markup()


def cleaned(pieces: list[str], markup: Markup = PLAIN) -> list[Token]:
    cleaner = Cleaner(markup)
    return [token for piece in pieces for token in cleaner.feed(piece)] + cleaner.end()


def said(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens if isinstance(token, Characters))


@pytest.mark.parametrize(("text", "expected"), [*ACTED, *SAID])
def test_actions_and_faces_are_not_read_and_text_is(text: str, expected: str) -> None:
    assert said(cleaned([text])) == expected
    assert said(cleaned(list(text))) == expected


@pytest.mark.parametrize("text", ["好的（笑）", "好（^_^）", "好QAQ"])
def test_they_are_read_where_the_owner_wants_it(text: str) -> None:
    assert (
        said(cleaned([text], Markup(speak_actions=True)))
        != said(cleaned([text]))
        == "好的"[: len(said(cleaned([text])))]
    )


@given(
    st.lists(st.sampled_from([*"*(（)）^_><=T QAωﾟ▽ヽノ", "笑", "waves", "挥手", "好", "1", "\n"]), max_size=14),
    st.integers(1, 4),
)
def test_any_split_gives_the_same(parts: list[str], size: int) -> None:
    text = "".join(parts)
    assert said(cleaned([text[at : at + size] for at in range(0, len(text), size)])) == said(cleaned([text]))
