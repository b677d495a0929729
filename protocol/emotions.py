"""Names of emotions. The canonical names are frozen: clients store them. Everything else is an alias."""

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

ALIASES: Final[dict[str, str]] = {
    **{chinese: name for name, chinese in CHINESE_NAMES.items()},
    "fearful": "fear",
    "surprised": "surprise",
    "shocked": "surprise",
    "disgusted": "disgust",
    "hate": "disgust",
    "cheerful": "happy",
    "laughing": "happy",
    "funny": "happy",
    "crying": "sad",
    "loving": "affectionate",
    "kissy": "affectionate",
    "relaxed": "calm",
    "sleepy": "calm",
    "formal": "serious",
    "confident": "serious",
    "thinking": "serious",
    "anxiety": "anxious",
    "高兴": "happy",
    "悲伤": "sad",
    "伤心": "sad",
    "愤怒": "angry",
    "恐惧": "fear",
    "惊喜": "surprise",
    "正式": "serious",
    "兴奋": "excited",
}

# What a voice that lacks an emotion uses instead: the nearest first; neutral is always the last resort.
NEAREST: Final[dict[str, tuple[str, ...]]] = {
    "happy": ("excited", "affectionate"),
    "sad": ("calm", "gentle"),
    "angry": ("disgust", "serious"),
    "fear": ("anxious", "surprise"),
    "surprise": ("excited", "happy"),
    "disgust": ("angry", "serious"),
    "calm": ("gentle", "serious"),
    "gentle": ("affectionate", "calm"),
    "affectionate": ("gentle", "happy"),
    "serious": ("calm",),
    "excited": ("happy", "surprise"),
    "anxious": ("fear", "serious"),
}


def canonical(name: str) -> str | None:
    """The canonical name for any spelling we know (case and spaces do not matter), or None."""
    key = name.strip().casefold()
    if key in EMOTIONS:
        return key
    return ALIASES.get(key)


def nearest(name: str, available: tuple[str, ...]) -> str:
    """The canonical emotion to use for `name` with a voice that has `available`."""
    candidates = (name, *NEAREST.get(name, ()))
    return next((emotion for emotion in candidates if emotion in available), "neutral")
