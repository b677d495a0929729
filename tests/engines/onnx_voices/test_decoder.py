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
from tts_server.engines.onnx_voices.packs.pack import Pack
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
    assert encoded.durations.sum() == encoded.frames.shape[3]


def test_noise_changes_the_sound_and_is_the_same_each_time(joe_nets: Nets) -> None:
    ids = [1, 0, 20, 0, 33, 0, 10, 0, 2]
    first, second, silent = (joe_nets.encode(ids, 0, scales).frames for scales in ((0.6, 1, 0), (0.6, 1, 0), SILENT))
    assert np.array_equal(first, second)
    assert not np.allclose(first, silent)


def test_the_decoder_tells_its_lag_and_states(joe: Pack) -> None:
    metadata = {p.key: json.loads(p.value) for p in onnx.load(joe.folder / "decoder.onnx").metadata_props}
    assert 10 * 256 < metadata["lag"] < 11 * 256
    assert len(metadata["states"]) < 30


def test_a_graph_that_ends_otherwise_is_refused() -> None:
    model = vits()
    model.graph.output[0].name = model.graph.node[0].output[0]
    with pytest.raises(VoiceDataMissing, match="no VITS voice"):
        cut_decoder(model)
