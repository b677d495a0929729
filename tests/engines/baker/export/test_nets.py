import numpy as np
import pytest

from tests.engines.baker.conftest import Golden, whole_mel
from tts_server.engines.baker.runtime import Nets

torch = pytest.importorskip("torch", reason="torch is a development dependency")


@pytest.fixture(scope="module")
def acoustic() -> "torch.nn.Module":
    from tts_server.engines.baker import weights
    from tts_server.engines.baker.export import nets

    return nets.with_weights(nets.AcousticModel(), weights.read_acoustic())


@pytest.fixture(scope="module")
def vocoder() -> "torch.nn.Module":
    from tts_server.engines.baker import weights
    from tts_server.engines.baker.export import nets

    return nets.with_weights(nets.Vocoder(), weights.read_vocoder())


@pytest.mark.parametrize("name", ["short", "medium", "numbers"])
def test_the_acoustic_graphs_agree_with_torch(
    name: str, acoustic: "torch.nn.Module", nets: Nets, golden: Golden
) -> None:
    ids = golden(name)["ids"].astype(np.int64)
    encoded = nets.encode(ids)
    with torch.inference_mode():
        expected = acoustic.encode(torch.tensor(ids))
    for ours, theirs in zip((encoded.hidden, encoded.durations, encoded.f0, encoded.energy), expected, strict=True):
        assert np.abs(ours - theirs.numpy()).max() < 1e-4

    from tts_server.engines.baker.runtime import _dropout_masks

    frames = np.rint(encoded.durations).astype(np.int64)
    repeats = torch.repeat_interleave(torch.arange(len(ids)), torch.tensor(frames))
    masks = [torch.tensor(mask) for mask in _dropout_masks(len(ids))]
    with torch.inference_mode():
        mel = acoustic.decode(expected[0], repeats, expected[2], expected[3], *masks).numpy()
    assert np.abs(whole_mel(nets, encoded, frames)[0, :, 0].T - mel).max() < 1e-4


def test_the_vocoder_graph_agrees_with_torch(vocoder: "torch.nn.Module", nets: Nets, golden: Golden) -> None:
    mel = golden("numbers")["mel"].astype(np.float32)
    samples, _ = nets.vocode(np.ascontiguousarray(mel.T)[None, :, None], nets.vocode.initial_state, is_last=True)
    with torch.inference_mode():
        expected = vocoder(torch.tensor(mel)).numpy()
    assert samples.shape == expected.shape
    assert np.abs(samples - expected).max() < 1e-4
