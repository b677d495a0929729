"""What a Mandarin text talks about: pinyin with tone marks, “重” read in the second tone, the 行 of 银行. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence

from tts_server.text.linguistic.entries import toned_syllables
from tts_server.text.linguistic.segment import Reading

_HAN = "一-鿿"
_PINYIN = re.compile(
    r"(?<![A-Za-zÀ-ɏ])[a-zü'’]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-zāáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜ'’]*(?![A-Za-zÀ-ɏ])"
)
_TONES = {"一": "1", "二": "2", "三": "3", "四": "4", "阴平": "1", "阳平": "2", "上声": "3", "去声": "4"}
_TONE = re.compile(
    rf"[“\"「『‘'《](?P<c>[{_HAN}])[”\"」』’'》](?:字|这个字)?(?:在(?:这里|此|这儿|这个词里|句中|文中)|此处|这里)?(?:要|应该?|是|都)?"
    r"(?:读|念|发)(?:作|成|做|的是)?(?:第?(?P<n>[一二三四])声|(?P<m>阴平|阳平|上声|去声))"
)
_OF_A_WORD = re.compile(
    rf"[“\"「『‘'《]?(?P<w>[{_HAN}]{{2,4}})[”\"」』’'》]?的[“\"「『‘'《]?(?P<c>[{_HAN}])[”\"」』’'》]?(?=字|[，。！？、；：,.!?;:]|\s*$)"
)
_MAX_CHARS = 24  # of one stretch of pinyin


def mentioned(
    text: str, readings_of: Callable[[str], Sequence[str]], said: Callable[[str], Sequence[str]]
) -> Iterator[Reading]:
    """How stretches of a text are read that are what the text is about.

    readings_of: all readings of a character; said: the reading of each character of a word.
    """
    if not text.isascii() and re.search(f"[{_HAN}]", text):
        for match in _PINYIN.finditer(text):
            if len(match[0]) <= _MAX_CHARS and (pinyin := toned_syllables(match[0])):
                yield Reading(match.start(), match.end(), pinyin)
        for match in _TONE.finditer(text):
            tone = _TONES[match["n"] or match["m"]]
            known = [reading for reading in readings_of(match["c"]) if reading[-1] == tone]
            if known:
                yield Reading(match.start("c"), match.end("c"), known[0])
        for match in _OF_A_WORD.finditer(text):
            place = match["w"].rfind(match["c"])
            if place >= 0 and len(readings_of(match["c"])) > 1:
                own = said(match["w"])[place]
                if own and own[-1] != "5":
                    yield Reading(match.start("c"), match.end("c"), own)
