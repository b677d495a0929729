"""A voice pack of a model in sherpa's shape (Matcha or VITS): a graph that tells of itself, tokens.txt, lexicon.txt.

Matcha's graph ends in mel spectra: a vocoder's graph (vocos, HiFi-GAN) lies in the same folder. What else such folders
hold (rules for numbers, a dictionary of words, data of espeak-ng) is not used: our front end reads the text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import onnx

from protocol.emotions import CHINESE_NAMES
from tts_server.engines.onnx_voices.install.graph_check import read_graph, write_graph
from tts_server.engines.onnx_voices.install.licence import read_card
from tts_server.engines.onnx_voices.packs.pack import Pack
from tts_server.engines.onnx_voices.sherpa.istft import Istft
from tts_server.engines.onnx_voices.sherpa.runtime import KNOWN_INPUTS
from tts_server.engines.onnx_voices.sherpa.spelling import learn
from tts_server.errors import VoiceDataMissing

TOKENS: Final = "tokens.txt"
LEXICON: Final = "lexicon.txt"
MAX_TOKENS_BYTES: Final = 1 << 20
MAX_LEXICON_BYTES: Final = 64 << 20
MAX_TOKENS: Final = 20_000
MAX_SPEAKERS: Final = 4096
RATES_HZ: Final = range(8_000, 48_001)
ENGLISH: Final = "ʤ"  # a model with this token has learned English in misaki's symbols
IPA: Final = "ʒ"
# Marks, and what stands in their place where a model has no token for them.
MARKS: Final = {",": "，、", ".": "。", "!": "！.。", "?": "？.。", ":": "：,，", ";": "；,，", "—": ",，", "…": ".。"}
VITS_INPUTS: Final = {"noise_scale_w", "noise_scale_dur"}


@dataclass(frozen=True, slots=True)
class Files:
    """What a model is made of."""

    graph: Path
    vocoder: Path | None
    folder: Path


def find_files(folder: Path) -> Files | None:
    """The files of a model in a folder; None where it is none. Raises VoiceDataMissing for several."""
    graphs = sorted(folder.glob("*.onnx"))
    if not (folder / TOKENS).is_file() or not graphs:
        return None
    vocoders = [path for path in graphs if path.name.startswith(("vocos", "hifigan", "vocoder"))]
    models = [path for path in graphs if path not in vocoders]
    if len(models) != 1 or len(vocoders) > 1:
        names = ", ".join(path.name for path in graphs[:8])
        raise VoiceDataMissing(f"{folder.name} has the graphs {names}; one, and at most one vocoder, are expected")
    return Files(models[0], vocoders[0] if vocoders else None, folder)


def build(files: Files, folder: Path, name: str) -> Pack:
    """Write the model into `folder`. Raises VoiceDataMissing."""
    graph = read_graph(files.graph)
    told = {entry.key: entry.value for entry in graph.metadata_props}
    inputs = [value.name for value in graph.graph.input]
    if unknown := [name for name in inputs if name not in KNOWN_INPUTS]:
        raise VoiceDataMissing(f"{files.graph.name} takes {unknown[0][:40]!r}, which no model known here does")
    rate = _whole(told, "sample_rate", RATES_HZ)
    speakers = max(1, _whole(told, "n_speakers", range(MAX_SPEAKERS + 1)))
    is_vits = bool(VITS_INPUTS.intersection(inputs)) or _size_of_scales(graph) == 3
    ids = _tokens(files.folder / TOKENS)
    speaks, syllables = _languages(files, ids)
    write_graph(graph, folder / "model.onnx")
    if not is_vits and graph.graph.output[0].name != "audio_output":
        _copy_vocoder(files, folder)
    licence, address = read_card(files.folder)
    emotions = _emotions(told)
    begin = [token for token in ("sil", "^") if token in ids and (token == "sil" or told.get("use_eos_bos") == "1")]
    end = [token for token in ("eos", "$") if token in ids and (token == "eos" or told.get("use_eos_bos") == "1")]
    return Pack(
        folder=folder,
        name=name,
        family="sherpa",
        language="zh-CN" if "zh" in speaks else "en-US",
        speaks=speaks,
        sample_rate=rate,
        source=files.graph.name,
        licence=licence,
        attribution=f"sherpa-onnx; {told.get('comment') or told.get('model_author') or 'maker not named'}"[:120],
        attribution_url=address or told.get("url") or "https://github.com/k2-fsa/sherpa-onnx",
        description=f"{'VITS' if is_vits else 'Matcha'} in sherpa's shape, {rate} Hz",
        settings={
            "kind": "vits" if is_vits else "matcha",
            "ids": ids,
            "syllables": syllables,
            "emotions": emotions,
            "begin": begin,
            "end": end,
            "blank": int(told.get("pad_id", told.get("blank_id", 0))) if told.get("add_blank", "0") == "1" else None,
            "gains": [0.0] * speakers,
        },
        speakers={str(number): number for number in range(speakers)} if speakers > 1 else {},
    )


def _languages(files: Files, ids: Mapping[str, int]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The languages whose runs the model can say, and how it writes Mandarin syllables. Raises VoiceDataMissing."""
    lexicon = files.folder / LEXICON
    syllables = learn(_entries(lexicon, ids)) if lexicon.is_file() else {}
    speaks = (*(("zh",) if syllables else ()), *(("en",) if ENGLISH in ids or (IPA in ids and not syllables) else ()))
    if not speaks:
        raise VoiceDataMissing(
            f"{files.graph.name} is written neither in pinyin ({LEXICON}) nor in English phonemes ({TOKENS}): "
            "here are front ends for Mandarin and English"
        )
    return speaks, syllables


