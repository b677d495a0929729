"""Which reading a polyphone has where the dictionary of phrases is silent: rules over context. Pure.

Most rules are rows of `polyphone_rules.tsv`; 得, 地, 为, 还, 应 and surnames need parts of speech and stand here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tts_server.text.mandarin.cutting import cutter
from tts_server.text.mandarin.reading_tables import NICKNAMES, ONLY_AFTER_XING, SURNAMES, TITLES, polyphones, rows
from tts_server.text.mandarin.words import Token

_REACH = 8
_TITLE = re.compile(TITLES)
_BEFORE_SURNAME = re.compile(r"(?:^|[姓叫是和跟与找请给向对让小老阿问说的位名见由被把同听了着到为])$")
_NICKNAME = re.compile(
    "(?:^|[，。的了是和跟叫找给让请问说在对向被把同我你他见告带陪等催通知们事友学户理机员邻])[小老]$"
)
_AFTER_NICKNAME = re.compile(
    "$|[，。：、一两俩三夫那这她们啊呀呢吧的说来去打发给在也还就是不没有要今明昨晚早又把被让叫跟和电问回到家吃刚正会想能对从先都告请已下上看拿走做忙你我他约请送帮找]"
)
_GAINS = re.compile(
    r"了(?!吧|$|解(?!药))|过|到|第|奖|病|分(?!开)|知|出|益|救|冠军|金牌|一|三|两|满分|名|癌|罪|逞|主|空|闲|胜|人心|高分|分数|感冒|逃|意|体|逞|失"
)
_ADVERBS = frozenset("很太最更挺真好不没多这那")
_MUST_FOLLOW = frozenset(
    ("先", "还", "就", "可", "也", "都", "总", "非", "是", "要", "不", "又", "才", "再", "真", "必")
)
# Verb and object in one word: what follows 得 is not how it is done but what must be: 上班得打卡.
_VERB_WITH_OBJECT = re.compile(
    "[上下坐开出吃做睡结看买写办说洗过付交请排种喝][班车门饭觉婚病票课事学字业话澡路钱税队菜药水人假地街题]$"
)
_COMPLEMENT = re.compile("[很太真更非特好不最越极直像要连让使哭笑跳发说睡喘流满]")
# After these 得 always tells how: 过得好, 疼得厉害; and before those.
_DEGREE_FOLLOWS = re.compile("(?:过|[疼痛痒酸累渴饿热冷烫困忙急气吓堵肿美]|雪下|雨下)$")
_DEGREE = re.compile(
    "厉害|要命|要死|够呛|慌|不得了|了不得|不行|出奇|惊人|离谱|飞快|可真|特别[^要注]|怎么样|怎样|如何|一干二净|越来越|更加|更|像|跟[^你我他]"
)
_FAMILIES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严"
)
_MORE_AND_MORE = re.compile("越[^，。]{1,3}越[^，。]{1,2}$")
_MUST = re.compile("(?:还|都|估计|恐怕|大概|起码|至少|迟早|早晚|肯定|必然|一定|[^，。]也)$")
_SPENDS = re.compile("[这那我你他她们家]$")
_DUTY = re.compile("[往从到把被在向跟去晚早先再多少咬忍熬硬且找买付交给打带走留等看听学](?!手)")
_PLACE = re.compile("[路楼街车船山][上下]$")
# Verbs and adjectives that the tagger takes for something else: 码得老高, 整齐得不需整理.
_HOW_IT_IS = re.compile(
    "(?:[衬码摆堆垒裹挂活离长数]|[面泥馅](?:要|没|已经?)?和|[雨雪雹面头]下|布置|收拾|打扮|整齐|麻木|[钱时]间?花)$"
)
_LASTS = re.compile(
    "(?:[一两三四五六七八九十几半]|好几|[一二三四五六七八九十]+)(?:多?个?|个多)(?:小时|钟头|分钟|天|星期|月|年|块|元|百|千|万)"
)
_REPEATED = re.compile(
    r"(.{1,3})\1$|(?:^|[^，。])(.)\2(.)\3$|一(.)一.$|一(.{1,2})一\5$|[^，。一]一([^，。]{1,2})[^，。一]一\6$|[^，。](.)\7$|[^，。]+[然样般似性式]$"
)
_SUDDEN = frozenset("猛忽蓦倏霍腾轰噌嗖唰咚砰嘭啪哗嗡悄静轻慢快")
_DE_FIRST = re.compile("一[下声]|关上|说|笑|叫|响|跳|冲|站|飞|跑|打开|推开|弹")
_FELT = re.compile("^(?:[热深激]情|[耐细真诚好用安齐]心|礼貌|幸福|微笑)$")
_HOW_NOUNS = frozenset(("大声", "小声", "一再", "一下子", "一直", "一起"))
_HOW = re.compile(
    "[很更最太较挺极越好地][^，。的]{1,2}$|(?:^|[^这那])(?:不[^，。]|一[^块片]{1,3}|[^，。]着|[^，。]也不[^，。])$|[一又][^，。][一又][^，。]$|有[^，。]有[^，。]$"
)
_GROUND_BEFORE = re.compile(
    "(?:[这那哪每某各此两本该]|[扫拖擦洗耕占租翻圈征犁锄下落倒着触离满遍随就实坠席][完好过了]?|[块片亩寸][^，。]?|[的在从到往向离于里外]|[事案始]发|[出产][生产卵]?|[生产]卵|居住|所[在属])$"
)
_GROUND_AFTER = re.compile(
    "[上下里][^，。]|[上下里]$|[面方处皮砖板毯暖库漏垫插灯窖锁标摊笼胶坪宫]|有[^说]|是|很|太|都|也"
)
# 为 before these is "is, becomes"; the verbs after it belong to what it is.
_STATE = re.compile(
    "打开|关闭|开启|开[，。着]?$|关[，。]?$|关$|自动|手动|制冷|制热|离线|在线|已|未|静音|空闲|正常|异常|暂停|运行|待机|睡眠|除湿|送风|解锁|上锁|锁定|离家|在家|回家|启用|禁用|停用"
    "|[红绿蓝黄白紫橙暖冷青粉黑灰][色光白暖]|[高中低][速档风温]?|[良优]|[轻中重]度|晴|阴|多云|[大中小]?雨|播放|停止|充电|充满|清扫|回充|勿扰|节能|强力|经济|普通|标准|舒适|单曲|随机|循环|缺|满"
)
_WILLING = re.compile(
    "(?:乐意|愿意?|想|要|会|能|可以?|将|正?在|已经?|曾|决定|一直|都|就|去|来|专门|特意|甘|并|表示|负责|致力于?)$"
)
_HELPERS = frozenset(("是", "有", "在", "为", "会", "能", "可以", "要", "想"))


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule sees of a character: the text on both sides, its word and the words after and before it."""

    left: str
    right: str
    word: Token
    previous: Token | None
    after: Sequence[Token]  # up to _REACH words

    @property
    def following(self) -> Token | None:
        """The next word."""
        return self.after[0] if self.after else None


