"""Words and turns that tell a mood, for `mood`. Pure.

Chosen from what people and assistants say at home. A word that as often tells a fact as a mood is not here.
"""

import re
from typing import Final

# By mood and weight: a weight of 1 is enough by itself, less needs company.
_WORDS: Final = {
    "happy": {
        1.0: "太好了|太棒了|真开心|好开心|太开心|好高兴|真高兴|太高兴|开心极了|高兴极了|高兴死|开心死|棒极了|好极了|"
        "哈哈|嘻嘻|好耶|我们赢了|我赢了|太幸运|生日快乐|干得漂亮|心情真好|真为你高兴|替你高兴|yay|hooray|"
        "hurray|so happy|great news|congratulations|so glad|happy birthday|haha|we won",
        0.9: "恭喜|新年快乐|节日快乐|心情很好|i'm happy",
        0.8: "嘿嘿|真幸运|真好玩|太有趣|真棒|好棒|well done|i love it",
        0.7: "万岁|祝贺|耶|太好吃|awesome|fantastic",
        0.6: "成功了|wonderful",
        0.5: "欢呼|开心|高兴",
        0.4: "快乐|幸福",
    },
    "sad": {
        1.0: "好难过|真难过|太难过|难过极了|好伤心|太伤心|真伤心|心都碎|呜呜|想哭|离开了我们|永远失去|再也见不到|"
        "再也回不来|节哀|好孤单|好孤独|好委屈|真委屈|好失望|so sad|i'm sad|heartbroken|i feel lonely|"
        "sorry for your loss|i want to cry",
        0.9: "很难过|很伤心|心碎|再也没有回来|太失望|很失望|真失望|对不起，我没能|passed away",
        0.8: "去世|真可惜|太可惜|好可惜|太遗憾|真遗憾|绝望|i miss you|what a pity",
        0.7: "好想你|很遗憾|舍不得|i'm so sorry|such a shame",
        0.6: "唉",
        0.5: "哭了|悲伤|伤心|难过",
    },
    "angry": {
        1.0: "气死|气炸|太过分|真过分|岂有此理|混蛋|滚开|给我滚|闭嘴|受够了|忍无可忍|不要脸|太不像话|真让人生气|"
        "好生气|真生气|太气人|真气人|火大|说了多少遍|说过多少次|你怎么敢|欺人太甚|how dare you|shut up|"
        "i'm furious|i'm so angry|i hate you|this is outrageous|i've had enough",
        0.9: "可恶|住口|烦死|无耻|enough is enough",
        0.8: "凭什么|很生气",
        0.7: "不像话|太荒唐|get out",
        0.6: "气人|骗子|荒谬|how many times",
        0.5: "你给我",
    },
    "fear": {
        1.0: "好害怕|真害怕|好可怕|太可怕|吓死|好吓人|救命|别过来|毛骨悚然|好恐怖|太恐怖|i'm scared|i'm so scared|"
        "so scary|don't hurt me|i'm terrified",
        0.9: "很害怕|真可怕|有鬼|快逃|help me",
        0.8: "快跑|i'm afraid of|terrifying",
        0.7: "我怕|吓人",
        0.6: "吓得",
        0.5: "发抖",
        0.3: "不敢",
    },
    "surprise": {
        1.0: "我的天|真没想到|真的假的|难以置信|不敢相信|太意外|吓我一跳|什么？！|什么?!|oh my god|what a surprise",
        0.9: "天哪|天啊|不会吧|怎么可能|不可思议|真是意外|no way|i can't believe|unbelievable",
        0.8: "太神奇|wow",
        0.7: "哇|are you serious",
        0.6: "没想到|想不到",
        0.5: "居然|竟然",
    },
    "affectionate": {
        1.0: "我爱你|好爱你|最爱你|么么哒|我会一直陪|别怕，有我|心疼你|i love you",
        0.9: "我也想你|sweet dreams",
        0.8: "亲爱的|抱抱|想你了|小可爱|sweetheart|my dear|darling",
        0.7: "宝贝|亲亲|有我在",
        0.6: "辛苦了",
        0.5: "早点休息|晚安",
        0.4: "good night",
    },
    "serious": {
        1.0: "严重警告|立即撤离|紧急通知|燃气泄漏|火警|后果自负|evacuate|smoke detected|gas leak",
        0.9: "切勿|严禁|紧急情况|烟雾报警",
        0.8: "警告|请立即|检测到异常|do not touch",
        0.7: "务必|warning|emergency",
        0.6: "请马上|注意安全",
        0.5: "危险",
    },
    "anxious": {
        1.0: "急死|好担心|真担心|好紧张|好着急|真着急|心里没底|完了完了|坐立不安|i'm worried|i'm so nervous",
        0.9: "很担心|糟了",
        0.8: "很紧张|来不及了|we're late",
        0.7: "怎么办|要迟到|糟糕|oh no|what should i do",
    },
}
WORDS: Final[dict[str, dict[str, float]]] = {
    emotion: {word: weight for weight, words in table.items() for word in words.split("|")}
    for emotion, table in _WORDS.items()
}

# What turns a mood into its absence or its opposite when it stands just before the word.
NEGATIONS: Final = (
    "不是很",
    "没有",
    "并不",
    "不太",
    "不会",
    "不再",
    "不要",
    "从不",
    "未必",
    "谈不上",
    "不",
    "没",
    "别",
    "无",
    "莫",
)
ENGLISH_NEGATIONS: Final = ("not", "n't", "never", "no longer", "isn't", "without", "hardly")
# The sentence speaks about a mood, or of what is not so: it is not in that mood itself.
ABOUT: Final = re.compile(
    "如果|要是|假如|倘若|万一|除非|是什么意思|什么叫|怎么写|怎么读|这个词|这个字|翻译|为什么|是不是|会不会|"
    "有没有|能不能|是否|吗[?？]|播放|歌曲|电影|小说|音乐|专辑|据说|据报道|记者|新闻|研究|调查|统计|报告|例如|"
    "比如|定义|功能|模式|设置|标题|他说|她说|他们说|有人说|书上|故事里|课文|主人公|主角|以为| if |if you|"
    "what does|how do you spell|the word|the song|the movie|the film|playing |translate|according to|reported|"
    "study|he said|she said|they said|do you|are you happy"
)
# About somebody else: what is told of them is not how it is told.
OTHERS: Final = ("他", "她", "他们", "她们", "大家", "人们", "观众", "球迷", "居民", "专家", "学生们", "孩子们", "客人")
STRESS: Final = ("真", "太", "好", "非常", "特别", "超级", "极了", "死了", "实在", "简直", "so ", "really", "very")
