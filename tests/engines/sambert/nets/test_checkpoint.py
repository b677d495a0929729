import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.engines.sambert.conftest import GOLDEN
from tests.engines.sambert.nets.test_acoustic import speak
from tts_server.engines.sambert.export.cases import Case
from tts_server.engines.sambert.packs.layouts import find_voices, own_voice
from tts_server.errors import VoiceDataMissing

torch = pytest.importorskip("torch", reason="torch is a development dependency")

from tts_server.engines.sambert.nets.checkpoint import load_voice  # noqa: E402 - needs torch

ACOUSTIC = "am/ckpt/checkpoint_1000.pth"
VOCODER = "voc/ckpt/checkpoint_2000.pth"

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """A copy of a reference voice to spoil."""
    return Path(shutil.copytree(GOLDEN / "tiny_16k", tmp_path / "tiny_16k", ignore=shutil.ignore_patterns("*.npz")))


def change(path: Path, how: Change) -> None:
    """Rewrite a checkpoint."""
    checkpoint = torch.load(path, weights_only=True)
    torch.save(how(checkpoint) or checkpoint, path)


def refusal(folder: Path) -> str:
    with pytest.raises(VoiceDataMissing) as caught:
        load_voice(find_voices(folder)[0])
    return str(caught.value)


# -- layouts ----------------------------------------------------------------------------------------------------------


