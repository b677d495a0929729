"""The decoder step: in numpy, as a graph, and as the torch net has it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tts_server.engines.sambert.export.cases import Case, decoder_inputs_of, inputs_of
from tts_server.engines.sambert.packs.pack import read_array
from tts_server.engines.sambert.runtime.decoder import Decoder, GraphSteps, NumpySteps, fed, unpacked, weight_shapes
from tts_server.engines.sambert.runtime.graphs import DecoderInputs, Nets, open_session
from tts_server.errors import VoiceDataMissing

Cases = Callable[[str, str], Case]
NetsOf = Callable[[str], Nets]


def decoded(decoder: Decoder, score: DecoderInputs) -> np.ndarray:
    return np.stack([decoder.next(1).ravel() for _ in score.memory])


def with_graph(nets: Nets, score: DecoderInputs) -> Decoder:
    """The same decoder, its step an ONNX graph."""
    matrices = unpacked(read_array(nets.pack, "step.npy"), nets.pack.acoustic)
    session = open_session(nets.pack.folder / "step.onnx", weights=fed(matrices))
    return Decoder(
        nets.pack.acoustic, score.memory, score.band, nets.project, partial(GraphSteps, session, nets.pack.acoustic)
    )


@pytest.mark.parametrize("name", ["short", "medium", "long", "mixed", "medium_forced_all"])
def test_every_step_is_that_of_the_published_code(name: str, nets_of: NetsOf, case: Cases) -> None:
    nets, expected = nets_of("tiny_16k"), case("tiny_16k", name)
    score, _ = decoder_inputs_of(nets, expected)
    assert np.abs(decoded(nets.decoder(score), score) - expected["dec_raw"]).max() < 1e-5


@pytest.mark.parametrize("voice", ["tiny_16k", "tiny_nsf_16k", "tiny_se_nsf_global_16k"])
def test_the_graph_and_the_function_agree(voice: str, nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of(voice)
    score, _ = decoder_inputs_of(nets, case(voice, "short"))
    ours, theirs = decoded(nets.decoder(score), score), decoded(with_graph(nets, score), score)
    assert np.abs(ours - theirs).max() < 1e-5
    assert ours.std() > 0.1


@pytest.mark.parametrize("band", [0, 1, 2, 7, 40])
@pytest.mark.parametrize("steps", [1, 2, 3, 17, 33])
def test_the_rings_hold_what_the_band_covers(
    band: int, steps: int, nets_of: NetsOf, published: Callable[[str], Any]
) -> None:
    """Against the torch net, with bands wider and narrower than the utterance, and than a block of the memory."""
    torch = pytest.importorskip("torch", reason="torch is a development dependency")
    nets = nets_of("tiny_16k")
    random = np.random.default_rng(steps)
    memory = random.standard_normal((steps, nets.pack.acoustic.memory_units), dtype=np.float32)
    score = DecoderInputs(np.zeros(0, np.int64), memory, band)
    with torch.inference_mode():
        net = published("tiny_16k").acoustic.mel_decoder.mel_dec
        expected = net(torch.tensor(memory), band).numpy()
    assert np.abs(decoded(nets.decoder(score), score) - expected).max() < 1e-5


def test_scores_of_any_size_are_softened(nets_of: NetsOf, case: Cases) -> None:
    """Queries so large that a plain exponential would overflow."""
    nets = nets_of("tiny_16k")
    shape = nets.pack.acoustic
    matrices = {name: array.copy() for name, array in unpacked(read_array(nets.pack, "step.npy"), shape).items()}
    matrices["0.attend"][:, : shape.decoder_num_units] *= 1e4
    score, _ = decoder_inputs_of(nets, case("tiny_16k", "short"))
    decoder = Decoder(shape, score.memory, score.band, nets.project, partial(NumpySteps, matrices, shape))
    assert np.isfinite(decoded(decoder, score)).all()


def test_weights_of_another_net_are_refused(nets_of: NetsOf) -> None:
    shape = nets_of("tiny_16k").pack.acoustic
    count = sum(rows * columns for rows, columns in weight_shapes(shape).values())
    for array in (np.zeros(count - 1, np.float32), np.zeros(count), np.zeros((1, count), np.float32)):
        with pytest.raises(VoiceDataMissing, match="weights"):
            unpacked(array, shape)


def test_what_a_step_returns_stays_as_it_is(nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of("tiny_16k")
    lines = inputs_of(nets, case("tiny_16k", "short"))
    inflected, _ = nets.predict_durations(lines, nets.encode(lines))
    score = nets.compose(lines, inflected, np.full(len(lines.units), 3, np.float32))
    decoder = nets.decoder(score)
    first = decoder.next(1)
    kept = first.copy()
    decoder.next(1)
    assert np.array_equal(first, kept)
