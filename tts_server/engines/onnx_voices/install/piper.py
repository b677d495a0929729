"""A voice pack of a Piper voice: NAME.onnx and NAME.onnx.json."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from tts_server.engines.onnx_voices.install.decoder import cut_decoder
from tts_server.engines.onnx_voices.install.flow import cut_flow
from tts_server.engines.onnx_voices.install.front import front_of
from tts_server.engines.onnx_voices.install.graph_check import read_graph, write_graph
from tts_server.engines.onnx_voices.install.licence import read_card
from tts_server.engines.onnx_voices.packs.pack import FLOW, Pack
from tts_server.engines.onnx_voices.piper import espeak
from tts_server.engines.onnx_voices.piper.config import Settings, parse
from tts_server.errors import VoiceDataMissing

MAX_JSON_BYTES: Final = 4 << 20
HOMEPAGE: Final = "https://github.com/OHF-Voice/piper1-gpl"
INPUTS: Final = {"input", "input_lengths", "scales", "sid"}


def build(model: Path, folder: Path, name: str) -> Pack:
    """Write the graphs into `folder`. Raises VoiceDataMissing."""
    told = _read_json(Path(f"{model}.json"))
    settings, rate, speakers, language = parse(told)
    speaks = _speaks(settings, language)
    program = str(told.get("espeak", {}).get("voice", "")) if settings.phoneme_type == "espeak" else ""
    program = program if espeak.is_installed() and espeak.VOICE.fullmatch(program) else ""
    graph = read_graph(model)
    inputs = {value.name for value in graph.graph.input}
    if not INPUTS - {"sid"} <= inputs <= INPUTS or ("sid" in inputs) != bool(speakers):
        raise VoiceDataMissing(f"{model.name} has the inputs {', '.join(sorted(inputs))[:200]}: no Piper voice has")
    cut = cut_decoder(graph)
    metadata = {entry.key: entry.value for entry in cut.decoder.metadata_props}
    front = front_of(graph, cut.frames, cut.condition)
    flow = cut_flow(front)
    if flow is not None:
        write_graph(flow.flow, folder / FLOW)
    write_graph(front if flow is None else flow.front, folder / "front.onnx")
    write_graph(cut.decoder, folder / "decoder.onnx")
    licence, address = read_card(model.parent)
    settings = replace(settings, hop_length=cut.hop_length, lag=json.loads(metadata["lag"]), espeak=program)
    settings = replace(settings, flow_reach=flow.reach if flow else 0)
    return Pack(
        folder=folder,
        name=name,
        family="piper",
        language=language,
        speaks=(speaks,),
        sample_rate=rate,
        source=model.name,
        licence=licence,
        attribution=f"Piper; recordings: {str(told.get('dataset') or 'not named')[:80]}",
        attribution_url=address or HOMEPAGE,
        description=f"Piper voice, {str(told['audio'].get('quality', '')) or 'VITS'}, {rate} Hz"[:120],
        settings=asdict(settings),
        speakers=speakers,
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise VoiceDataMissing(f"{path.name} is larger than {MAX_JSON_BYTES >> 20} MiB")
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise VoiceDataMissing(
            f"{path.name} belongs beside the .onnx file and cannot be read: {error.strerror}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise VoiceDataMissing(f"{path.name} is no JSON: {str(error)[:100]}") from error
    if not isinstance(told, dict):
        raise VoiceDataMissing(f"{path.name} holds no table: it is no Piper voice")
    return told


def _speaks(settings: Settings, language: str) -> str:
    """The front end's language whose runs the voice can say. Raises VoiceDataMissing where there is none."""
    family = language.casefold().split("-")[0]
    if settings.phoneme_type == "pinyin" and family == "zh":
        return "zh"
    if settings.phoneme_type in ("espeak", "text") and family == "en":
        return "en"
    if settings.phoneme_type == "espeak" and re.fullmatch("[a-z]{2,3}", family) and family not in ("zh", "cmn", "yue"):
        if not espeak.is_installed():
            raise VoiceDataMissing(f"this voice speaks {language}: {espeak.HINT}")
        return family
    raise VoiceDataMissing(
        f"this voice speaks {language or 'a language it does not name'} by symbols of type {settings.phoneme_type}; "
        f"here are front ends for English (espeak, text) and Mandarin (pinyin); {espeak.PROGRAM} has other languages"
    )