def choose(
    text: str, tokens: Sequence[Token], base: int, found: Sequence[str | None], alone: Mapping[str, str]
) -> list[str | None]:
    """Fill in what the rules can tell; `found` holds what the dictionary knew.

    base: where the first token starts. alone: readings of characters that are words of their own.
    """
    chosen = list(found)
    rules = polyphones()
    for index, token in enumerate(tokens):
        first = token.start - base
        for at in range(first, first + len(token.text)):
            char = text[at]
            known = char in rules or char in alone or char in _WITH_FUNCTIONS
            if char not in SURNAMES and (chosen[at] is not None or not known):
                continue
            context = Context(
                text[max(0, at - _REACH) : at],
                text[at + 1 : at + 1 + _REACH],
                token,
                tokens[index - 1] if index else None,
                tokens[index + 1 : index + 1 + _REACH],
            )
            reading = _surname(char, at - first, context, is_known=chosen[at] is not None)
            if reading is None and chosen[at] is None:
                reading = _read(char, at - first, context) or (
                    alone.get(char) if _is_alone(at - first, token) else None
                )
            if reading is not None:
                chosen[at] = reading
    return chosen


def _read(char: str, place: int, context: Context) -> str | None:
    """The reading of a character the dictionary did not settle; None to take its usual one."""
    alone = len(context.word.text) == 1
    if char == "得":
        if _SPENDS.search(context.left) and context.right.startswith("花"):
            return "dei3"  # 这得花多少钱
        if alone:
            return _de_of_degree(context)
        if place and context.word.text[0] in _MUST_FOLLOW and len(context.word.text) > place + 1:
            return "dei3"  # 先得练
        return "de5" if place else None  # 跑得快, 看得见
    if char == "地" and alone:
        return _de_of_manner(context)
    if char == "地" and place >= 2 and context.word.text[0] == context.word.text[1]:
        return "de5"  # 静静地
    if char == "地" and place and _MORE_AND_MORE.search(context.left):
        return "de5"  # 越烧越旺地蔓延
    if char == "长" and place == 1 and context.word.tag == "nr" and context.word.text[0] in _FAMILIES:
        return "chang2"  # 王长田
    reading = _by_table(char, context)
    if reading is not None:
        return reading
    if not alone:
        return None
    if char == "为":
        return _wei(context)
    if char == "还":
        return _huan(context)
    if char == "应":
        return "ying1" if context.following is not None and context.following.tag[:1] in ("v", "d", "p", "a") else None
    return None


