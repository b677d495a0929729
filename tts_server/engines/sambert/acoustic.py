"""SAMBERT in torch: the readable definition, and the yardstick of the tests. Never imported at run time.

Units -> mel, an utterance at a time, as KAN-TTS publishes it (`sambert_16k.yaml`; Li et al. 2023, "SAMBERT"): a text
encoder, the variance adaptor, the PNCA decoder (Li et al. 2021, "PnG/PNCA-RobuTrans") and an FSMN postnet. Modules
have the names of the published weights. What runs is the same nets as ONNX graphs: `export_acoustic.py`.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts_server.engines.sambert.shape import NORM_EPS, AcousticShape, fsmn_padding


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


class SelfAttention(nn.Module):
    """Attention over the whole utterance; where widths differ, it has no residual."""

    def __init__(self, inputs: int, units: int, heads: int) -> None:
        super().__init__()
        self.units, self.heads = units, heads
        self.layer_norm = nn.LayerNorm(inputs, eps=NORM_EPS)
        self.w_qkv = nn.Linear(inputs, 3 * units)
        self.fc = nn.Linear(units, units)

    def forward(self, x: Tensor) -> Tensor:  # (U, inputs) -> (U, units)
        query, keys_values = self.w_qkv(self.layer_norm(x)).split([self.units, 2 * self.units], dim=-1)
        y: Tensor = self.fc(attend(query, keys_values, self.heads))
        return y + x if y.shape == x.shape else y


class FeedForward(nn.Module):
    """Two convolutions over time, the second pointwise."""

    def __init__(self, units: int, inner: int, kernel: int) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(units, eps=NORM_EPS)
        self.w_1 = nn.Conv1d(units, inner, kernel, padding=kernel // 2)
        self.w_2 = nn.Conv1d(inner, units, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.w_2(F.relu(self.w_1(self.layer_norm(x).T))).T
        return y + x


class EncoderBlock(nn.Module):
    def __init__(self, inputs: int, shape: AcousticShape) -> None:
        super().__init__()
        self.slf_attn = SelfAttention(inputs, shape.encoder_num_units, shape.encoder_num_heads)
        self.pos_ffn = FeedForward(shape.encoder_num_units, shape.encoder_ffn_inner_dim, 3)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.pos_ffn(self.slf_attn(x))
        return y


class Encoder(nn.Module):
    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        widths = [shape.embedding_dim, *[shape.encoder_num_units] * (shape.encoder_num_layers - 1)]
        self.fft = nn.ModuleList(EncoderBlock(width, shape) for width in widths)
        self.ln = nn.LayerNorm(shape.encoder_num_units, eps=NORM_EPS)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.fft:
            x = block(x)
        y: Tensor = self.ln(x)
        return y


class TextEncoder(nn.Module):
    """Units -> text."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        names = ("byte_index_emb",) if shape.using_byte else ("sy_emb", "tone_emb", "syllable_flag_emb", "ws_emb")
        self.names = names
        for name, rows in zip(names, shape.tables, strict=True):
            self.add_module(name, nn.Embedding(rows, shape.embedding_dim))
        self.scale = math.sqrt(shape.encoder_num_units)  # not of the embedding's width
        self.ling_enc = Encoder(shape)
        self.ling_proj = nn.Linear(shape.encoder_num_units, shape.encoder_projection_units, bias=False)

    def forward(self, units: Tensor) -> Tensor:  # int64 (U, tables) -> (U, projection)
        embedded = [self.get_submodule(name)(column) for name, column in zip(self.names, units.T, strict=True)]
        x = torch.stack(embedded).sum(dim=0) * self.scale
        y: Tensor = self.ling_proj(self.ling_enc(x + unit_positions(len(x), x.shape[1])))
        return y