def test_a_model_folder_names_its_voices_and_skips_those_that_are_not_there(tmp_path: Path, voice: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(voice, tmp_path / "model" / "voices" / name)
    listed = {"voices": ["second", "gone", "first"]}
    (tmp_path / "model/voices/voices.json").write_text(json.dumps(listed), encoding="utf-8")
    (tmp_path / "model/configuration.json").write_text('{"model": {"sample_rate": 16000}}', encoding="utf-8")
    assert [files.name for files in find_voices(tmp_path / "model")] == ["second", "first"]


@pytest.mark.parametrize("listed", [{}, {"voices": []}, {"voices": ["../../etc"]}, {"voices": [7]}])
def test_a_list_of_voices_that_names_none_is_refused(tmp_path: Path, listed: dict[str, Any]) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices/voices.json").write_text(json.dumps(listed), encoding="utf-8")
    with pytest.raises(VoiceDataMissing, match=r"voices\.json"):
        find_voices(tmp_path)


def test_the_checkpoint_of_most_steps_wins(voice: Path) -> None:
    for name in ("checkpoint_200.pth", "checkpoint_0.pth", "checkpoint_best.pth", "notes_9999.pth"):
        (voice / "am/ckpt" / name).touch()
    assert find_voices(voice)[0].acoustic_weights == voice / ACOUSTIC
    (voice / "am/ckpt/checkpoint_20000.pth").touch()
    assert find_voices(voice)[0].acoustic_weights.name == "checkpoint_20000.pth"


def test_files_may_be_named_one_by_one(voice: Path, published: Callable[[str], Any]) -> None:
    moved = voice.parent / "own.bin"
    (voice / ACOUSTIC).rename(moved)
    files = own_voice("own", moved, voice / VOCODER, voice / "am/config.yaml", voice / "voc/config.yaml")
    assert load_voice(files).acoustic.shape == published("tiny_16k").acoustic.shape


@pytest.mark.parametrize("old_names", [False, True])
def test_generation_one_says_the_same(
    old_names: bool, tmp_path: Path, voice: Path, case: Callable[[str, str], Case]
) -> None:
    model = old_model(tmp_path / "model", voice, old_names)
    loaded = load_voice(find_voices(model)[0])
    expected = case("tiny_16k", "short")
    assert np.abs(speak(loaded.acoustic, expected).mel.numpy() - expected["mel"]).max() < 1e-5
    with torch.inference_mode():
        samples = loaded.vocoder(torch.tensor(expected["mel"])).numpy()
    assert np.abs(samples - expected["wav"]).max() < 2e-5


def old_model(model: Path, voice: Path, old_names: bool) -> Path:
    """The reference voice in the layout of generation 1."""
    am, voc = (yaml.safe_load((voice / part / "config.yaml").read_text(encoding="utf-8")) for part in ("am", "voc"))
    generator = voc["Model"]["Generator"]["params"]
    if old_names:
        generator = {
            "num_mels": generator["in_channels"],
            "upsample_rates": generator["upsample_scales"],
            "upsample_kernel_sizes": generator["upsample_kernal_sizes"],
            "upsample_initial_channel": generator["channels"],
            "resblock_kernel_sizes": generator["resblock_kernel_sizes"],
            "resblock_dilation_sizes": generator["resblock_dilations"],
        }
    there = model / "voices" / "old"
    for part in ("am", "vocoder"):
        (there / part).mkdir(parents=True)
    linguistic = {"speaker_list": am["linguistic_unit"]["speaker_list"]}
    settings = {
        "sample_rate": 16_000,
        "am": {"am": am["Model"]["KanTtsSAMBERT"]["params"], "linguistic_unit": linguistic},
        "vocoder": generator,
    }
    (model / "configuration.json").write_text(json.dumps({"model": settings}), encoding="utf-8")
    (model / "voices/voices.json").write_text('{"voices": ["old"]}', encoding="utf-8")
    flat = torch.load(voice / ACOUSTIC, weights_only=True)["model"]
    torch.save({"fsnet": flat}, there / "am/pytorch_model.bin")
    generator_weights = torch.load(voice / VOCODER, weights_only=True)["model"]["generator"]
    torch.save({"generator": dict(old_tensors(generator_weights))}, there / "vocoder/pytorch_model.bin")
    return model


def old_tensors(tensors: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, tensor in tensors.items():
        parts = name.split(".")
        if parts[0] == "transpose_upsamples":
            parts = ["ups", parts[1], *parts[3:]]
        old = ".".join(parts).replace("repeat_upsamples.", "repeat_ups.").replace("conv_blocks.", "resblocks.")
        yield old, tensor


# -- what may be missing ----------------------------------------------------------------------------------------------


def test_tables_that_are_recomputed_may_be_missing(voice: Path, case: Callable[[str, str], Case]) -> None:
    def drop(checkpoint: dict[str, Any]) -> None:
        del checkpoint["model"]["text_encoder.ling_enc.position_enc.position_enc"]
        del checkpoint["model"]["variance_adaptor.dur_position_encoder.inv_timescales"]

    change(voice / ACOUSTIC, drop)
    expected = case("tiny_16k", "short")
    spoken = speak(load_voice(find_voices(voice)[0]).acoustic, expected)
    assert np.abs(spoken.mel.numpy() - expected["mel"]).max() < 1e-5


def test_tables_without_the_mask_row_are_taken_as_they_are(voice: Path, case: Callable[[str, str], Case]) -> None:
    tables = ("text_encoder.sy_emb", "text_encoder.tone_emb", "text_encoder.syllable_flag_emb",
              "text_encoder.ws_emb", "emo_tokenizer", "spk_tokenizer")  # fmt: skip

    def drop_last_rows(checkpoint: dict[str, Any]) -> None:
        for name in tables:
            checkpoint["model"][f"{name}.weight"] = checkpoint["model"][f"{name}.weight"][:-1].clone()

    change(voice / ACOUSTIC, drop_last_rows)
    loaded, expected = load_voice(find_voices(voice)[0]), case("tiny_16k", "short")
    assert loaded.acoustic.shape.tables == (146, 9, 7, 7)
    assert np.abs(speak(loaded.acoustic, expected).mel.numpy() - expected["mel"]).max() < 1e-5


def test_a_vocoder_without_weight_norm_says_the_same(voice: Path, published: Callable[[str], Any]) -> None:
    plain = published("tiny_16k").vocoder.state_dict()
    change(voice / VOCODER, lambda checkpoint: {**checkpoint, "model": {"generator": plain}})
    loaded = load_voice(find_voices(voice)[0]).vocoder.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in plain.items())


# -- refusals: which file, which tensor, what was expected ------------------------------------------------------------


@pytest.mark.parametrize("file", [ACOUSTIC, VOCODER])
@pytest.mark.parametrize("kept", [0, 10, 1000, -1000, -1])
def test_a_truncated_checkpoint_is_refused_by_name(voice: Path, file: str, kept: int) -> None:
    content = (voice / file).read_bytes()
    (voice / file).write_bytes(content[:kept])
    assert Path(file).name in refusal(voice)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (ACOUSTIC, "mel_decoder.mel_dec.pnca.1.pnca_attn.w_h_kv.weight"),
        (ACOUSTIC, "text_encoder.tone_emb.weight"),
        (VOCODER, "conv_post.conv1d.weight_v"),
        (VOCODER, "conv_blocks.3.convs1.0.conv1d.bias"),
    ],
)
def test_a_renamed_tensor_is_refused_by_name(voice: Path, file: str, name: str) -> None:
    def rename(checkpoint: dict[str, Any]) -> None:
        tensors = checkpoint["model"].get("generator", checkpoint["model"])
        tensors[f"{name}_renamed"] = tensors.pop(name)

    change(voice / file, rename)
    said = refusal(voice)
    assert Path(file).name in said
    assert name in said


def test_a_tensor_nobody_knows_is_refused(voice: Path) -> None:
    change(voice / ACOUSTIC, lambda checkpoint: checkpoint["model"].update(surprise=torch.zeros(1)))
    assert "surprise" in refusal(voice)


