"""Voices that are published on a hub: Piper's by their catalogue, Kokoro's by the list of its styles.

Piper's catalogue is one file (voices.json) that gives names and md5 of files; sizes and sha256 come from the hub's own
list of the same commit.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tts_server.engines.installing.hugging_face import Listed, Repository
from tts_server.engines.installing.progress import Progress
from tts_server.errors import VoiceDataMissing, VoiceUnknown

PIPER: Final = "rhasspy/piper-voices"
KOKORO: Final = {
    "v1.0": "onnx-community/Kokoro-82M-v1.0-ONNX",
    "v1.1-zh": "onnx-community/Kokoro-82M-v1.1-zh-ONNX",
}
KOKORO_GRAPH: Final = "onnx/model_quantized.onnx"  # 8 bits: a third of the size, and no slower
KOKORO_TABLES: Final = ("tokenizer.json", "README.md")
CATALOGUE: Final = "voices.json"
# The commits that are taken where none is named. Found in public programs that name them together with hashes of files:
# Piper's is the newest of these (c10ece1 has the pinyin voices; v1.0.0 does not), Kokoro's are those of pykokoro, whose
# hashes of the graphs are these.
PINNED: Final = {
    PIPER: "c10ece1aade47bb51c153c893d14e5bf8e5b7117",
    KOKORO["v1.0"]: "1939ad2a8e416c0acfeecc08a694d14ef25f2231",
    KOKORO["v1.1-zh"]: "6cc0f0d2ebe369a68b0df87c2b65c1af8c0ac3e3",
}
GRAPH_SHA256: Final = {
    PINNED[KOKORO["v1.0"]]: "fbae9257e1e05ffc727e951ef9b9c98418e6d79f1c9b6b13bd59f5c9028a1478",
    PINNED[KOKORO["v1.1-zh"]]: "a39469be791eeaa3089c1ed5e58b8731d1f2462ea0e7dae2bc44388e58f973d8",
}
STYLE: Final = re.compile(r"\w{1,40}")
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where voices are fetched from and kept. hub: its address, or a mirror's."""

    hub: str
    fetched: Path
    offline: bool = False

    def repository(self, name: str, revision: str = "") -> Repository:
        return Repository(name, revision or PINNED[name], self.hub, self.fetched, self.offline)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A voice's files, here. graph: of several in a folder, which one."""

    folder: Path
    name: str
    source: str  # "piper:zh_CN-xiao_ya-medium@0123456"
    graph: Path | None = None
    style: str = ""  # of several in a folder, which one; "": all


@dataclass(frozen=True, slots=True)
class Offered:
    """A voice as a catalogue has it."""

    source: str  # what `voices install` takes
    language: str
    quality: str
    speakers: int
    size: int  # bytes


def fetch_piper(named: str, place: Place, progress: Progress) -> Fetched:
    """The files of "KEY" or "KEY@REVISION". Raises VoiceDataMissing, VoiceUnknown."""
    key, _, revision = named.partition("@")
    repository = place.repository(PIPER, revision)
    commit = repository.commit()
    known = _piper_catalogue(repository, commit, progress)
    if key not in known:
        key = next((name for name, told in known.items() if key in told.get("aliases", ())), "") or _unknown(key, known)
    paths = [PurePosixPath(path) for path in known[key]["files"]]
    graph = next((path for path in paths if path.suffix == ".onnx"), None)
    if graph is None:
        raise VoiceDataMissing(f"the catalogue of {repository} names no graph for {key}")
    if place.offline:
        folder = repository.fetched(commit, key)
    else:
        listed = repository.listing(commit, str(graph.parent))
        wanted = [
            Listed(file.path, file.size, {**file.hashes, **_md5(known[key]["files"], file.path)})
            for file in listed
            if PurePosixPath(file.path) in paths
        ]
        folder = repository.fetch(commit, wanted, key, progress)
    where = folder / graph.parent
    return Fetched(where, key, f"piper:{key}@{commit[:12]}", where / graph.name)