def _by_table(char: str, context: Context) -> str | None:
    """What the first row says that fits."""
    for row in rows(char):
        if row.left.search(context.left) and row.right.match(context.right):
            return row.reading
    return None


def _is_alone(place: int, word: Token) -> bool:
    """Say whether a character is a word of its own, or the adjective after an adverb that segmentation glued to it."""
    return len(word.text) == 1 or (place == 1 and word.text[0] in _ADVERBS)


def _surname(char: str, place: int, context: Context, *, is_known: bool) -> str | None:
    """Surnames with a reading of their own: after 姓, before a title or a name, or where the word is a name."""
    reading = SURNAMES.get(char)
    if reading is None or (place and char not in NICKNAMES):
        return None
    if context.left.endswith("姓") and not context.left.endswith("百姓"):
        return reading
    if char in ONLY_AFTER_XING:
        return None
    if char in NICKNAMES and _NICKNAME.search(context.left) and _AFTER_NICKNAME.match(context.right):
        return reading
    if context.word.tag == "nr" and _by_table(char, context) is not None:
        return None
    if place:
        return None
    alone = len(context.word.text) == 1
    if alone and _TITLE.match(context.right) and _BEFORE_SURNAME.search(context.left):
        return reading
    after = context.following
    if alone and after is not None and after.tag == "nr" and _BEFORE_SURNAME.search(context.left):
        return reading
    return reading if context.word.tag == "nr" and len(context.word.text) in (2, 3) and not is_known else None


