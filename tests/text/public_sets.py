# ruff: noqa: E501 - rows of tables
"""Public test sets, none of them ours: fetched by whoever runs the report into a cache, never committed.

PUBLIC_SETS names another cache folder; what lies there is not fetched again. A set that cannot be had is left out.
"""

import gzip
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

CACHE = Path(os.environ.get("PUBLIC_SETS") or Path.home() / ".cache" / "tts-server-public-sets")
_GITHUB = "https://raw.githubusercontent.com"
_WETEXT = f"{_GITHUB}/wenet-e2e/WeTextProcessing/master/tn"
_NEMO = f"{_GITHUB}/NVIDIA/NeMo-text-processing/main/tests/nemo_text_processing"
WETEXT_ZH = "cardinal char date fraction math measure money normalizer number sport time whitelist"
WETEXT_EN = "cardinal date decimal electronic fraction measure money normalizer ordinal range roman telephone time whitelist word"
NEMO_ZH = "cardinal date decimal fraction measure money ordinal time whitelist word"
NEMO_EN = "address cardinal date decimal electronic fraction math measure money ordinal range roman serial special_text telephone time whitelist word"
_FILES = {
    "biaobei.txt": f"{_GITHUB}/PlayVoice/vits_chinese/bert_vits/data/000001-010000.txt",
    "cpp.sent": f"{_GITHUB}/kakaobrain/g2pM/master/data/test.sent",
    "cpp.lb": f"{_GITHUB}/kakaobrain/g2pM/master/data/test.lb",
    "paddlespeech.txt": f"{_GITHUB}/PaddlePaddle/PaddleSpeech/develop/examples/other/tn/data/textnorm_test_cases.txt",
    "cedict.txt.gz": "https://www.mdbg.net/chinese/export/cedict/cedict_1_0_ts_utf-8_mdbg.txt.gz",
    **{f"wetext_zh/{n}.txt": f"{_WETEXT}/chinese/test/data/{n}.txt" for n in WETEXT_ZH.split()},
    **{f"wetext_en/{n}.txt": f"{_WETEXT}/english/test/data/{n}.txt" for n in WETEXT_EN.split()},
    **{f"nemo_zh/{n}.txt": f"{_NEMO}/zh/data_text_normalization/test_cases_{n}.txt" for n in NEMO_ZH.split()},
    **{f"nemo_en/{n}.txt": f"{_NEMO}/en/data_text_normalization/test_cases_{n}.txt" for n in NEMO_EN.split()},
}
_SPLIT = {"wetext": "=>", "nemo": "~", "paddlespeech": "|"}


def read(name: str) -> str | None:
    """A file of a set, from the cache or from its home; None when it is not to be had."""
    path = CACHE / name
    if not path.exists():
        try:
            with urlopen(_FILES[name], timeout=60) as answer:
                content = answer.read()
        except (URLError, OSError) as error:
            sys.stderr.write(f"left out: {name} cannot be fetched ({error})\n")
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return gzip.decompress(path.read_bytes()).decode("utf-8") if name.endswith(".gz") else path.read_text("utf-8")


def normalisation(suite: str) -> Iterator[tuple[str, str]]:
    """Text and what it becomes, of every case of a suite ("wetext_zh", "nemo_en", "paddlespeech")."""
    sign = _SPLIT[suite.split("_")[0]]
    for name in [name for name in _FILES if name.startswith(suite)]:
        for line in (read(name) or "").splitlines():
            written, found, said = line.partition(sign)
            if found and written.strip():
                yield written.strip(), said.strip()


def biaobei() -> Iterator[tuple[str, list[str]]]:
    """Sentence and its labels, a syllable each, of the 10,000 Biaobei sentences."""
    lines = (read("biaobei.txt") or "").splitlines()
    for written, labels in zip(lines[::2], lines[1::2], strict=False):
        yield re.sub("#[1-4]", "", written.split("\t", 1)[1]).strip(), labels.split()


def cpp() -> Iterator[tuple[str, int, str]]:
    """Sentence, place of its polyphone and the label, of the CPP test set."""
    for marked, label in zip((read("cpp.sent") or "").splitlines(), (read("cpp.lb") or "").splitlines(), strict=False):
        yield marked.replace("▁", ""), marked.index("▁"), label.strip()


def cedict() -> Iterator[tuple[str, list[str]]]:
    """Word and its syllables, of words of two characters and more in CC-CEDICT."""
    for line in (read("cedict.txt.gz") or "").splitlines():
        entry = re.match(r"\S+ ([一-鿿]{2,}) \[([a-z1-5: ]+)\]", line)
        if entry and len(entry[1]) == len(entry[2].split()):
            yield entry[1], entry[2].replace("u:", "v").split()