def fetch_kokoro(named: str, place: Place, progress: Progress) -> Fetched:
    """The files of "VERSION", with all its styles, or of "VERSION/STYLE"; "@REVISION" may follow.

    Raises VoiceDataMissing, VoiceUnknown.
    """
    named, _, revision = named.partition("@")
    version, _, style = named.partition("/")
    if version not in KOKORO or (style and not STYLE.fullmatch(style)):
        raise VoiceUnknown(f"there is no Kokoro {named[:60]!r}; there are {', '.join(KOKORO)}, each with /STYLE or not")
    repository = place.repository(KOKORO[version], revision)
    commit, what = repository.commit(), f"kokoro:{named}"
    name = f"kokoro-{version}" + (f"-{style}" if style else "")
    if place.offline:
        return Fetched(repository.fetched(commit, what), name, f"{what}@{commit[:12]}", style=style)
    tables = [file for file in repository.listing(commit, "") if file.path in KOKORO_TABLES]
    known = {"sha256": GRAPH_SHA256[commit]} if commit in GRAPH_SHA256 else {}
    graph = [
        Listed(file.path, file.size, {**file.hashes, **known})
        for file in repository.listing(commit, "onnx")
        if file.path == KOKORO_GRAPH
    ]
    styles = {PurePosixPath(file.path).stem: file for file in repository.listing(commit, "voices")}
    if style and style not in styles:
        _unknown(style, styles)
    chosen = [styles[style]] if style else list(styles.values())
    folder = repository.fetch(commit, [*tables, *graph, *chosen], what, progress)
    return Fetched(folder, name, f"{what}@{commit[:12]}", style=style)


def search(term: str, place: Place, progress: Progress) -> list[Offered]:
    """Voices with the term in their name or language, those told before when offline. Raises VoiceDataMissing."""
    wanted = term.casefold()
    return [
        offered
        for offered in [*_piper_offers(place, progress), *_kokoro_offers(place, progress)]
        if wanted in f"{offered.source} {offered.language}".casefold()
    ]


def _piper_offers(place: Place, progress: Progress) -> list[Offered]:
    repository = place.repository(PIPER)
    offers = []
    for key, told in _piper_catalogue(repository, repository.commit(), progress).items():
        language = told.get("language") or {}
        names = f"{language.get('code', '')} {language.get('name_english', '')} {language.get('name_native', '')}"
        size = sum(int(facts.get("size_bytes", 0)) for facts in told["files"].values())
        speakers = int(told.get("num_speakers", 1))
        offers.append(Offered(f"piper:{key}", names.strip()[:60], str(told.get("quality", ""))[:20], speakers, size))
    return offers


def _kokoro_offers(place: Place, progress: Progress) -> list[Offered]:
    offers = []
    for version, name in KOKORO.items():
        repository = place.repository(name)
        commit, what = repository.commit(), "styles"
        if place.offline:
            told = json.loads((repository.fetched(commit, what) / f"{what}.json").read_text(encoding="utf-8"))
        else:
            listed = repository.listing(commit, "voices")
            told = [[PurePosixPath(file.path).stem, file.size] for file in listed]
            repository.note(commit, what, json.dumps(told))
        offers += [Offered(f"kokoro:{version}/{style}", _kokoro_language(style), "", 1, size) for style, size in told]
    return offers


def _kokoro_language(style: str) -> str:
    """Styles are named after their language: "zf_001", "af_bella"."""
    known = {"z": "zh_CN", "a": "en_US", "b": "en_GB", "j": "ja_JP", "e": "es", "f": "fr_FR", "h": "hi_IN"}
    return {**known, "i": "it_IT", "p": "pt_BR"}.get(style[:1], "")


def _piper_catalogue(repository: Repository, commit: str, progress: Progress) -> dict[str, dict[str, Any]]:
    if repository.offline:
        folder = repository.fetched(commit, CATALOGUE)
    else:
        listed = [file for file in repository.listing(commit, "") if file.path == CATALOGUE]
        folder = repository.fetch(commit, listed, CATALOGUE, progress)
    try:
        told = json.loads((folder / CATALOGUE).read_text(encoding="utf-8"))
        return {str(key): dict(facts) for key, facts in told.items() if isinstance(facts["files"], dict)}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise VoiceDataMissing(f"{CATALOGUE} of {repository} is no catalogue: {type(error).__name__}") from error


def _md5(files: dict[str, Any], path: str) -> dict[str, str]:
    stated = (files.get(path) or {}).get("md5_digest")
    return {"md5": str(stated).lower()} if stated else {}


def _unknown(name: str, known: Sequence[str] | dict[str, Any]) -> str:
    near = [other for other in known if name.casefold()[:5] in other.casefold()][:SHOWN] or list(known)[:SHOWN]
    raise VoiceUnknown(
        f"the catalogue has no {name[:60]!r}; it has {', '.join(near)} and others (`voices search`); "
        "@main behind the name looks among newer ones"
    )