class MemoryBlock(nn.Module):
    """A weighted sum of the neighbours, for each channel by itself."""

    def __init__(self, units: int, filter_size: int, shift: int) -> None:
        super().__init__()
        self.padding = fsmn_padding(filter_size, shift)
        self.conv_dw = nn.Conv1d(units, units, filter_size, groups=units, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv_dw(F.pad(x.T, self.padding)).T
        return y + x


class PointwiseFeedForward(nn.Module):
    def __init__(self, inputs: int, inner: int, outputs: int) -> None:
        super().__init__()
        self.w_1 = nn.Conv1d(inputs, inner, 1)
        self.w_2 = nn.Conv1d(inner, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.w_2(F.relu(self.w_1(x.T))).T
        return y


class FSMN(nn.Module):
    """Feed-forward sequential memory network; residual around a layer where the widths allow it."""

    def __init__(self, inputs: int, layers: int, units: int, inner: int, filter_size: int, shift: int) -> None:
        super().__init__()
        widths = [inputs, *[units] * (layers - 1)]
        self.ffn_lst = nn.ModuleList(PointwiseFeedForward(width, inner, units) for width in widths)
        self.memory_block_lst = nn.ModuleList(MemoryBlock(units, filter_size, shift) for _ in widths)

    def forward(self, x: Tensor) -> Tensor:
        for feed_forward, memory in zip(self.ffn_lst, self.memory_block_lst, strict=True):
            y = memory(feed_forward(x))
            x = y + x if y.shape == x.shape else y
        return x


class VariancePredictor(nn.Module):
    """One number a unit: pitch or energy."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        memory, lstm = shape.predictor_num_memory_units, shape.predictor_lstm_units
        self.fsmn = FSMN(
            shape.condition_units,
            shape.predictor_fsmn_num_layers,
            memory,
            shape.predictor_ffn_inner_dim,
            shape.predictor_filter_size,
            shape.predictor_shift,
        )
        self.blstm = nn.LSTM(memory, lstm, bidirectional=True)
        self.fc = nn.Linear(2 * lstm, 1)

    def forward(self, condition: Tensor) -> Tensor:  # (U, condition) -> (U,)
        values: Tensor = self.fc(self.blstm(self.fsmn(condition))[0])[:, 0]
        return values


class Prenet(nn.Module):
    """Linear layers with ReLU between. Its dropout is off at inference."""

    def __init__(self, inputs: int, units: tuple[int, ...], outputs: int | None = None) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width, next_width in pairwise((inputs, *units)):
            layers += [nn.Linear(width, next_width), nn.ReLU(), nn.Dropout(0.5)]
        self.fcs = nn.Sequential(*layers, *([] if outputs is None else [nn.Linear(units[-1], outputs)]))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fcs(x)
        return y


class DurationPredictor(nn.Module):
    """Log durations, one unit after the other: each sees the one before it."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        self.prenet = Prenet(1, shape.dur_pred_prenet_units)
        inputs = shape.dur_pred_prenet_units[-1] + shape.condition_units
        self.lstm = nn.LSTM(inputs, shape.dur_pred_lstm_units, num_layers=2)
        self.fc = nn.Linear(shape.dur_pred_lstm_units, 1)

    def forward(self, condition: Tensor) -> Tensor:  # (U, condition) -> (U,)
        predicted, state = [condition.new_zeros(1, 1)], None
        for unit in condition:
            x = torch.cat([self.prenet(predicted[-1]), unit[None]], dim=-1)
            y, state = self.lstm(x, state)
            predicted.append(F.relu(self.fc(y)))
        return torch.cat(predicted[1:])[:, 0]


class VarianceAdaptor(nn.Module):
    """Adds pitch and energy to the text, and says how long each unit lasts."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        self.pitch_predictor, self.energy_predictor = VariancePredictor(shape), VariancePredictor(shape)
        self.duration_predictor = DurationPredictor(shape)
        self.pitch_emb = nn.Conv1d(1, shape.encoder_projection_units, 9, padding=4)
        self.energy_emb = nn.Conv1d(1, shape.encoder_projection_units, 9, padding=4)

    def inflect(self, text: Tensor, pitch: Tensor, energy: Tensor) -> Tensor:
        y: Tensor = text + self.pitch_emb(pitch[None]).T + self.energy_emb(energy[None]).T
        return y


class BandAttention(nn.Module):
    """PNCA: attention to the decoder's own past and to the memory ahead, each within a band."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        units, self.heads = shape.decoder_num_units, shape.decoder_num_heads
        self.layer_norm = nn.LayerNorm(units, eps=NORM_EPS)
        self.w_x_qkv = nn.Linear(units, 3 * units)
        self.fc_x = nn.Linear(units, units)
        self.w_h_kv = nn.Linear(shape.memory_units, 2 * units)
        self.fc_h = nn.Linear(units, units)

    def forward(self, x: Tensor, past: Tensor, memory: Tensor, x_mask: Tensor, h_mask: Tensor) -> tuple[Tensor, Tensor]:
        """x: (1, units), past and memory: keys and values (s, 2 units) and (S, 2 units). Returns x and the new past."""
        query, keys_values = self.w_x_qkv(self.layer_norm(x)).split([x.shape[1], 2 * x.shape[1]], dim=-1)
        past = torch.cat([past, keys_values])
        from_past = attend(query, past, self.heads, x_mask)
        from_memory = attend(query, memory, self.heads, h_mask)
        y: Tensor = self.fc_x(from_past) + self.fc_h(from_memory)
        return y + x, past


class DecoderBlock(nn.Module):
    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        self.pnca_attn = BandAttention(shape)
        self.pos_ffn = FeedForward(shape.decoder_num_units, shape.decoder_ffn_inner_dim, 1)

    def forward(self, x: Tensor, past: Tensor, memory: Tensor, x_mask: Tensor, h_mask: Tensor) -> tuple[Tensor, Tensor]:
        x, past = self.pnca_attn(x, past, memory, x_mask, h_mask)
        return self.pos_ffn(x), past


class Decoder(nn.Module):
    """Memory -> frames, a group of frames a step; each step sees the last frame of the one before it."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        self.n_mels, units = shape.num_mels, shape.decoder_num_units
        self.prenet = Prenet(shape.num_mels, shape.decoder_prenet_units, units)
        self.dec_in_proj = nn.Linear(shape.memory_units + units, units)
        self.pnca = nn.ModuleList(DecoderBlock(shape) for _ in range(shape.decoder_num_layers))
        self.ln = nn.LayerNorm(units, eps=NORM_EPS)
        self.dec_out_proj = nn.Linear(units, shape.outputs_per_step * shape.num_mels)
        self.scale = math.sqrt(units)

    def forward(self, memory: Tensor, band: int) -> Tensor:  # (S, memory) -> (S, outputs_per_step * n_mels)
        projected = [block.get_submodule("pnca_attn.w_h_kv")(memory) for block in self.pnca]
        past = [keys_values[:0] for keys_values in projected]
        frames = memory.new_zeros(1, self.n_mels)
        groups = []
        for step in range(len(memory)):
            frames, past = self.step(step, frames[:, -self.n_mels :], memory, projected, past, band)
            groups.append(frames)
        return torch.cat(groups)

    def step(
        self, step: int, frame: Tensor, memory: Tensor, projected: list[Tensor], past: list[Tensor], band: int
    ) -> tuple[Tensor, list[Tensor]]:
        """One group of frames. The masks are made for the whole utterance each time, as published."""
        x_mask, h_mask = band_masks(len(memory), band)
        x = self.dec_in_proj(torch.cat([memory[step : step + 1], self.prenet(frame)], dim=-1)) * self.scale
        grown = []
        for block, before, ahead in zip(self.pnca, past, projected, strict=True):
            x, after = block(x, before, ahead, x_mask[step, : step + 1], h_mask[step])
            grown.append(after)
        return self.dec_out_proj(self.ln(x)), grown


class MelDecoder(nn.Module):
    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        self.mel_dec = Decoder(shape)


class Postnet(nn.Module):
    """What is added to the decoder's frames."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        memory, lstm = shape.postnet_num_memory_units, shape.postnet_lstm_units
        self.fsmn = FSMN(
            shape.num_mels,
            shape.postnet_fsmn_num_layers,
            memory,
            shape.postnet_ffn_inner_dim,
            shape.postnet_filter_size,
            shape.postnet_shift,
        )
        self.lstm = nn.LSTM(memory, lstm)
        self.fc = nn.Linear(lstm, shape.num_mels)

    def forward(self, mel: Tensor) -> Tensor:  # (T, n_mels)
        y: Tensor = self.fc(self.lstm(self.fsmn(mel))[0])
        return y


class FilledPausePredictor(nn.Module):
    """Where "uh" is said: a class for each unit, 0 for none."""

    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        units, inner = shape.encoder_projection_units, 256
        self.w_1 = nn.Conv1d(units, inner, 3, padding=1)
        self.w_2 = nn.Conv1d(inner, units, 1)
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(inner, eps=NORM_EPS), nn.LayerNorm(units, eps=NORM_EPS)
        self.fc = nn.Linear(units, 4)

    def forward(self, text: Tensor) -> Tensor:  # (U, projection) -> (U, 4)
        x = self.layer_norm1(F.relu(self.w_1(text.T)).T)
        x = self.layer_norm2(F.relu(self.w_2(x.T)).T)
        return F.softmax(self.fc(x), dim=-1)


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


def attend(query: Tensor, keys_values: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """query: (Q, units), keys_values: (K, 2 units), mask: bool (K,), where not to look. Returns (Q, units)."""
    parts = (query, *keys_values.chunk(2, dim=-1))
    query, key, value = (part.reshape(len(part), heads, -1).transpose(0, 1) for part in parts)
    scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])  # (heads, Q, K)
    if mask is not None:
        scores = scores.masked_fill(mask, -torch.inf)
    return (scores.softmax(dim=-1) @ value).transpose(0, 1).reshape(query.shape[1], -1)


def band_masks(steps: int, band: int) -> tuple[Tensor, Tensor]:
    """Where step i must not look: at own steps but i - band ... i, at memory steps but i ... i + band."""
    index = torch.arange(steps)
    ahead = index[None, :] - index[:, None]
    return (ahead < -band) | (ahead > 0), (ahead < 0) | (ahead > band)


def unit_positions(count: int, width: int) -> Tensor:
    """Places 1 to count: sines in the first half, cosines in the second. (count, width)"""
    half = width // 2
    rates = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / (half - 1))
    angles = torch.arange(1, count + 1, dtype=torch.float64)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1).float()


def frame_positions(place: Tensor, width: int) -> Tensor:
    """place: int64 (T,), from 1; 0 past the end. Sines and cosines take turns. (T, width)"""
    index = torch.arange(width)
    angles = place[:, None] / 10000.0 ** (2 * (index // 2) / width)
    return torch.where(index % 2 == 0, angles.sin(), angles.cos())
