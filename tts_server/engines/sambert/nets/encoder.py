"""SAMBERT's text encoder in torch: phones, tones and places in words -> text. See `acoustic.py`."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts_server.engines.sambert.packs.shape import NORM_EPS, AcousticShape


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


class EncoderBlock(nn.Module):
    def __init__(self, inputs: int, shape: AcousticShape) -> None:
        super().__init__()
        self.slf_attn = SelfAttention(inputs, shape.encoder_num_units, shape.encoder_num_heads)
        self.pos_ffn = FeedForward(shape.encoder_num_units, shape.encoder_ffn_inner_dim, 3)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.pos_ffn(self.slf_attn(x))
        return y


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


def attend(query: Tensor, keys_values: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """query: (Q, units), keys_values: (K, 2 units), mask: bool (K,), where not to look. Returns (Q, units)."""
    parts = (query, *keys_values.chunk(2, dim=-1))
    query, key, value = (part.reshape(len(part), heads, -1).transpose(0, 1) for part in parts)
    scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])  # (heads, Q, K)
    if mask is not None:
        scores = scores.masked_fill(mask, -torch.inf)
    return (scores.softmax(dim=-1) @ value).transpose(0, 1).reshape(query.shape[1], -1)


def unit_positions(count: int, width: int) -> Tensor:
    """Places 1 to count: sines in the first half, cosines in the second. (count, width)"""
    half = width // 2
    rates = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / (half - 1))
    angles = torch.arange(1, count + 1, dtype=torch.float64)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1).float()
