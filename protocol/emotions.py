"""Names of emotions. The canonical names are frozen: clients store them. Everything else is an alias.

`canonical` reads any spelling; `nearest` says what a voice without an emotion uses instead, by a table of distances.
Emoji stand in `emoji.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

EMOTIONS: Final = (
    "neutral",
    "happy",
    "sad",
    "angry",
    "fear",
    "surprise",
    "disgust",
    "calm",
    "gentle",
    "affectionate",
    "serious",
    "excited",
    "anxious",
)
AUTO: Final = "auto"  # as an emotion asked for: the mood of each sentence, as far as it is plain
MIN_INTENSITY: Final = 0.0  # as neutral
NORMAL_INTENSITY: Final = 1.0
MAX_INTENSITY: Final = 2.0

ENGLISH_NAMES: Final[dict[str, str]] = {
    "neutral": "Neutral",
    "happy": "Happy",
    "sad": "Sad",
    "angry": "Angry",
    "fear": "Fearful",
    "surprise": "Surprised",
    "disgust": "Disgusted",
    "calm": "Calm",
    "gentle": "Gentle",
    "affectionate": "Affectionate",
    "serious": "Serious",
    "excited": "Excited",
    "anxious": "Anxious",
}

CHINESE_NAMES: Final[dict[str, str]] = {
    "neutral": "平静",
    "happy": "开心",
    "sad": "难过",
    "angry": "生气",
    "fear": "害怕",
    "surprise": "惊讶",
    "disgust": "厌恶",
    "calm": "冷静",
    "gentle": "温柔",
    "affectionate": "亲切",
    "serious": "严肃",
    "excited": "激动",
    "anxious": "焦虑",
}

_ENGLISH: Final = {
    "neutral": "normal default none general chat plain indifferent",
    "happy": "happiness joy joyful cheerful glad smile smiling laughing funny hopeful winking cool delicious silly "
    "playful amused proud upbeat",
    "sad": "sadness sorrow sorrowful crying depressed unhappy upset lonely heartbroken",
    "angry": "anger mad furious annoyed irritated shouting",
    "fear": "fearful scared afraid terrified frightened horror",
    "surprise": "surprised shocked astonished amazed wow confused",
    "disgust": "disgusted hate hatred contempt disdain unfriendly",
    "calm": "relaxed sleepy peaceful quiet soothing soft",
    "gentle": "tender whispering whisper empathetic comforting warm mild poetry-reading narration-relaxed",
    "affectionate": "loving love kissy friendly intimate kind caring customerservice sweet",
    "serious": "formal confident thinking stern solemn newscast newscast-formal narration-professional "
    "documentary-narration assertive",
    "excited": "excitement enthusiastic thrilled sports-commentary sports-commentary-excited advertisement-upbeat "
    "livecommercial",
    "anxious": "anxiety nervous worried embarrassed tense uneasy",
}
_CHINESE: Final = {
    "neutral": "平静 中性 正常 普通 平淡 自然",
    "happy": "开心 高兴 快乐 愉快 喜悦 欢快 欣喜 大笑 笑 微笑 喜 乐 俏皮 得意 搞笑",
    "sad": "难过 悲伤 伤心 忧伤 哀伤 悲痛 沮丧 哭 哭泣 哽咽 哀 委屈 低落",
    "angry": "生气 愤怒 恼怒 发怒 气愤 恼火 怒 怒吼 暴怒",
    "fear": "害怕 恐惧 惊恐 恐慌 惧 惊慌",
    "surprise": "惊讶 惊喜 吃惊 惊奇 震惊 诧异 惊",
    "disgust": "厌恶 讨厌 嫌弃 反感 憎恨 鄙视 不屑",
    "calm": "冷静 镇定 放松 舒缓 沉稳 安静 轻声 小声 困倦",
    "gentle": "温柔 柔和 温和 轻柔 安慰 耳语 抒情",
    "affectionate": "亲切 亲昵 友好 热情 关爱 撒娇 深情 宠溺 温暖",
    "serious": "严肃 正式 认真 郑重 严厉 庄重 坚定 自信 思考",
    "excited": "激动 兴奋 亢奋 激昂 热血",
    "anxious": "焦虑 紧张 担心 着急 不安 忧虑 尴尬 焦急",
}
# The categories of Sambert's published voices that are not among the names above; "emotion_" before them is dropped.
_SAMBERT: Final = {
    "relax": "calm",
    "lyrical": "gentle",
    "disgruntled": "angry",
    "satisfied": "happy",
    "disappointed": "sad",
    "jealousy": "disgust",
    "pity": "sad",
    "pleasure": "happy",
    "arousal": "excited",
    "dominance": "serious",
    **{f"placeholder{number}": "neutral" for number in range(1, 10)},
}
_SAMBERT_PREFIX: Final = "emotion_"

ALIASES: Final[dict[str, str]] = {
    **{alias: name for table in (_ENGLISH, _CHINESE) for name, aliases in table.items() for alias in aliases.split()},
    **_SAMBERT,
}

# How far one emotion is from another: 0 the same, 1 nothing in common. What is not here has nothing in common.
Distances = Mapping[str, Mapping[str, float]]
DISTANCES: Final[Distances] = {
    "happy": {"excited": 0.2, "affectionate": 0.4, "surprise": 0.7},
    "sad": {"gentle": 0.6, "calm": 0.5, "anxious": 0.7, "serious": 0.8},
    "angry": {"disgust": 0.3, "serious": 0.5, "excited": 0.8},
    "fear": {"anxious": 0.2, "surprise": 0.5, "sad": 0.8},
    "surprise": {"excited": 0.3, "happy": 0.4, "fear": 0.7},
    "disgust": {"angry": 0.3, "serious": 0.5, "sad": 0.8},
    "calm": {"gentle": 0.2, "serious": 0.5, "affectionate": 0.7},
    "gentle": {"affectionate": 0.2, "calm": 0.3, "happy": 0.8},
    "affectionate": {"gentle": 0.2, "happy": 0.4, "calm": 0.6},
    "serious": {"calm": 0.4, "angry": 0.9},
    "excited": {"happy": 0.2, "surprise": 0.3, "angry": 0.9},
    "anxious": {"fear": 0.2, "serious": 0.6, "sad": 0.7, "surprise": 0.8},
}


def canonical(name: str) -> str | None:
    """The canonical name for any spelling we know (case and spaces do not matter), or None."""
    key = name.strip().casefold().replace(" ", "-").removeprefix(_SAMBERT_PREFIX)
    return key if key in EMOTIONS else ALIASES.get(key)


def is_known(name: str) -> bool:
    """Whether a name may be asked for: that of an emotion in any spelling, or AUTO."""
    return canonical(name) is not None or name.strip().casefold() == AUTO


def nearest(name: str, available: Sequence[str], distances: Distances = DISTANCES) -> str:
    """The canonical emotion to use for `name` with a voice that has `available`; neutral if none is near."""
    if name in available:
        return name
    near = distances.get(name, {})
    found = [emotion for emotion in available if near.get(emotion, 1.0) < 1.0]
    return min(found, key=lambda emotion: near[emotion], default="neutral")


def with_own(own: Distances) -> Distances:
    """The table of distances with an owner's own ones over it."""
    return {name: {**DISTANCES.get(name, {}), **own.get(name, {})} for name in {**DISTANCES, **own}}
