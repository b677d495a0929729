"""The compiled postnet against the graph in floats, in 8 and in 16 bits: what this processor can run."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engines.baker.conftest import chunk_plan
from tests.engines.baker.kernel.test_native import possible, signal_to_noise_db
from tests.engines.baker.test_runtime import streamed
from tts_server.engines.baker.kernel import library
from tts_server.engines.baker.native_postnet import NativePostnet
from tts_server.engines.baker.products import balances
from tts_server.engines.baker.runtime import LATER_PARTS, POSTNET_PARTS, REACH, Nets
from tts_server.engines.baker.weights import StoredWeights, stored_acoustic

Floats = NDArray[np.float32]
KINDS = [(code, bits) for code in possible() for bits in (8, 16) if code.has(f"int{bits}")]

pytestmark = pytest.mark.skipif(not KINDS, reason="not compiled, or without such products here")


def postnet_weights() -> StoredWeights:
    weights = stored_acoustic(LATER_PARTS)
    weights.update(balances(weights))
    return {name: weight for name, weight in weights.items() if name.startswith(POSTNET_PARTS)}


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: f"{kind[0].name}-{kind[1]}")
def kind(request: pytest.FixtureRequest) -> tuple[library.Layers, int]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def compiled(kind: tuple[library.Layers, int]) -> NativePostnet:
    return NativePostnet(postnet_weights(), kind[0], bits=kind[1])


def test_it_says_what_the_graph_says(
    compiled: NativePostnet, kind: tuple[library.Layers, int], nets: Nets, decoded: Floats
) -> None:
    expected, _ = nets.postnet(decoded, nets.postnet.initial_state, is_last=True)
    made, _ = compiled(decoded, compiled.initial_state, is_last=True)
    assert made.shape == expected.shape
    assert signal_to_noise_db(expected, made) > {8: 35, 16: 55}[kind[1]]


@pytest.mark.parametrize("first", [REACH + 1, 40])
@pytest.mark.parametrize("sizes", [[1], [3, 1, 17], [7], [40], [1, 60, 2, 130]], ids=str)
def test_any_blocks_give_the_mel_of_the_whole(
    compiled: NativePostnet, decoded: Floats, first: int, sizes: list[int]
) -> None:
    whole, _ = compiled(decoded, compiled.initial_state, is_last=True)
    assert np.array_equal(streamed(compiled, decoded, chunk_plan(decoded.shape[-1], first, sizes)), whole)


@pytest.mark.parametrize("frames", [1, 2, 12, 13])
def test_it_takes_the_shortest_utterances(compiled: NativePostnet, nets: Nets, decoded: Floats, frames: int) -> None:
    expected, _ = nets.postnet(decoded[..., :frames], nets.postnet.initial_state, is_last=True)
    made, _ = compiled(decoded[..., :frames], compiled.initial_state, is_last=True)
    assert signal_to_noise_db(expected, made) > 30


def test_a_first_chunk_that_is_too_short_is_refused(compiled: NativePostnet, decoded: Floats) -> None:
    with pytest.raises(ValueError, match="3 frames are too few"):
        compiled(decoded[..., :3], compiled.initial_state, is_last=False)
