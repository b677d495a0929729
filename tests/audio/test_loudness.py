import numpy as np
import pytest

from tests.support.audio import tone
from tts_server.audio.loudness import integrated_lufs


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 48000])
def test_a_full_scale_sine_of_one_channel_has_the_loudness_of_the_standard(rate: int) -> None:
    assert integrated_lufs(tone(2.0, rate, 997.0, peak=1.0), rate) == pytest.approx(-3.01, abs=0.05)


def test_what_is_silent_or_too_short_has_none() -> None:
    assert integrated_lufs(np.zeros(48000, np.float32), 24000) == -np.inf
    assert integrated_lufs(tone(0.3, 48000), 48000) == -np.inf


def test_pauses_do_not_count() -> None:
    speech = tone(3.0, 24000, 440.0, peak=0.3)
    pause = np.zeros(24000 * 3, np.float32)
    alone, paused = integrated_lufs(speech, 24000), integrated_lufs(np.concatenate([speech, pause, speech]), 24000)
    assert paused == pytest.approx(alone, abs=0.7)  # by the mean of all of it, it would be 1.8 dB quieter
