from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.engines.sambert.conftest import CASES
from tts_server.engines.sambert.export.cases import Case

torch = pytest.importorskip("torch", reason="torch is a development dependency")


def speak(voice: Any, case: Case) -> Any:
    """The reference's mel (with its phase and noise) through our net."""
    from tts_server.engines.sambert.nets.vocoder import make_sines

    mel = torch.tensor(case.get("mel_denorm", case["mel"]))
    shape, sines = voice.vocoder.shape, None
    with torch.inference_mode():
        if shape.harmonics:
            phase, noise = torch.tensor(case["phase_used"]), torch.tensor(case["noise"])
            sines = make_sines(mel[:, -2], mel[:, -1], phase, noise, voice.files.sample_rate, shape.hop_length)
            excitation = voice.vocoder.source_module(sines[None])[0].numpy()
            assert np.abs(excitation - case["excitation"]).max() < 2e-5
            mel = mel[:, :-2]
        return voice.vocoder(mel, sines).numpy()


@pytest.mark.parametrize(("voice", "name"), CASES)
def test_the_waveform_is_that_of_the_published_code(
    voice: str, name: str, published: Callable[[str], Any], case: Callable[[str, str], Case]
) -> None:
    expected = case(voice, name)
    samples = speak(published(voice), expected)
    assert samples.shape == expected["wav"].shape
    assert np.abs(samples - expected["wav"]).max() < 2e-5
    rounded = (32768 * samples).astype(np.int16).astype(int)
    assert np.abs(rounded - expected["wav_int16"]).max() <= 1
