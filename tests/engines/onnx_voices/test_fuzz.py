"""Whatever stands in files of others: a voice, or one clear line, and nothing left behind. Never another error."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.onnx_voices.tiny import voice_json
from tests.engines.onnx_voices.tiny_sherpa import write_model as write_sherpa
from tts_server.engines.onnx_voices.install import kokoro, sherpa
from tts_server.engines.onnx_voices.install.graph_check import read_graph
from tts_server.engines.onnx_voices.install.kokoro_styles import TABLE_BYTES, read_styles
from tts_server.engines.onnx_voices.install.licence import read_card
from tts_server.engines.onnx_voices.packs.pack import MANIFEST, read_pack
from tts_server.engines.onnx_voices.piper.config import parse
from tts_server.errors import VoiceDataMissing

some = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner))
keys = st.sampled_from(["audio", "num_symbols", "num_speakers", "phoneme_id_map", "speaker_id_map", "inference",
                        "espeak", "language", "phoneme_type"])  # fmt: skip


def one_line(error: VoiceDataMissing) -> None:
    assert "\n" not in str(error)
    assert 0 < len(str(error)) < 600


@some
@given(changes=st.dictionaries(keys, values, min_size=1))
def test_any_json_is_settings_or_one_line(changes: dict[str, Any]) -> None:
    try:
        settings_, rate, speakers, _ = parse({**voice_json(), **changes})
    except VoiceDataMissing as error:
        one_line(error)
    else:
        assert 8000 <= rate <= 48_000
        assert len(speakers) <= 4096
        assert all(0 <= number < 4096 for ids in settings_.ids.values() for number in ids)


@some
@given(content=st.binary(max_size=400) | st.integers(0, 3).map(lambda n: b"\0" * (n * TABLE_BYTES)))
def test_any_voices_bin_is_styles_or_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "voices.bin"
    path.write_bytes(content)
    try:
        tables = read_styles(path, onnx.ModelProto())
    except VoiceDataMissing as error:
        one_line(error)
    else:
        assert len(tables) * TABLE_BYTES == len(content)


@some
@given(content=st.binary(max_size=300), at=st.integers(0, 3000))
def test_any_damage_to_an_npz_is_styles_or_one_line(content: bytes, at: int, tmp_path: Path) -> None:
    path = tmp_path / "voices.npz"
    np.savez(path, a=np.zeros((510, 1, 256), np.float32)[:1])
    whole = bytearray(path.read_bytes())
    whole[at : at + len(content)] = content
    path.write_bytes(bytes(whole))
    with pytest.raises(VoiceDataMissing) as refusal:
        read_styles(path, onnx.ModelProto())
    one_line(refusal.value)


@some
@given(text=st.text(max_size=300) | st.lists(st.tuples(st.text(max_size=4), st.integers())).map(
    lambda pairs: "".join(f"{token} {number}\n" for token, number in pairs)
))  # fmt: skip
def test_any_tokens_txt_is_a_table_or_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "tokens.txt"
    path.write_text(text, encoding="utf-8", errors="replace")
    for read in (sherpa._tokens, kokoro._vocabulary):
        try:
            table = read(path)
        except VoiceDataMissing as error:
            one_line(error)
        else:
            assert all(0 <= number <= 20_000 for number in table.values())


@some
@given(lines=st.lists(st.text(max_size=30), max_size=30))
def test_any_lexicon_is_a_voice_or_one_line(lines: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    if not folder.exists():
        write_sherpa(folder)
    (folder / "lexicon.txt").write_text("\n".join(lines), encoding="utf-8", errors="replace")
    made = tmp_path / "made"
    made.mkdir(exist_ok=True)
    files = sherpa.find_files(folder)
    assert files is not None
    with pytest.raises(VoiceDataMissing) as refusal:
        sherpa.build(files, made, "voice")
    one_line(refusal.value)


@some
@given(content=st.binary(max_size=500))
def test_any_file_is_a_graph_or_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    try:
        read_graph(path)
    except VoiceDataMissing as error:
        one_line(error)


@some
@given(content=st.binary(max_size=300), told=values)
def test_any_manifest_is_a_pack_or_one_line(content: bytes, told: Any, tmp_path: Path) -> None:
    for written in (content, json.dumps(told).encode()):
        (tmp_path / MANIFEST).write_bytes(written)
        with pytest.raises(VoiceDataMissing) as refusal:
            read_pack(tmp_path)
        one_line(refusal.value)


@some
@given(content=st.binary(max_size=300))
def test_any_card_states_one_licence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "MODEL_CARD").write_bytes(b"License: " + content)
    licence, address = read_card(tmp_path)
    assert licence
    assert "\n" not in licence + address
    assert len(licence) < 80
