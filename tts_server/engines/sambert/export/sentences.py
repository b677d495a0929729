"""What a voice says to itself when it is installed: every initial and final, in each of its emotions in turn."""

from collections.abc import Iterator, Mapping
from typing import Final

from tts_server.engine import Break, Prosody, Run, Syllable

BREAKS: Final = {",": Break.CLAUSE, ".": Break.SENTENCE}
TO_LEARN_FROM: Final = (
    "jin1 tian1 tian1 qi4 hen2 hao3, wo3 men5 qu4 gong1 yuan2 ba5.",
    "qing3 ba3 ke4 ting1 de5 deng1 da3 kai1, ran2 hou4 fang4 yi4 shou3 ge1.",
    "xia4 xue3 le5, xiong2 mao1 zai4 zhu2 lin2 li3 shui4 zhao2 le5.",
    "lao3 shi1 shuo1, zuo4 wan2 gong1 ke4 cai2 neng2 kan4 dian4 ying3.",
    "ta1 nv3 er2 xi3 huan5 hua4 hua4, er2 zi5 que4 ai4 ti1 zu2 qiu2.",
    "pian2 yi5 de5 piao4 mai4 guang1 le5, zhi3 hao3 mai3 zui4 gui4 de5.",
)
TO_BE_JUDGED_BY: Final = (
    "ming2 tian1 zao3 shang5 qi1 dian3 ban4, qing3 jiao4 wo3 qi3 chuang2.",
    "fei1 ji1 wan3 dian3 le5 liang3 ge5 xiao3 shi2, lv3 ke4 men5 hen3 sheng1 qi4.",
    "chun1 feng1 chui1 guo4 cao3 yuan2, niu2 yang2 man4 man4 de5 pao3.",
)


def runs(sentences: tuple[str, ...], emotions: Mapping[str, str]) -> Iterator[Run]:
    """A run for each sentence, the emotions taking turns."""
    names = list(emotions)
    for number, sentence in enumerate(sentences):
        syllables = []
        for place, written in enumerate(sentence.split()):
            spoken = written.rstrip(",.")
            after = BREAKS.get(written[len(spoken) :], Break.NONE)
            syllables.append(Syllable("字", spoken, spoken, place, place + 1, after))
        how = Prosody(names[number % len(names)])
        yield Run("zh", "字" * len(syllables), 0, len(syllables), (), tuple(syllables), how)
