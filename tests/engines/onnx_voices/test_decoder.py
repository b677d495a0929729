"""The decoder, cut off and rebuilt so that it streams, against the published graph."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.engines.onnx_voices.tiny import vits, write_voice
from tts_server.engines.onnx_voices.install.decoder import cut_decoder
from tts_server.engines.onnx_voices.install.flow import cut_flow
from tts_server.engines.onnx_voices.install.front import front_of
from tts_server.engines.onnx_voices.packs.pack import Pack
from tts_server.engines.onnx_voices.piper.frames import FIRST_FRAMES, LATENT, MORE_FRAMES, OUTER, Frames
from tts_server.engines.onnx_voices.piper.runtime import Nets
from tts_server.errors import VoiceDataMissing

pytestmark = pytest.mark.timeout(90)  # whichever test comes first installs a voice of 60 or 90 MB

GOLDEN = Path(__file__).parents[2] / "golden" / "piper" / "spoken.npz"
SILENT = (0.0, 1.0, 0.0)  # no noise anywhere


def streamed(nets: Nets, ids: Sequence[int], speaker: int, sizes: Sequence[int]) -> np.ndarray:
    stream, parts = nets.stream(nets.encode(ids, speaker, SILENT)), []
    while not stream.is_done:
        parts.append(stream.next(sizes[min(len(parts), len(sizes) - 1)]))
    return np.concatenate(parts)


def published(path: Path, ids: Sequence[int], speaker: int | None = None) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = {"input": np.array([ids]), "input_lengths": np.array([len(ids)]), "scales": np.array(SILENT, np.float32)}
    if speaker is not None:
        given["sid"] = np.array([speaker])
    return session.run(None, given)[0].ravel()


@pytest.fixture(scope="module")
def joe_nets(joe: Pack) -> Nets:
    return Nets(joe)


@pytest.mark.parametrize("sizes", [[10_000], [16], [1, 64], [17, 8, 40]])
@pytest.mark.parametrize("number", [0, 1])
def test_a_real_voice_says_what_piper_says(joe_nets: Nets, number: int, sizes: list[int]) -> None:
    with np.load(GOLDEN) as recorded:
        ids, expected = recorded[f"ids{number}"], recorded[f"samples{number}"] / 32767
    said = streamed(joe_nets, ids.tolist(), 0, sizes)
    assert said.shape == expected.shape
    assert np.abs(said - expected).max() < 1e-4


@pytest.mark.parametrize("speaker", [0, 2])
@pytest.mark.parametrize("sizes", [[10_000], [7], [1, 30, 2]])
def test_a_voice_of_several_speakers_says_what_its_graph_says(
    several: Pack, tmp_path: Path, speaker: int, sizes: list[int]
) -> None:
    ids = [1, 20, 30, 64, 0, 9, 40, 67, 0, 2]
    expected = published(write_voice(tmp_path, "several", speakers=3), ids, speaker)
    said = streamed(Nets(several), ids, speaker, sizes)
    assert said.shape == expected.shape
    assert np.abs(said - expected).max() < 1e-5


def test_speakers_differ(several: Pack) -> None:
    nets = Nets(several)
    one, other = (streamed(nets, [1, 20, 30, 64, 0, 2], speaker, [40]) for speaker in (0, 1))
    assert np.abs(one - other).max() > 0.01


def test_durations_add_up_to_the_frames(joe_nets: Nets) -> None:
    with np.load(GOLDEN) as recorded:
        ids = recorded["ids1"].tolist()
    encoded = joe_nets.encode(ids, 0, (0.667, 1.0, 0.8))
    assert len(encoded.durations) == len(ids)
    assert encoded.durations.sum() == encoded.length


def test_noise_changes_the_sound_and_is_the_same_each_time(joe_nets: Nets) -> None:
    ids = [1, 0, 20, 0, 33, 0, 10, 0, 2]
    first, second, silent = (
        joe_nets.encode(ids, 0, scales).frames(0, 20) for scales in ((0.6, 1, 0), (0.6, 1, 0), SILENT)
    )
    assert np.array_equal(first, second)
    assert not np.allclose(first, silent)


def test_the_flow_is_cut_off_with_what_it_sees_around_a_frame(joe: Pack, several: Pack) -> None:
    assert joe.settings["flow_reach"] == 32  # four couplings of four layers, each two frames to both sides
    assert several.settings["flow_reach"] == 6
    assert {"flow.onnx"} < set(joe.file_names) & set(several.file_names)


def test_frames_are_made_as_far_as_they_are_read_and_do_not_depend_on_how(joe_nets: Nets) -> None:
    with np.load(GOLDEN) as recorded:
        ids = recorded["ids1"].tolist()
    whole, parts = (joe_nets.encode(ids, 0, SILENT) for _ in range(2))
    length = whole.length
    assert length > 200
    expected = whole.frames(0, length)
    assert np.array_equal(parts.frames(0, 30), expected[..., :30])
    assert np.array_equal(parts.frames(25, 190), expected[..., 25:190])
    assert np.array_equal(parts.frames(190, length), expected[..., 190:])


@pytest.mark.parametrize("speakers", [1, 3])
def test_a_flow_in_two_parts_gives_what_it_gives_as_a_whole(speakers: int) -> None:
    model = vits(speakers)
    cut = cut_decoder(model)
    front = front_of(model, cut.frames, cut.condition)
    parts = cut_flow(front)
    assert parts is not None
    outer = [output.name for output in parts.front.graph.output if output.name.startswith(OUTER)]
    given = {
        "input": np.array([[1, 20, 30, 64, 0, 9, 40, 67, 0, 2] * 3]),
        "input_lengths": np.array([30]),
        "scales": np.array([0.6, 1, 0.3], np.float32),
        "noise": np.random.default_rng(1).standard_normal(997).astype(np.float32),
        **({"sid": np.array([2])} if speakers > 1 else {}),
    }

    def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    (expected,) = session(front).run(["frames"], given)
    latent, *values = session(parts.front).run([LATENT, *outer], given)
    made = Frames(session(parts.flow), latent, outer, values, parts.reach)
    assert made.length > FIRST_FRAMES + 2 * MORE_FRAMES
    assert np.abs(made.read(0, made.length) - expected).max() < 1e-5


def test_a_front_without_a_flow_is_left_whole() -> None:
    model = vits()
    cut = cut_decoder(model)
    front = front_of(model, cut.frames, cut.condition)
    for node in front.graph.node:
        if node.op_type == "Split":
            node.attribute[0].i = 2  # of the frames, which is no coupling
    assert cut_flow(front) is None


def test_the_decoder_tells_its_lag_and_states(joe: Pack) -> None:
    metadata = {p.key: json.loads(p.value) for p in onnx.load(joe.folder / "decoder.onnx").metadata_props}
    assert 10 * 256 < metadata["lag"] < 11 * 256
    assert len(metadata["states"]) < 30


def test_a_graph_that_ends_otherwise_is_refused() -> None:
    model = vits()
    model.graph.output[0].name = model.graph.node[0].output[0]
    with pytest.raises(VoiceDataMissing, match="no VITS voice"):
        cut_decoder(model)
