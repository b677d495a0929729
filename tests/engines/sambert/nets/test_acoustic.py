from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.engines.sambert.conftest import CASES
from tts_server.engines.sambert.export.cases import Case

torch = pytest.importorskip("torch", reason="torch is a development dependency")

TOLERANCE = 1e-5
INNER = {  # what the reference recorded inside the net
    "enc_layer0": "text_encoder.ling_enc.fft.0",
    "enc_ln_out": "text_encoder.ling_enc.ln",
    "pitch_fsmn": "variance_adaptor.pitch_predictor.fsmn",
    "postnet_fsmn": "mel_postnet.fsmn",
}


def speak(model: Any, case: Case) -> Any:
    """The reference's inputs through our net."""
    given = {name: torch.tensor(array) for name, array in case.items()}
    speaker = given["inputs_speaker"]
    with torch.inference_mode():
        return model(
            given["inputs_ling"].long(),
            given["inputs_emotion"].long(),
            speaker if speaker.dim() == 2 else speaker.long(),
            given.get("forced_durations"),
            given.get("forced_pitch"),
            given.get("forced_energy"),
        )


@contextmanager
def recorded(model: Any) -> Iterator[dict[str, Any]]:
    """Outputs of the inner modules, by the reference's names."""
    outputs: dict[str, Any] = {}

    def keep(name: str) -> Callable[[Any, Any, Any], None]:
        return lambda _module, _inputs, output: outputs.__setitem__(name, output.numpy())

    hooks = [model.get_submodule(path).register_forward_hook(keep(name)) for name, path in INNER.items()]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def difference(ours: Any, theirs: Any) -> float:
    assert tuple(ours.shape) == tuple(theirs.shape)
    return float(abs(ours - theirs).max())


@pytest.mark.parametrize(("voice", "name"), CASES)
def test_every_stage_up_to_the_mel_is_that_of_the_published_code(
    voice: str, name: str, published: Callable[[str], Any], case: Callable[[str, str], Case]
) -> None:
    expected, model = case(voice, name), published(voice).acoustic
    with recorded(model) as inner:
        ours = speak(model, expected)
    assert ours.band == expected["x_band_width"] == expected["h_band_width"]
    predicted = {"text": "text_hid", "memory": "memory", "decoded": "dec_raw", "mel": "mel"}
    if "forced_pitch" not in expected:
        predicted |= {"pitch": "pitch", "energy": "energy"}
    if "forced_durations" not in expected:
        predicted |= {"log_durations": "log_durations", "repeats": "durations"}
    for ours_name, golden_name in predicted.items():
        assert difference(getattr(ours, ours_name).numpy(), expected[golden_name]) < TOLERANCE, golden_name
    inner["postnet_fsmn"] = inner["postnet_fsmn"][: int(expected["length"])]
    for golden_name, output in inner.items():
        theirs = expected[golden_name][: len(output)] if golden_name == "postnet_fsmn" else expected[golden_name]
        assert difference(output, theirs) < TOLERANCE, golden_name


def test_the_position_table_grows_with_the_utterance(case: Callable[[str, str], Case]) -> None:
    from tts_server.engines.sambert.nets.encoder import unit_positions

    longest = len(case("tiny_16k", "long")["inputs_ling"])
    table = unit_positions(longest, 48)
    assert longest > 60  # the stored table's rows
    assert table.shape == (longest, 48)
    assert torch.equal(table[:60], unit_positions(60, 48))


def test_a_filled_pause_predictor_gives_a_class_for_each_unit(published: Callable[[str], Any]) -> None:
    from dataclasses import replace

    from tts_server.engines.sambert.nets.acoustic import AcousticModel

    shape = replace(published("tiny_16k").acoustic.shape, FP=True)
    model = AcousticModel(shape)
    classes = model.FP_predictor(torch.zeros(7, shape.encoder_projection_units))
    assert classes.shape == (7, 4)
    assert torch.allclose(classes.sum(dim=1), torch.ones(7))
