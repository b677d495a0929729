"""An entry of a dictionary checked: pinyin in any spelling people use, IPA, or other text to say. Pure.

"chong2 qing4", "chóngqìng", "CHONG2QING4", "chóng'qìng" are the same. "shan9" is no pinyin, and is said so.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from tts_server.text.linguistic.ipa import is_ipa, phonemes

MAX_WORD_CHARS: Final = 64
MAX_SAID_CHARS: Final = 256
_ALL: Final = (
    "a ai an ang ao ba bai ban bang bao bei ben beng bi bian biang biao bie bin bing bo bong bu ca cai can cang "
    "cao ce cei cen ceng cha chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui "
    "chun chuo ci cong cou cu cuan cui cun cuo da dai dan dang dao de dei den deng di dia dian diao die din ding "
    "diu dong dou du duan dui dun duo e ei en eng er fa fan fang fei fen feng fiao fo fou fu ga gai gan gang gao "
    "ge gei gen geng gong gou gu gua guai guan guang gui gun guo ha hai han hang hao he hei hen heng hm hng hong "
    "hou hu hua huai huan huang hui hun huo ji jia jian jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai "
    "kan kang kao ke kei ken keng kong kou ku kua kuai kuan kuang kui kun kuo la lai lan lang lao le lei len leng "
    "li lia lian liang liao lie lin ling liu lo long lou lu luan lun luo lv lve m ma mai man mang mao me mei men "
    "meng mi mian miao mie min ming miu mo mou mu n na nai nan nang nao ne nei nen neng ng ni nia nian niang niao "
    "nie nin ning niu nong nou nu nuan nun nuo nv nve o ou pa pai pan pang pao pei pen peng pi pian piao pie pin "
    "ping po pou pu qi qia qian qiang qiao qie qin qing qiong qiu qu quan que qun ran rang rao re ren reng ri "
    "rong rou ru rua ruan rui run ruo sa sai san sang sao se sen seng sha shai shan shang shao she shei shen "
    "sheng shi shou shu shua shuai shuan shuang shui shun shuo si song sou su suan sui sun suo ta tai tan tang "
    "tao te tei teng ti tian tiao tie ting tong tou tu tuan tui tun tuo wa wai wan wang wei wen weng wo wong wu "
    "xi xia xian xiang xiao xie xin xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yo yong you yu "
    "yuan yue yun za zai zan zang zao ze zei zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou "
    "zhu zhua zhuai zhuan zhuang zhui zhun zhuo zi zong zou zu zuan zui zun zuo "
)
SYLLABLES: Final = frozenset(_ALL.split())
_ALONE: Final = ("hm", "hng", "m", "n", "ng")  # sighs, and no part of another syllable
_TONES: Final = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_DIAERESIS: Final = "\u0308"
_HAN: Final = re.compile("[〇㐀-䶿一-鿿\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN: Final = re.compile(r"[a-zê\d\s'’:·-]+")
_SPOKEN_IN_PINYIN: Final = re.compile(r"(?:[a-zê]+[1-5])+")


def checked_entry(word: str, said: str) -> str:
    """The entry as the front end takes it: syllables with tone digits, or text. Raises ValueError that says why not.

    What is said for a word with Han characters is pinyin if it is written in Latin letters; for another word, if it
    is whole pinyin with tones.
    """
    if not word.strip() or len(word) > MAX_WORD_CHARS or not word.isprintable():
        raise ValueError(f"a word of the dictionary has 1 to {MAX_WORD_CHARS} printable characters; this is {word!r}")
    if not said.strip() or len(said) > MAX_SAID_CHARS or not said.isprintable():
        raise ValueError(
            f"{word}: write pinyin or text, 1 to {MAX_SAID_CHARS} printable characters, for how it is said"
        )
    if is_ipa(said.strip()):
        return _checked_ipa(word, said.strip())
    letters = _plain(said)
    is_latin = _LATIN.fullmatch(letters) is not None
    if not _HAN.search(word):
        compact = letters.replace(" ", "")
        is_pinyin = is_latin and _SPOKEN_IN_PINYIN.fullmatch(compact) is not None
        return " ".join(_syllables(word, letters)) if is_pinyin else said.strip()
    if not is_latin:
        return said.strip()
    syllables = _syllables(word, letters)
    characters = len(_HAN.findall(word))
    least = characters - word.count("儿")  # 花儿 is one syllable or two
    if not least <= len(syllables) <= characters and len(_HAN.findall(word)) == len(word):
        raise ValueError(f"{word} has {characters} characters, and {said.strip()!r} has {len(syllables)} syllables")
    return " ".join(syllables)


def _checked_ipa(word: str, said: str) -> str:
    if _HAN.search(word):
        raise ValueError(f"{word}: {said!r} is IPA, which is for words in Latin letters; write pinyin or text")
    try:
        phonemes(said)
    except ValueError as error:
        raise ValueError(f"{word}: {error}") from None
    return said


def toned_syllables(written: str) -> str | None:
    """ "zhǎngdà" as "zhang3 da4"; None for what is no pinyin in which every syllable has its tone mark."""
    try:
        found = _syllables(written, _plain(written))
    except ValueError:
        return None
    return None if any(syllable.endswith("5") for syllable in found) else " ".join(found)


def _plain(said: str) -> str:
    """Lower case, tone marks as digits behind their syllable's vowel, ü as v."""
    letters: list[str] = []
    for char in unicodedata.normalize("NFD", said.strip().casefold().replace("u:", "v")):
        if char in _TONES:
            letters.append(_TONES[char])
        elif char == _DIAERESIS and letters:
            letters[-1] = "v" if letters[-1] == "u" else letters[-1]
        elif unicodedata.combining(char) and char == "\u0302" and letters:
            letters[-1] = "ê" if letters[-1] == "e" else letters[-1]
        else:
            letters.append(char)
    # "lǜ" decomposes to u, diaeresis, grave: the mark then stands behind a v already.
    return re.sub(r"\s+", " ", "".join(letters))


