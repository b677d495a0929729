"""The exported graphs against the torch nets, for every published kind of net: narrow ones, seeded."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts_server.engines.sambert.packs.pack import FILES, GRAPHS, Pack
from tts_server.engines.sambert.packs.shape import VocoderShape
from tts_server.engines.sambert.runtime.graphs import StreamedGraph, frame_positions, unit_positions
from tts_server.errors import VoiceDataMissing

torch = pytest.importorskip("torch", reason="torch is a development dependency")
onnx = pytest.importorskip("onnx", reason="onnx is a development dependency")

WIDE, NARROW = ((1, 3, 5, 7),) * 3, ((1, 3, 5),) * 3
KINDS = {  # as published, with fewer channels
    "v1_16k": VocoderShape(8, 32, 7, (10, 5, 2, 2), (20, 10, 4, 4), (3, 7, 11), WIDE, True, 0.1),
    "noncausal_v1_16k": VocoderShape(8, 32, 7, (10, 5, 2, 2), (20, 11, 4, 4), (3, 7, 11), WIDE, False, 0.1),
    "noncausal_nsf_v1_16k": VocoderShape(8, 32, 7, (10, 5, 2, 2), (20, 11, 4, 4), (3, 7, 11), WIDE, False, 0.1, 8),
    "v1_8k": VocoderShape(8, 32, 7, (5, 5, 2, 2), (10, 10, 4, 4), (3, 7, 11), WIDE, True, 0.1),
    "v1_24k": VocoderShape(8, 32, 7, (8, 5, 3, 2), (16, 10, 6, 4), (3, 7, 11), NARROW, True, 0.1),
    "v1_nsf_24k": VocoderShape(8, 32, 7, (8, 5, 3, 2), (16, 10, 6, 4), (3, 7, 11), NARROW, True, 0.1, 8),
    "v1_48k": VocoderShape(8, 64, 7, (10, 5, 3, 2, 2), (20, 10, 6, 4, 4), (3, 7, 11), WIDE, True, 0.1),
}


@pytest.fixture(scope="module")
def vocoder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[VocoderShape], tuple[Any, StreamedGraph]]:
    from tts_server.engines.sambert.export.vocoder import build_vocoder
    from tts_server.engines.sambert.nets.vocoder import Vocoder

    def build(shape: VocoderShape) -> tuple[Any, StreamedGraph]:
        torch.manual_seed(3)
        net = Vocoder(shape).eval().requires_grad_(False)
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.mul_(2)  # torch's own start is so small that differences would drown
        path = tmp_path_factory.mktemp("graphs") / "vocoder.onnx"
        weights = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
        path.write_bytes(build_vocoder(shape, weights).SerializeToString())
        return net, StreamedGraph(path, "samples")

    return build


@pytest.mark.parametrize("kind", KINDS)
def test_a_streamed_vocoder_of_every_published_kind_agrees_with_torch(
    kind: str, vocoder: Callable[[VocoderShape], tuple[Any, StreamedGraph]]
) -> None:
    shape = KINDS[kind]
    net, graph = vocoder(shape)
    random = np.random.default_rng(5)
    mel = random.standard_normal((50, shape.in_channels), dtype=np.float32)
    sines = random.standard_normal((8, 50 * shape.hop_length), dtype=np.float32) * np.float32(0.3)
    sines = sines if shape.harmonics else sines[:0]
    expected = net(torch.tensor(mel), torch.tensor(sines) if shape.harmonics else None).numpy()
    lookahead = -(-graph.lag // shape.hop_length)
    for frames in (50, 7, 1):
        state, parts, at = graph.initial_state, [], 0
        while at < len(mel):
            end = min(len(mel), at + frames + (0 if at else lookahead))
            given = {"mel": np.ascontiguousarray(mel[at:end].T)[None, :, None]}
            if shape.harmonics:
                given["sines"] = sines[None, :, None, at * shape.hop_length : end * shape.hop_length]
            samples, state = graph.run(given, state, end == len(mel))
            parts.append(samples)
            at = end
        assert np.abs(np.concatenate(parts) - expected).max() < 1e-4
    assert np.abs(expected).std() > 0.01


@pytest.mark.parametrize(("kind", "frames"), [("v1_16k", 0), ("noncausal_v1_16k", 18), ("v1_48k", 0)])
def test_a_vocoder_states_how_far_it_looks_ahead(
    kind: str, frames: int, vocoder: Callable[[VocoderShape], tuple[Any, StreamedGraph]]
) -> None:
    _, graph = vocoder(KINDS[kind])
    assert -(-graph.lag // KINDS[kind].hop_length) == frames


def test_an_upsampling_that_cannot_be_fused_is_refused(
    vocoder: Callable[[VocoderShape], tuple[Any, StreamedGraph]],
) -> None:
    with pytest.raises(VoiceDataMissing, match="upsampling by 5 with 10 taps"):
        vocoder(replace(KINDS["noncausal_v1_16k"], upsample_kernal_sizes=(20, 10, 4, 4)))


def test_every_convolution_is_two_dimensional(pack_of: Callable[[str], Pack]) -> None:
    folder = pack_of("tiny_nsf_16k").folder
    for name in GRAPHS:
        graph = onnx.load(folder / f"{name}.onnx", load_external_data=False).graph
        ranks = {tensor.name: len(tensor.dims) for tensor in graph.initializer}
        assert {ranks[node.input[1]] for node in graph.node if node.op_type == "Conv"} <= {4}
        assert not any(node.op_type == "ConvTranspose" for node in graph.node)


def test_positions_are_those_of_the_torch_net() -> None:
    from tts_server.engines.sambert.nets import acoustic
    from tts_server.engines.sambert.nets import encoder as acoustic_encoder

    places = np.concatenate([np.arange(1, 400), np.zeros(2, int)])
    assert np.abs(unit_positions(900, 512) - acoustic_encoder.unit_positions(900, 512).numpy()).max() < 1e-6
    theirs = acoustic.frame_positions(torch.tensor(places), 32).numpy()
    assert np.abs(frame_positions(places, 32) - theirs).max() < 1e-4
    assert np.array_equal(frame_positions(places, 32)[-1], np.tile([0, 1], 16))


def test_a_pack_that_fails_its_check_is_not_left_behind(
    published: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tts_server.engines.sambert.export import export

    broken = export.build_vocoder

    def wrong(shape: Any, weights: Any) -> Any:
        return broken(shape, {**weights, "conv_post.conv1d.bias": weights["conv_post.conv1d.bias"] + np.float32(0.01)})

    monkeypatch.setattr(export, "build_vocoder", wrong)
    with pytest.raises(VoiceDataMissing, match="samples differ"):
        export.build_pack(published("tiny_16k"), tmp_path / "packs" / "tiny")
    assert list((tmp_path / "packs").iterdir()) == []


def test_a_pack_says_where_it_came_from(published: Callable[[str], Any], tmp_path: Path) -> None:
    from tts_server.engines.sambert.export.export import build_pack

    source = "modelscope:damo/speech_sambert-hifigan_tts_zh-cn_16k"
    for _ in range(2):  # the second one replaces the first
        pack = build_pack(published("tiny_16k"), tmp_path / "tiny", source=source, revision="v1.0.2")
    assert (pack.source, pack.revision, pack.licence, pack.sample_rate) == (source, "v1.0.2", "Apache-2.0", 16_000)
    assert pack.speakers == ("F7", "F74", "FBYN", "FRXL", "M7", "xiaoyu")
    assert sorted(path.name for path in pack.folder.iterdir()) == sorted([*FILES, "manifest.json"])
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_the_voices_with_emotions_have_those_they_were_trained_on(
    published: Callable[[str], Any], tmp_path: Path
) -> None:
    from protocol.emotions import EMOTIONS
    from tts_server.engines.sambert.export.export import EMOTIONS as OF_VOICES
    from tts_server.engines.sambert.export.export import build_pack
    from tts_server.engines.sambert.units.symbols import EMOTIONS as CATEGORIES

    voice = published("tiny_16k")
    named = replace(voice, files=replace(voice.files, name="zhitian_emo"))
    pack = build_pack(named, tmp_path / "zhitian_emo")
    assert list(pack.emotions) == ["neutral", "happy", "angry", "sad", "fear", "disgust", "surprise"]
    for emotions in OF_VOICES.values():
        assert set(emotions) <= set(EMOTIONS)
        assert {f"emotion_{category}" for category in emotions.values()} <= set(CATEGORIES)