def _de_of_degree(context: Context) -> str:
    """得: must (dei3), get (de2), or the particle after a verb (de5)."""
    before, after = context.previous, context.following
    if _MUST.search(context.left) and _DUTY.match(context.right):
        return "dei3"  # 还得往城里跑
    if _HOW_IT_IS.search(context.left):
        return "de5"
    if _PLACE.search(context.left) and not _COMPLEMENT.match(context.right) and not _GAINS.match(context.right):
        return "dei3"  # 路上得小心
    if before is not None and context.right.startswith("的") and before.tag[:1] not in ("v", "a"):
        return "de2"  # 他得的是感冒
    if before is not None and (_DEGREE_FOLLOWS.search(before.text) or _DEGREE.match(context.right)):
        return "dei3" if before.tag[:1] == "r" else "de5"
    if before is not None and before.tag[:1] in ("v", "a", "z", "i") and before.tag != "vd":
        acts = after is not None and after.tag[:1] in ("v", "p", "n", "r", "d") and not _COMPLEMENT.match(context.right)
        if (_VERB_WITH_OBJECT.search(before.text) and acts) or _LASTS.match(context.right):
            return "dei3"
        if before.text not in _MUST_FOLLOW:
            return "de5"
    if _GAINS.match(context.right) or (before is None and context.right[:1] in tuple("嘞啦咧")):
        return "de2"
    if after is not None and (
        after.tag[:1] in ("v", "p", "d", "r", "a", "n", "t", "m") or before is None or before.tag[:1] in ("r", "d", "t")
    ):
        return (
            "dei3" if before is None or before.tag[:1] in ("r", "n", "d", "t", "c", "f", "v", "u", "m", "y") else "de5"
        )
    return "de5"


def _de_of_manner(context: Context) -> str:
    """地: the particle between manner and verb (de5), or ground (di4)."""
    before, after = context.previous, context.following
    if before is None:
        return "de5" if _DE_FIRST.match(context.right) else "di4"  # “噌”地一下
    if _REPEATED.search(context.left) or before.text in _SUDDEN or before.tag[:1] in ("z", "o"):
        return "de5"
    if len(before.text) >= 4:
        return "de5"
    if _GROUND_BEFORE.search(context.left) or (before.tag[:1] in tuple("rmqpuft") and before.text not in _HOW_NOUNS):
        return "di4"
    if after is None:
        describes = before.tag[:1] in ("d", "i") or (before.tag[:1] == "a" and len(before.text) >= 2)
        describes = describes or _FELT.search(before.text) is not None
        return "de5" if describes else "di4"  # 亲切地
    if before.tag[:1] in ("d", "i", "l") or _HOW.search(context.left):
        return "de5"
    on_the_ground = _GROUND_AFTER.match(context.right) is not None
    if len(before.text) >= 2 and before.tag[:1] in ("a", "v", "b"):
        return "di4" if on_the_ground and before.tag[:1] != "a" else "de5"
    acts = (
        after.tag[:1] in tuple("vpdailzr")
        or before.text in _HOW_NOUNS
        or cutter.tag(after.text[0])[0][1][:1] in ("v", "p", "d")
    )
    return "de5" if len(before.text) >= 2 and acts and not on_the_ground else "di4"


def _wei(context: Context) -> str:
    """为: for (wei4) when something is done for it, 为人民服务; is, becomes (wei2) when nothing more comes."""
    if context.following is None:
        return "wei2"
    before, first = context.previous, context.after[0]
    if before is not None and before.tag[:1] not in ("d", "r", "c", "p") and _STATE.match(context.right):
        return "wei2"
    if any(token.text.startswith("所") and token.text not in ("所有", "所在") for token in context.after[1:4]):
        return "wei2"  # 为人所知
    acts = any(token.tag[:1] in ("v", "i") and token.text not in _HELPERS for token in context.after[1:])
    if acts or first.tag[:1] in ("r", "v"):
        return "wei4"
    helps = before is None or before.tag[:1] in ("d", "v") or _WILLING.search(context.left) is not None
    return "wei4" if helps and any(_may_act(token) for token in context.after[1:]) else "wei2"


def _may_act(token: Token) -> bool:
    """Whether a word of two characters that is tagged as a noun may be verb and object: 读书, 效劳."""
    return token.tag == "n" and len(token.text) == 2 and cutter.tag(token.text[0])[0][1] == "v"


def _huan(context: Context) -> str:
    """还: give back (huan2) with a thing as its object and no other verb; still (hai2) otherwise."""
    after = [token.tag[:1] for token in context.after]
    if not after or after[0] not in ("n", "r"):
        return "hai2"
    return "hai2" if any(tag in ("v", "a", "d") for tag in after[1:]) else "huan2"


_WITH_FUNCTIONS = frozenset("得地为还应")
