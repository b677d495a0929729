"""What is said in the home: half of it again and again, half of it new each time."""

import random
from typing import Final

USUAL: Final = (
    "主人，欢迎回家。",
    "洗衣机已经洗完了，请记得晾衣服。",
    "门口有客人，要开门吗？",
    "客厅的灯已经关了。",
    "今天有雨，出门请带伞。",
    "The front door is open.",
    "现在开始扫地。",
    "晚安，祝你好梦。",
)
FRESH: Final = (
    "现在是{h}点{m}分，室外温度{t}℃，湿度{p}%。",
    "您有{p}条新消息，最早的一条是{h}:{m:02d}收到的。",
    "电费还剩{p}.{m:02d}元，预计可以用到{h}号。",
    "今天走了{big}步，消耗了{p}千卡，真棒！",
    "It is {t} degrees outside, and the battery is at {p} percent.",
    "包裹{big}已放在{h}号柜，取件码{p}-{m}。",
)
REPLIES: Final = (
    "好的，我已经帮你把空调调到{t}度了。要不要顺便把窗帘也拉上？今天外面的太阳很大，下午最高有{p}度。",
    "从前有座山，山上有座庙，庙里有个老和尚，给小和尚讲故事。讲到第{p}遍的时候，小和尚睡着了。",
    "**今天的安排**：\n1. {h}点开会；\n2. 下午去接孩子；\n3. 晚上{t}点看电影。\n需要我提前提醒你吗？",
    "[happy]太好了！[neutral]你要的书到了，一共{p}页。😊 我给你念第一段吧：那年冬天，雪下得很大，路上没有一个人。",
    "Sure, I have set a timer for {p} minutes. 还有别的事情吗？如果没有的话，我就先休息了，祝你今天过得愉快。",
)
EMOTIONS: Final = ("neutral", "happy", "sad", "calm", "serious", "affectionate")


def _filled(text: str, chance: random.Random) -> str:
    pick = chance.randint
    return text.format(h=pick(0, 23), m=pick(0, 59), t=pick(-9, 39), p=pick(1, 99), big=pick(1000, 99999))


def announcement(chance: random.Random) -> str:
    """A sentence or two."""
    return chance.choice(USUAL) if chance.random() < 0.5 else _filled(chance.choice(FRESH), chance)


def reply(chance: random.Random) -> str:
    """What a language model says."""
    return _filled(chance.choice(REPLIES), chance)


def pieces(text: str, chance: random.Random) -> list[str]:
    """As a language model gives it: one to four characters at a time."""
    cut = []
    while text:
        size = chance.randint(1, 4)
        cut.append(text[:size])
        text = text[size:]
    return cut
