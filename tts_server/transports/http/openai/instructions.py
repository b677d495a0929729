"""OpenAI's `instructions` ("Speak in a cheerful tone.") to an emotion, by words in English and Chinese."""

import re
from collections import Counter
from typing import Final

# Beginnings of words: "cheer" is in cheerful, cheerfully, cheery.
_ENGLISH: Final[dict[str, str]] = {
    "happy": "happ cheer joy bright upbeat positiv playful smil delight lighthearted bubbly glad friendly",
    "sad": "sad sorrow melanchol mourn grief griev gloom somber tearful heartbroken depress crying",
    "angry": "angr anger furious irritat annoy rage raging outrag hostil shout yell",
    "fear": "fear scared afraid terrif frighten horrif horror trembl spook",
    "surprise": "surpris astonish amaze shock startl",
    "disgust": "disgust contempt disdain revuls sarcas sneer",
    "calm": "calm relax sooth peace seren tranquil composed steady slow meditat sleep bedtime quiet",
    "gentle": "gentl soft tender whisper empath compassion reassur comfort sympath",
    "affectionate": "affection loving intimate romantic warm caring sweet",
    "serious": "serious formal profession authoritat stern solemn grave news business documentary narrat confiden firm",
    "excited": "excit enthusias energ thrill hype passion dramat sport",
    "anxious": "anxi nervous worr tense uneasy hesita panic urgen",
}
_CHINESE: Final[dict[str, str]] = {
    "happy": "开心 高兴 快乐 愉快 欢快 喜悦 欢乐 活泼 俏皮 阳光 微笑",
    "sad": "难过 悲伤 伤心 忧伤 哀伤 悲痛 沮丧 低落 哭腔 忧郁",
    "angry": "生气 愤怒 恼火 发火 气愤 暴躁 怒气",
    "fear": "害怕 恐惧 惊恐 恐慌 惊悚 颤抖",
    "surprise": "惊讶 吃惊 惊喜 震惊 诧异 惊奇",
    "disgust": "厌恶 讨厌 嫌弃 鄙视 不屑 嘲讽 讽刺",
    "calm": "冷静 平和 镇定 放松 舒缓 沉稳 安静 缓慢 慢慢",
    "gentle": "温柔 轻柔 柔和 温和 轻声 耳语 安慰 体贴",
    "affectionate": "亲切 亲昵 温暖 热情 关爱 撒娇 甜美 甜蜜 深情",
    "serious": "严肃 正式 认真 庄重 专业 新闻 播音 严厉 权威 旁白",
    "excited": "激动 兴奋 激昂 亢奋 激情 热血 活力",
    "anxious": "焦虑 紧张 担心 着急 不安 急促 慌张",
}
# "not angry", "without sounding sad", "不要太激动": these are not asked for.
_NOT_ENGLISH: Final = r"\b(?:not|never|no|without|avoid\w*|don['’]?t|isn['’]?t|less)\b(?:\s+\w+){0,2}?\s+"
_NOT_CHINESE: Final = r"(?:不要|不能|不用|别|不|避免|没有)(?:太|过于|那么|显得)?"


def _pattern(emotion: str) -> re.Pattern[str]:
    english, chinese = ("|".join(words[emotion].split()) for words in (_ENGLISH, _CHINESE))
    return re.compile(rf"({_NOT_ENGLISH}|{_NOT_CHINESE})?(?:\b(?:{english})\w*|{chinese})", re.IGNORECASE)


_PATTERNS: Final = {emotion: _pattern(emotion) for emotion in _ENGLISH}


def emotion_of(instructions: str) -> str | None:
    """The emotion that most words of the instructions ask for, the first of equals; None: they ask for none."""
    counted: Counter[str] = Counter()
    first: dict[str, int] = {}
    for emotion, pattern in _PATTERNS.items():
        for found in pattern.finditer(instructions):
            if not found[1]:
                counted[emotion] += 1
                first.setdefault(emotion, found.start())
    return min(counted, key=lambda emotion: (-counted[emotion], first[emotion]), default=None)
