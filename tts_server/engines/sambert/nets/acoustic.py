"""SAMBERT in torch: the readable definition, and the reference of the tests. Never imported at run time.

Units -> mel, an utterance at a time, as KAN-TTS publishes it (`sambert_16k.yaml` and its kin; Li et al. 2023,
"SAMBERT"): a text encoder (`encoder.py`), a variance adaptor and a postnet (`variance.py`), and between them a decoder
(`decoder.py`). Modules have the names of the published weights. What runs is the same nets as ONNX graphs,
`export/acoustic.py`, and the decoder's step in numpy, `runtime/decoder.py`.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts_server.engines.sambert.nets.decoder import MelDecoder
from tts_server.engines.sambert.nets.encoder import FilledPausePredictor, TextEncoder
from tts_server.engines.sambert.nets.variance import Postnet, VarianceAdaptor
from tts_server.engines.sambert.packs.shape import AcousticShape
from tts_server.engines.sambert.units.fillers import filled, filler_units


class Stages(NamedTuple):
    """What each stage says of U units, T frames and S decoder steps."""

    text: Tensor  # (U, projection)
    pitch: Tensor  # (U,), z-scores
    energy: Tensor  # (U,), z-scores
    log_durations: Tensor  # (U,), of frames + 1
    repeats: Tensor  # int64 (U,), frames
    band: int  # steps that the decoder sees backwards, and memory steps that it sees ahead
    memory: Tensor  # (S, memory_units)
    decoded: Tensor  # (S, outputs_per_step * n_mels)
    mel: Tensor  # (T, n_mels)


class AcousticModel(nn.Module):
    """Units, emotions and speakers -> mel."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        self.shape = shape
        self.text_encoder = TextEncoder(shape)
        self.emo_tokenizer = nn.Embedding(shape.emotions, shape.emotion_units)
        if shape.speakers:
            self.spk_tokenizer = nn.Embedding(shape.speakers, shape.speaker_units)
        if shape.FP:
            self.FP_predictor = FilledPausePredictor(shape)
        self.variance_adaptor = VarianceAdaptor(shape)
        self.mel_decoder = MelDecoder(shape)
        self.mel_postnet = Postnet(shape)

    def forward(
        self,
        units: Tensor,
        emotions: Tensor,
        speakers: Tensor,
        repeats: Tensor | None = None,
        pitch: Tensor | None = None,
        energy: Tensor | None = None,
    ) -> Stages:
        """units: int64 (U, tables), emotions: int64 (U,), speakers: int64 (U,) or vectors (U, speaker_units).

        `repeats` (int64), `pitch` and `energy`, each (U,), stand in for what would be predicted.
        """
        adaptor = self.variance_adaptor
        text, emotion = self.text_encoder(units), self.emo_tokenizer(emotions)
        speaker = self.spk_tokenizer(speakers) if self.shape.speakers else speakers
        if self.shape.FP:
            text, emotion, speaker = self.fill(text, emotion, speaker)
        condition = torch.cat([text, speaker, emotion], dim=-1)
        pitch = adaptor.pitch_predictor(condition) if pitch is None else pitch
        energy = adaptor.energy_predictor(condition) if energy is None else energy
        inflected = adaptor.inflect(text, pitch, energy)
        log_durations = adaptor.duration_predictor(torch.cat([inflected, speaker, emotion], dim=-1))
        durations = torch.exp(log_durations) - 1 if repeats is None else repeats.float()
        repeats = (durations + 0.5).long()
        band = int(durations.max() / self.shape.outputs_per_step + 0.5)
        memory = self.remember(inflected, speaker, emotion, repeats)
        decoded = self.mel_decoder.mel_dec(memory, band)
        frames = decoded.view(-1, self.shape.num_mels)[: int(repeats.sum())]
        mel = frames + self.mel_postnet(frames)
        return Stages(text, pitch, energy, log_durations, repeats, band, memory, decoded, mel)

    def fill(self, text: Tensor, emotion: Tensor, speaker: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """With a filled pause before each unit for which one is predicted. Each: (U, ...) -> (U', ...)."""
        rows, _ = filled(self.FP_predictor(text).argmax(dim=-1).numpy())
        around = torch.arange(len(rows)) % len(text)  # as published: emotions and speakers begin anew after the last
        return torch.cat([text, *self.fillers()])[torch.tensor(rows)], emotion[around], speaker[around]

    def fillers(self) -> list[Tensor]:
        """Each filler's text, encoded alone: (3, projection)."""
        return [self.text_encoder(torch.tensor(units)) for units in filler_units()]

    def remember(self, text: Tensor, speaker: Tensor, emotion: Tensor, repeats: Tensor) -> Tensor:
        """Spread units over frames, tell each frame its place in the unit, and group frames into steps."""
        group = self.shape.outputs_per_step
        padding = (0, 0, 0, -int(repeats.sum()) % group)
        text, speaker, emotion = (
            F.pad(part.repeat_interleave(repeats, dim=0), padding) for part in (text, speaker, emotion)
        )  # (S * group, ...)
        place = F.pad(torch.cat([torch.arange(1, int(count) + 1) for count in repeats]), padding[2:])
        text = text + frame_positions(place, text.shape[1])
        return torch.cat([text.reshape(len(text) // group, -1), speaker[::group], emotion[::group]], dim=-1)


def frame_positions(place: Tensor, width: int) -> Tensor:
    """place: int64 (T,), from 1; 0 past the end. Sines and cosines take turns. (T, width)"""
    index = torch.arange(width)
    angles = place[:, None] / 10000.0 ** (2 * (index // 2) / width)
    return torch.where(index % 2 == 0, angles.sin(), angles.cos())
