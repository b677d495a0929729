"""Emoji as emotions: assistants are told to begin a sentence with one, and people write them anyway."""

import re
from typing import Final

_TABLE: Final = {
    ("happy", 1.0): "🙂😀😃😄😊☺😁😆😂🤣😸😹😺😋🤤😜😝😛🤪😉😎🤭😇🥲👍👏🙌✌🎵🎶",
    ("happy", 1.3): "🥰🌞🌈🎂🎁",
    ("excited", 1.0): "🤩🥳🎉🎊🚀🔥💪🤗✨",
    ("sad", 0.7): "😔😞🙁☹😕😟🥺😿😪💧",
    ("sad", 1.0): "😢😥😓😭💔😩😫🥀",
    ("angry", 0.7): "😤😒🙄😾",
    ("angry", 1.0): "😠😡👿💢",
    ("angry", 1.4): "🤬",
    ("fear", 1.0): "😨😱🙀👻💀",
    ("anxious", 1.0): "😰😬😧😦😳😖😣🫣🫨",
    ("surprise", 1.0): "😲😮😯🤯😵❗❓⁉‼🫢",
    ("disgust", 1.0): "🤢🤮😷👎🖕😑",
    ("calm", 1.0): "😌😴🧘💤🛌🌙🍃🍵",
    ("gentle", 1.0): "🤱🕊🌸🌷🌹🙏🫂",
    ("affectionate", 1.0): "😍😘😗😙😚😻❤🧡💛💚💙💜🖤🤍🤎💕💖💗💓💞💘💝💋💌❣🤟🫶🫰",
    ("serious", 1.0): "🤔🧐😐😏🤨⚠🚨🫡🤓",
    ("neutral", 1.0): "😶🤖",
}
EMOJI: Final[dict[str, tuple[str, float]]] = {
    sign: (name, intensity) for (name, intensity), signs in _TABLE.items() for sign in signs
}
# Sequences that mean something else than their first sign.
SEQUENCES: Final[dict[str, tuple[str, float]]] = {
    "😮‍💨": ("sad", 0.5),
    "😶‍🌫": ("calm", 0.7),
    "😵‍💫": ("anxious", 1.0),
    "❤‍🔥": ("affectionate", 1.4),
    "❤‍🩹": ("gentle", 1.0),
    "🙂‍↔": ("serious", 0.7),
    "🙂‍↕": ("happy", 0.7),
}
_DRESS: Final = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")  # text or picture, tone of skin
JOINER: Final = "\u200d"


def emotion_of(cluster: str) -> tuple[str, float] | None:
    """(canonical name, intensity) of an emoji, whatever its skin and joined signs; None for one that tells no mood."""
    bare = _DRESS.sub("", cluster)
    if bare in SEQUENCES:
        return SEQUENCES[bare]
    return next((EMOJI[sign] for sign in bare.split(JOINER) if sign in EMOJI), None)
