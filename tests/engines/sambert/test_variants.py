"""Every published configuration, with narrow layers and random weights: from files through torch and through the pack.

The reference voices cover some kinds with one seed; these cover all kinds, with other seeds and sentences.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.engines.sambert.conftest import GOLDEN
from tts_server.engines.sambert.export.cases import streamed
from tts_server.engines.sambert.runtime.graphs import Nets, UnitInputs
from tts_server.engines.sambert.runtime.source import given_source
from tts_server.engines.sambert.runtime.stream import Stream

torch = pytest.importorskip("torch", reason="torch is a development dependency")

from tts_server.engines.sambert.export.export import build_pack  # noqa: E402
from tts_server.engines.sambert.nets.acoustic import AcousticModel  # noqa: E402 - needs torch
from tts_server.engines.sambert.nets.checkpoint import PublishedVoice, load_voice  # noqa: E402
from tts_server.engines.sambert.nets.vocoder import NOISE_LEVEL, Vocoder, make_sines  # noqa: E402
from tts_server.engines.sambert.packs.layouts import find_voices  # noqa: E402
from tts_server.engines.sambert.packs.shape import acoustic_shape, vocoder_shape  # noqa: E402

PUBLISHED = json.loads((GOLDEN / "published_configs.json").read_text(encoding="utf-8"))
VOICES = [  # acoustic model, vocoder, seed
    ("sambert_16k", "hifigan_v1_16k", 11),
    ("sambert_16k", "hifigan_noncausal_v1_16k", 12),
    ("sambert_nsf_16k", "hifigan_noncausal_nsf_v1_16k", 13),
    ("sambert_se_nsf_global_16k", "hifigan_noncausal_nsf_global_v1_16k", 14),
    ("sambert_24k", "hifigan_v1_24k", 15),
    ("sambert_nsf_24k", "hifigan_v1_nsf_24k", 16),
    ("sambert_48k", "hifigan_v1_48k", 17),
    ("sambert_24k", "hifigan_v1_8k", 18),
    ("sambert_16k_MAS", "hifigan_v1_16k", 19),
    ("sambert_16k_MAS_byte", "hifigan_v1_16k", 20),
    ("sambert_sichuan_16k", "hifigan_v1_16k", 21),
    ("sambert_fp_8k", "hifigan_v1_8k", 22),
]
ROWS = {"PinYin": (147, 10, 8, 8), "Sichuan": (116, 10, 8, 8)}
NARROW = {
    "embedding_dim": 32, "encoder_num_layers": 2, "encoder_num_heads": 2, "encoder_num_units": 24,
    "encoder_ffn_inner_dim": 40, "encoder_projection_units": 16, "emotion_units": 6,
    "predictor_num_memory_units": 20, "predictor_ffn_inner_dim": 28, "predictor_lstm_units": 12,
    "dur_pred_prenet_units": [14, 10], "dur_pred_lstm_units": 18, "decoder_prenet_units": [30, 26],
    "decoder_num_layers": 3, "decoder_num_heads": 4, "decoder_num_units": 32, "decoder_ffn_inner_dim": 44,
    "postnet_num_memory_units": 36, "postnet_ffn_inner_dim": 34, "postnet_lstm_units": 22,
}  # fmt: skip
PHONE_FRAMES = 5

Built = tuple[PublishedVoice, Nets]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str, int], Built]:
    """A random voice as torch nets, read from files, and as a loaded pack."""
    torch.set_num_threads(1)

    @cache
    def build(acoustic: str, vocoder: str, seed: int) -> Built:
        folder = tmp_path_factory.mktemp("random")
        write_voice(folder / "voice", acoustic, vocoder, seed)
        voice = load_voice(find_voices(folder / "voice")[0])
        return voice, Nets(build_pack(voice, folder / "pack"))

    return build


def write_voice(folder: Path, acoustic: str, vocoder: str, seed: int) -> None:
    """A voice's folder as it is published: settings and checkpoints."""
    settings = json.loads(json.dumps(PUBLISHED["acoustic"][acoustic]))
    waves = json.loads(json.dumps(PUBLISHED["vocoder"][vocoder]))
    values, generator = settings["Model"]["KanTtsSAMBERT"]["params"], waves["Model"]["Generator"]["params"]
    values |= NARROW | ({} if values.get("SE") else {"speaker_units": 10})
    generator["channels"] = 2 ** len(generator["upsample_scales"]) * 2
    language, is_byte = settings["linguistic_unit"].get("language", "PinYin"), values.get("using_byte")
    extra = {
        "tables": (259,) if is_byte else ROWS[language],
        "emotions": 36,
        "speakers": 0 if values.get("SE") else 9,
    }
    harmonics = 8 if generator.get("nsf_params") else 0
    torch.manual_seed(seed)
    net = AcousticModel(acoustic_shape({**values, **extra}))
    wave = Vocoder(vocoder_shape({**generator, "leak": 0.1, "harmonics": harmonics}))
    with torch.no_grad():
        for parameter in (*net.parameters(), *wave.parameters()):
            parameter.mul_(1.5)  # torch's own start is so small that differences would drown
        net.variance_adaptor.duration_predictor.fc.bias.fill_(float(np.log1p(PHONE_FRAMES)))
    for part, config, weights in (("am", settings, net), ("voc", waves, wave)):
        (folder / part / "ckpt").mkdir(parents=True)
        (folder / part / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        state: Any = weights.state_dict()
        torch.save({"model": state if part == "am" else {"generator": state}}, folder / part / "ckpt/checkpoint_1.pth")
    if values.get("NSF"):
        np.save(folder / "am/mvn.npy", np.array([[210.0], [60.0]]))
    if values.get("SE"):
        np.save(folder / "am/se.npy", np.random.default_rng(seed).standard_normal((1, values["speaker_units"])))


def check(voice: PublishedVoice, nets: Nets, seed: int, units: int) -> None:
    """A random sentence through both: each stage, the waveform whole, and streamed."""
    random, shape = np.random.default_rng(seed), voice.acoustic.shape
    ids = np.stack([random.integers(0, rows, units) for rows in shape.tables], axis=1)
    emotions, speakers = random.integers(0, shape.emotions, units), random.integers(0, max(1, shape.speakers), units)
    lines = nets.fill(UnitInputs(ids, nets.speakers[speakers], nets.emotions[emotions]))
    given = torch.tensor(speakers) if shape.speakers else torch.tensor(nets.speakers[speakers])
    with torch.inference_mode():
        stages = voice.acoustic(torch.tensor(ids), torch.tensor(emotions), given)
    encoded = nets.encode(lines)
    assert encoded.text.shape == stages.text.shape
    assert np.abs(encoded.text - stages.text.numpy()).max() < 1e-4
    inflected, log_durations = nets.predict_durations(lines, encoded)
    assert np.abs(log_durations - stages.log_durations.numpy()).max() < 1e-4
    # torch's durations, so that one at the edge of rounding does not make another utterance
    score = nets.compose(lines, inflected, np.expm1(stages.log_durations.numpy()))
    assert (score.frames, score.band) == (int(stages.repeats.sum()), stages.band)
    mel = Stream(nets, score).next_mel(score.frames)
    assert np.abs(mel - stages.mel.numpy()).max() < 1e-4
    wave, hop, rate = voice.vocoder.shape, voice.vocoder.shape.hop_length, voice.files.sample_rate
    phase = random.uniform(-np.pi, np.pi, (wave.harmonics, 1)).astype(np.float32)
    noise = NOISE_LEVEL * random.standard_normal((wave.harmonics, len(mel) * hop), np.float32)
    with torch.inference_mode():
        bands, sines = torch.tensor(nets.in_hertz(mel)), None
        if wave.harmonics:
            sines = make_sines(bands[:, -2], bands[:, -1], torch.tensor(phase), torch.tensor(noise), rate, hop)
            bands = bands[:, :-2]
        expected = voice.vocoder(bands, sines).numpy()
    for frames in (10**6, 1, 3, 7, 20, 59):
        source = given_source(phase, noise, rate, hop) if wave.harmonics else None
        samples = streamed(nets, score, frames, source)
        assert samples.shape == expected.shape
        assert np.abs(samples - expected).max() < 1e-4, frames
        assert np.abs((32768 * samples).astype(np.int16).astype(int) - (32768 * expected).astype(np.int16)).max() <= 1


@pytest.mark.parametrize(("acoustic", "vocoder", "seed"), VOICES)
@pytest.mark.parametrize("units", [1, 2, 17])
def test_a_random_voice_of_every_published_configuration_speaks_as_in_torch(
    acoustic: str, vocoder: str, seed: int, units: int, built: Callable[[str, str, int], Built]
) -> None:
    check(*built(acoustic, vocoder, seed), seed=seed + units, units=units)


@pytest.mark.parametrize(("acoustic", "vocoder", "seed"), [VOICES[0], VOICES[2]])
def test_a_long_sentence_does_too(
    acoustic: str, vocoder: str, seed: int, built: Callable[[str, str, int], Built]
) -> None:
    check(*built(acoustic, vocoder, seed), seed=seed, units=70)