def _copy_vocoder(files: Files, folder: Path) -> None:
    if files.vocoder is None:
        raise VoiceDataMissing(
            f"{files.graph.name} makes mel spectra: put its vocoder (vocos-22khz-univ.onnx or hifigan_v2.onnx, of the "
            "same sample rate) beside it"
        )
    vocoder = read_graph(files.vocoder)
    try:
        Istft.of({entry.key: entry.value for entry in vocoder.metadata_props})
    except ValueError as error:
        raise VoiceDataMissing(f"{files.vocoder.name}: {str(error)[:100]}") from error
    write_graph(vocoder, folder / "vocoder.onnx")


def _tokens(path: Path) -> dict[str, int]:
    """Lines of a token and its id; a line with an id alone stands for the space. Raises VoiceDataMissing."""
    ids: dict[str, int] = {}
    for line in _lines(path, MAX_TOKENS_BYTES):
        token, _, number = line.strip().rpartition(" ")
        if not number.isascii() or not number.isdigit() or int(number) > MAX_TOKENS:
            raise VoiceDataMissing(f"{path.name}: {line.strip()[:40]!r} is no token and id below {MAX_TOKENS}")
        ids[token.strip() or " "] = int(number)
    if not 10 <= len(ids) <= MAX_TOKENS:
        raise VoiceDataMissing(f"{path.name} has {len(ids)} tokens; 10 to {MAX_TOKENS} are expected")
    return with_marks(ids)


def with_marks(ids: Mapping[str, int]) -> dict[str, int]:
    """The ids, and those of marks that the model writes otherwise."""
    found = {mark: next((ids[other] for other in others if other in ids), None) for mark, others in MARKS.items()}
    return {**{mark: number for mark, number in found.items() if number is not None}, **ids}


def _entries(path: Path, ids: Mapping[str, int]) -> Iterator[tuple[str, Sequence[str]]]:
    for line in _lines(path, MAX_LEXICON_BYTES):
        word, *tokens = line.split()
        if tokens and all(token in ids for token in tokens):
            yield word, tokens


def _lines(path: Path, most_bytes: int) -> Iterator[str]:
    try:
        if path.stat().st_size > most_bytes:
            raise VoiceDataMissing(f"{path.name} is larger than {most_bytes >> 20} MiB")
        with path.open(encoding="utf-8") as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        raise VoiceDataMissing(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise VoiceDataMissing(f"{path.name} is no text in UTF-8") from error


def _emotions(told: Mapping[str, str]) -> dict[str, int]:
    """Those of its emotions that have a name of ours; the first is neutral where none is called so."""
    named = [name.strip().lower() for name in told.get("emotions", told.get("emotion_names", "")).split(",")]
    known = {name: number for number, name in enumerate(named[:64]) if name in CHINESE_NAMES}
    return {"neutral": 0, **known}


def _whole(told: Mapping[str, Any], key: str, allowed: range) -> int:
    value = told.get(key, "")
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) not in allowed:
        raise VoiceDataMissing(
            f"the graph says {key} = {value[:20]!r}; a whole number from {allowed[0]} to {allowed[-1]} is expected"
        )
    return int(value)


def _size_of_scales(model: onnx.ModelProto) -> int:
    shapes = [value.type.tensor_type.shape.dim for value in model.graph.input if value.name == "scales"]
    return int(shapes[0][0].dim_value) if shapes and shapes[0] else 0
