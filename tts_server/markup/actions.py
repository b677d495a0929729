# ruff: noqa: E501, SIM905 - rows of words
"""What chat models act instead of say: `*waves*`, （笑）, and faces made of signs, (^_^). Pure.

Known by words, not by marks alone: *very* is emphasis, （含税） is text.
"""

import re
from typing import Final

from tts_server.markup.view import NOT_HERE, Step, View

_MAX_ENGLISH: Final = 48
_MAX_CHINESE: Final = 14
_HOW = "轻轻|微微|慢慢|缓缓|悄悄|默默|偷偷|温柔|开心|高兴|无奈|害羞|尴尬|俏皮|调皮|得意|认真|用力|大声|小声|低声|深深|假装|有点|忍不住|突然|礼貌|优雅|兴奋|激动|疑惑|困惑|委屈|满足|苦|傻|坏|大|偷|微|狂|轻|冷|甜甜|哈哈|嘿嘿|嘻嘻|呵呵"
_ACTS = (
    "笑|大笑|微笑|笑笑|哭|哭泣|啜泣|抽泣|叹气|叹息|叹口气|叹了口气|叹了一口气|叹一口气|挥手|挥挥手|挥了挥手|招手|招招手|摆手|摆摆手|点头|点点头|点了点头|摇头|摇摇头|摇了摇头|眨眼|眨眨眼|眨了眨眼|眨眼睛|鞠躬|鞠了一躬|拍手|拍拍手|鼓掌|拥抱|抱抱|抱住你|摸头|摸摸头|摸摸你的头|拍拍肩|拍拍你的肩膀"
    "|捂脸|捂嘴|脸红|红着脸|咳嗽|咳|清嗓子|清清嗓子|清了清嗓子|打哈欠|打了个哈欠|伸懒腰|伸了个懒腰|耸肩|耸耸肩|耸了耸肩|歪头|歪着头|歪了歪头|扶额|吐舌|吐舌头|吐吐舌头|吐了吐舌头|挠头|挠挠头|挠了挠头|挑眉|挑了挑眉|皱眉|皱了皱眉|嘟嘴|撇嘴|比心|敬礼|思考|思考中|沉思|若有所思|停顿|沉默|顿了顿|深呼吸|吸气|呼气|松了口气"
    "|掌声|笑声|转圈|转圈圈|跳舞|蹦蹦跳跳|飞吻|亲亲|举手|握拳|握手|击掌|擦汗|流泪|抹泪|擦眼泪|翻白眼|翻了个白眼|竖起大拇指|竖大拇指|点赞|撒花|托腮|鼓起腮帮|搓手|搓搓手|跺脚|摊手|摊开双手|低头|低下头|抬头|转身|凑近|靠近|行礼|倒茶|递茶|尖叫|哼歌|哼唱|摇尾巴|蹭蹭"
)
_CHINESE = re.compile(rf"(?:(?:{_HOW})[地的着]?)?(?:{_ACTS})(?:[了着]|起来|了起来|一下|出声)?(?:地?说(?:道)?|道)?")
_VERBS = (
    "waves smiles laughs sighs nods giggles chuckles grins winks shrugs blushes bows claps hugs gasps coughs whispers sniffs sniffles yawns frowns smirks cries sobs pauses leans tilts "
    "clears rolls scratches stretches jumps dances spins beams groans mumbles hums snorts squeals purrs wags pats pokes exhales inhales breathes shivers trembles facepalms salutes curtsies cheers ponders thinks "
    "gulps winces pouts cringes stares gazes glances looks turns adjusts raises shakes takes snaps rubs crosses taps strokes tosses twirls bounces wiggles fidgets kneels sits stands steps walks"
).split()
_BRIEF = "laugh(?:s|ing|ter)?|sigh(?:s|ing)?|smil(?:es?|ing)|giggl(?:es?|ing)|chuckl(?:es?|ing)|grin(?:s|ning)?|wink(?:s|ing)?|nods|nodding|waves|waving|cough(?:s|ing)?|gasps?|yawn(?:s|ing)|pauses|whisper(?:s|ing)|sniffs|sob(?:s|bing)|cries|crying|shrug(?:s|ging)|applause|clears throat|blush(?:es|ing)"
_ADVERB = "(?:[a-z]{2,12}ly )?"
_STARRED = re.compile(
    rf"(?i:{_ADVERB}(?:{'|'.join(_VERBS)}|smiling|laughing|waving|nodding|giggling|sighing|winking|blushing|chuckling|grinning)(?: [a-z'’,-]+){{0,6}}[.!]?)"
)
_BRACKETED = re.compile(rf"(?i:{_ADVERB}(?:{_BRIEF})(?: [a-z]{{2,12}}ly)?)")
_STAR = re.compile(r"\*([^*\n]{1,48})\*(?!\*)")
_STAR_BEGUN = re.compile(
    rf"\*(?:[A-Za-z][A-Za-z'’ ,.!-]{{0,{_MAX_ENGLISH}}}|[一-鿿]{{1,{_MAX_CHINESE}}})?(?<! )\*?|\*[A-Za-z][A-Za-z'’ ,.!-]{{0,{_MAX_ENGLISH}}}"
)
_ROUND = re.compile(r"[（(]([^（()）\n]{1,32})[）)]")
_ROUND_BEGUN = re.compile(rf"[（(](?:[A-Za-z][A-Za-z ]{{0,30}}|[一-鿿]{{1,{_MAX_CHINESE}}})?")
# What only faces are made of, and eyes that look alike with a mouth between them.
_SIGNS = "▽△ω∀Дд◕‿≧≦╥﹏ಠʖツﾟ゜✿♡♥εз・･•̀́￣¯ˉ˘╯╰︵ﾉノヽ┐┌皿口□°"
_FACE_CHARS = (
    rf"[\s{_SIGNS}\^_<>=;:.,'\"`´*+~\-|/\\@#TtQqOoUuXxvwVWn0｡。ﾊっつづシヾ〃☆★♪ㅠㅜㄒ╬￢⊙●○◎◉❁❀༎ຶлЛъеѳφσςθμ≡ｰー—–]"
)
_FACE = re.compile(
    rf"[（(](?=[^（()）\n]{{2,16}}[）)])(?:{_FACE_CHARS}{{0,12}}(?:[▽ω∀Д◕‿≧≦╥﹏ಠツﾟ✿￣˘╯╰°・･•□♥♡ㄒ]{_FACE_CHARS}{{0,3}}){{2}}{_FACE_CHARS}{{0,12}}"
    rf"|{_FACE_CHARS}{{0,3}}(?:\^[_.\-oOvw▽ω]{{0,2}}\^|[TQ][_.]{{1,2}}[TQ]|>[_.\-]{{1,2}}<|[oO0][_.][oO0]|-_+-|=_+=|;_+;|@_+@|x_x|ツ|u_u|n_n|ㄒ[o_]?ㄒ){_FACE_CHARS}{{0,3}})[）)](?:[ノﾉ╭ง۶┘╯ヾ☆っつψ彡~～/]|︵ ?┻━┻)*"
)
_FACE_BEGUN = re.compile(rf"[（(]{_FACE_CHARS}{{0,16}}(?:[）)](?:[ノﾉ╭ง۶┘╯ヾ☆っつψ彡~～/]|︵(?: ?┻?━?| ┻━┻|┻━┻))*)?")
_ARMED = rf"[oO][（(]{_FACE_CHARS}{{2,14}}[）)][oO]"
_BARE = re.compile(
    rf"(?:T_+T|Q_+Q|QAQ|QwQ|TAT|OwO|OvO|UwU|orz|Orz|XD|\^[_.oO]?\^|>[_.]{{1,2}}<|-_-\|*|=_=|{_ARMED})(?![A-Za-z0-9_^=<>-])"
)
_BARE_BEGUN = re.compile(
    r"(?:T_*T?|Q_*Q?|QAQ?|QwQ?|TAT?|OwO?|OvO?|UwU?|U|O|[Oo]rz?|[Oo]|XD?|\^[_.oO]?\^?|>[_.]{0,2}<?|-_-?\|*|=_?=?"
    rf"|[oO][（(]{_FACE_CHARS}{{0,14}}(?:[）)][oO]?)?)"
)
BARE_FIRST: Final = frozenset("TQOUoX^>=")