@pytest.mark.parametrize("shape", [(), (3,), (147, 47), (100, 48)])
def test_a_tensor_of_another_shape_is_refused_with_both_shapes(voice: Path, shape: tuple[int, ...]) -> None:
    name = "text_encoder.sy_emb.weight"
    change(voice / ACOUSTIC, lambda checkpoint: checkpoint["model"].update({name: torch.zeros(shape)}))
    said = refusal(voice)
    assert name in said
    assert str(list(shape)) in said
    assert "expected" in said


@pytest.mark.parametrize("file", [ACOUSTIC, VOCODER])
def test_a_tensor_that_claims_to_be_huge_takes_no_memory(voice: Path, file: str) -> None:
    huge = torch.zeros(1).expand(1 << 20, 1 << 20)  # one number, again and again

    def add(checkpoint: dict[str, Any]) -> None:
        model = checkpoint["model"]
        model.get("generator", model).update(more=huge)

    change(voice / file, add)
    assert "more is [1048576, 1048576], which does not lie in the file" in refusal(voice)


def test_numbers_that_are_none_are_refused(voice: Path) -> None:
    nothing = torch.full((20,), float("nan"))
    change(voice / ACOUSTIC, lambda checkpoint: checkpoint["model"].update({"mel_postnet.fc.bias": nothing}))
    assert "mel_postnet.fc.bias" in refusal(voice)


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("as_torch_writes", [True, False])
@pytest.mark.parametrize("file", [ACOUSTIC, VOCODER])
def test_a_pickle_that_would_run_code_is_refused_and_nothing_runs(
    voice: Path, file: str, as_torch_writes: bool
) -> None:
    trace = voice / "executed"
    checkpoint = {"model": {"generator": Bomb(trace)}}
    if as_torch_writes:
        torch.save(checkpoint, voice / file)
    else:
        (voice / file).write_bytes(pickle.dumps(checkpoint))
    assert Path(file).name in refusal(voice)
    assert not trace.exists()


def test_a_compressed_checkpoint_is_refused(voice: Path) -> None:
    with zipfile.ZipFile(voice / ACOUSTIC) as plain:
        members = {name: plain.read(name) for name in plain.namelist()}
    with zipfile.ZipFile(voice / ACOUSTIC, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    assert "compressed" in refusal(voice)


@pytest.mark.parametrize("text", ["!!python/object/apply:os.mkdir [executed]", "a: [", "7", ""])
def test_settings_that_are_no_settings_are_refused(voice: Path, text: str) -> None:
    (voice / "am/config.yaml").write_text(text, encoding="utf-8")
    assert "config.yaml" in refusal(voice)
    assert not Path("executed").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("decoder_num_layers", 10**9), ("embedding_dim", "48"), ("num_mels", 0), ("postnet_shift", None)],
)
def test_settings_out_of_reason_are_refused_by_name(voice: Path, name: str, value: Any) -> None:
    path = voice / "am/config.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["Model"]["KanTtsSAMBERT"]["params"][name] = value
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert name in refusal(voice)


def test_an_nsf_voice_needs_its_mean_and_deviation(tmp_path: Path) -> None:
    voice = tmp_path / "voice"
    shutil.copytree(GOLDEN / "tiny_nsf_16k", voice)
    (voice / "am/mvn.npy").unlink()
    assert "mvn.npy" in refusal(voice)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", pickle.dumps([1.0])])
def test_a_damaged_speaker_vector_is_refused(tmp_path: Path, content: bytes) -> None:
    voice = tmp_path / "voice"
    shutil.copytree(GOLDEN / "tiny_se_nsf_global_16k", voice)
    (voice / "am/se.npy").write_bytes(content)
    assert "se.npy" in refusal(voice)


def test_an_acoustic_model_and_a_vocoder_that_do_not_fit_are_refused(voice: Path) -> None:
    shutil.rmtree(voice / "voc")
    shutil.copytree(GOLDEN / "tiny_nsf_16k/voc", voice / "voc")
    assert "NSF" in refusal(voice)


@pytest.mark.parametrize("part", ["am/config.yaml", "voc/config.yaml", ACOUSTIC, VOCODER])
def test_a_missing_file_is_named(voice: Path, part: str) -> None:
    (voice / part).unlink()
    said = refusal(voice)
    assert Path(part).name in said or "checkpoint_<steps>.pth" in said


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("am", {"Model": {"KanTtsSAMBERT": {"params": {"NSF": True, "nsf_norm_type": "global"}}}}),
        ("am", {"Model": {"KanTtsSAMBERT": {"params": {}}}, "linguistic_unit": ["PinYin"]}),
        ("voc", {"Model": []}),
        ("voc", {"Model": {"Generator": {"params": {"nsf_params": 7}}}}),
        ("voc", {"Model": {"Generator": {"params": {"nsf_params": {"nb_harmonics": "many"}}}}}),
    ],
)
def test_settings_that_are_built_in_another_way_are_refused(voice: Path, file: str, told: dict[str, Any]) -> None:
    (voice / file / "config.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    refusal(voice)
