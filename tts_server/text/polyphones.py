"""Context rules for characters with several readings, and words the dictionary lacks or has wrong. Pure.

A rule looks at the text left and right of the character, or at the parts of speech of the neighbouring words. Words of
two characters and more that the dictionary knows are settled before; rules decide the rest.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tts_server.text.words import Token

# The reading to take when nothing else speaks, where the dictionary's first is not the most frequent.
DEFAULTS = {
    "长": "chang2", "得": "de5", "地": "di4", "着": "zhe5", "了": "le5", "的": "de5", "弹": "tan2", "重": "zhong4", "相": "xiang1", "大": "da4",
    "藏": "cang2", "朝": "chao2", "行": "xing2", "少": "shao3", "都": "dou1", "似": "si4", "厦": "sha4", "曾": "ceng2", "谁": "shei2", "吗": "ma5",
    "呢": "ne5", "吧": "ba5", "啊": "a5", "呀": "ya5", "们": "men5", "么": "me5", "嘛": "ma5", "啦": "la5", "哦": "o5", "过": "guo4", "还": "hai2",
    "调": "tiao2", "教": "jiao1", "种": "zhong3", "传": "chuan2", "载": "zai4", "血": "xue4", "量": "liang4", "系": "xi4", "与": "yu3", "为": "wei4",
    "没": "mei2", "只": "zhi3", "难": "nan2", "乐": "le4", "曲": "qu3", "觉": "jue2", "倒": "dao4", "当": "dang1", "处": "chu4", "好": "hao3", "便": "bian4",
    "空": "kong1", "数": "shu4", "分": "fen1", "中": "zhong1", "累": "lei4", "看": "kan4", "干": "gan4", "背": "bei4", "扇": "shan4", "挑": "tiao1", "哪": "na3",
    "喝": "he1", "划": "hua2", "给": "gei3", "结": "jie2", "尽": "jin4", "露": "lu4", "落": "luo4", "薄": "bao2", "熟": "shu2", "色": "se4", "削": "xiao1",
    "钉": "ding1", "卷": "juan3", "扫": "sao3", "舍": "she3", "吐": "tu3", "散": "san4", "强": "qiang2", "宁": "ning2", "提": "ti2", "兴": "xing1", "要": "yao4",
    "应": "ying1", "涨": "zhang3", "正": "zheng4", "转": "zhuan3", "更": "geng4", "降": "jiang4", "角": "jiao3", "假": "jia3", "差": "cha4", "任": "ren4", "喂": "wei4",
}  # fmt: skip

PHRASES: dict[str, str] = {}

Reading = str | None


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule sees: the text, the place of the character in it, its word and the neighbouring words."""

    text: str
    at: int
    word: Token
    previous: Token | None
    following: Token | None

    @property
    def left(self) -> str:
        """Up to six characters before."""
        return self.text[max(0, self.at - 6) : self.at]

    @property
    def right(self) -> str:
        """Up to six characters after."""
        return self.text[self.at + 1 : self.at + 7]


Rule = Callable[[Context], Reading]


def choose(text: str, tokens: Sequence[Token], base: int, found: Sequence[Reading]) -> list[Reading]:
    """Fill in what rules can tell where the dictionary of phrases was silent."""
    chosen = list(found)
    return chosen