def _syllables(word: str, letters: str) -> list[str]:
    found: list[str] = []
    for piece in re.split(r"[\s'’·-]+", letters):
        if piece:
            found += _split(word, piece)
    return found


def _split(word: str, piece: str) -> list[str]:
    """The syllables of letters written without blanks; each has its tone, behind it or inside it."""
    if wrong := re.search(r"[06-9]|:", piece):
        raise ValueError(f"{word}: {wrong[0]!r} in {piece!r} is no tone; tones are 1 to 4, and 5 for none")
    if (best := _best(piece)) is None:
        raise ValueError(
            f"{word}: {piece!r} is no pinyin; write syllables with their tones, such as chong2 qing4 or chóngqìng"
        )
    if not any(char.isdigit() for char in piece):
        raise ValueError(f"{word}: {piece!r} has no tone; write it as a digit (1 to 5) or as a mark (ā á ǎ à)")
    return list(best)


@lru_cache(maxsize=1024)
def _best(piece: str) -> tuple[str, ...] | None:
    """The division into fewest syllables; None: there is none. A syllable without a tone has the neutral one."""
    if not piece:
        return ()
    found: list[tuple[str, ...]] = []
    for end in range(1, min(len(piece), 9) + 1):
        syllable = _one(piece[:end])
        rest = _best(piece[end:]) if syllable else None
        has_sigh = (rest and (syllable or "")[:-1] in _ALONE) or any(part[:-1] in _ALONE for part in rest or ())
        if syllable and rest is not None and not has_sigh:
            found.append((syllable, *rest))
    return min(found, key=lambda parts: (len(parts), sum(part.endswith("5") for part in parts)), default=None)


def _one(text: str) -> str | None:
    """A whole syllable with its tone digit last, or None."""
    digits = [char for char in text if char.isdigit()]
    letters = "".join(char for char in text if not char.isdigit())
    if text[0].isdigit():
        return None
    is_known = letters in SYLLABLES or (letters.endswith("r") and letters[:-1] in SYLLABLES)
    if len(digits) > 1 or not is_known:
        return None
    return letters + (digits[0] if digits else "5")