def star(view: View) -> Step:
    """At a star: an action between two of them; NOT_HERE where there is none."""
    found = _STAR.match(view.held, view.at)
    if found is None or view.previous == "*":
        return NOT_HERE
    return (len(found[0]), "") if _is_action(found[1], _STARRED) else NOT_HERE


def may_begin(view: View) -> bool:
    """Whether more of the text is needed to know if an action or a face begins here."""
    begun = _STAR_BEGUN if view.char == "*" else _ROUND_BEGUN
    if view.char == "*" and view.previous == "*":
        return False
    return view.may_become(begun) or (view.char in "(（" and view.may_become(_FACE_BEGUN))


def bracket(view: View) -> Step:
    """At a parenthesis: an action or a face; NOT_HERE where it holds text."""
    if face := _FACE.match(view.held, view.at):
        return len(face[0]), ""
    found = _ROUND.match(view.held, view.at)
    return (len(found[0]), "") if found is not None and _is_action(found[1], _BRACKETED) else NOT_HERE


def bare(view: View) -> Step | None:
    """A face without parentheses; NOT_HERE where there is none."""
    if view.previous.isascii() and (view.previous.isalnum() or view.previous in "_^<>=-"):
        return NOT_HERE
    if view.may_become(_BARE_BEGUN):
        return None
    found = _BARE.match(view.held, view.at)
    return NOT_HERE if found is None else (len(found[0]), "")


def _is_action(written: str, english: re.Pattern[str]) -> bool:
    said = written.strip(" ～~。.！!，,…")
    return bool(said) and (_CHINESE.fullmatch(said) or english.fullmatch(said)) is not None
