"""The nets of the voice in torch: the readable definition, and the reference of the tests. Never imported at run time.

FastSpeech2 (Ren et al. 2020) and multi-band MelGAN (Yang et al. 2020) as in TensorFlowTTS; an utterance at a time.
The names of the parameters are those of `weights.py`. What runs is the same nets as ONNX graphs: `export.py`.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from tts_server.engines.baker.shape import ACOUSTIC, VOCODER

Net = TypeVar("Net", bound=nn.Module)


class Attention(nn.Module):
    """Self-attention whose heads are narrower than the model."""

    def __init__(self) -> None:
        super().__init__()
        inner = ACOUSTIC.heads * ACOUSTIC.head_size
        self.query, self.key, self.value = (nn.Linear(ACOUSTIC.hidden, inner) for _ in range(3))
        self.output = nn.Linear(inner, ACOUSTIC.hidden)
        self.norm = nn.LayerNorm(ACOUSTIC.hidden, eps=ACOUSTIC.norm_eps)

    def forward(self, x: Tensor) -> Tensor:  # (U, hidden)
        query, key, value = (
            layer(x).view(len(x), ACOUSTIC.heads, ACOUSTIC.head_size).transpose(0, 1)
            for layer in (self.query, self.key, self.value)
        )  # (heads, U, head_size)
        heads = F.scaled_dot_product_attention(query, key, value)
        y: Tensor = self.norm(self.output(heads.transpose(0, 1).reshape(len(x), -1)) + x)
        return y


class FeedForward(nn.Module):
    """Two convolutions over time with Mish between."""

    def __init__(self) -> None:
        super().__init__()
        self.expand = TimeConv(ACOUSTIC.hidden, ACOUSTIC.feed_forward, 3)
        self.project = TimeConv(ACOUSTIC.feed_forward, ACOUSTIC.hidden, 3)
        self.norm = nn.LayerNorm(ACOUSTIC.hidden, eps=ACOUSTIC.norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(self.project(F.mish(self.expand(x))) + x)
        return y


class TimeConv(nn.Conv1d):
    """A convolution over time for (T, C), zero-padded to keep T."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.T[None])[0].T


class TransformerBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention, self.feed_forward = Attention(), FeedForward()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.feed_forward(self.attention(x))
        return y


class Predictor(nn.Module):
    """One number a unit: log duration, f0 or energy."""

    def __init__(self) -> None:
        super().__init__()
        hidden = ACOUSTIC.hidden
        self.conv0, self.conv1 = TimeConv(hidden, hidden, 3), TimeConv(hidden, hidden, 3)
        self.norm0, self.norm1 = (nn.LayerNorm(hidden, eps=ACOUSTIC.norm_eps) for _ in range(2))
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm0(F.relu(self.conv0(x)))
        x = self.norm1(F.relu(self.conv1(x)))
        values: Tensor = self.linear(x)[:, 0]
        return values


class AcousticModel(nn.Module):
    """FastSpeech2: units -> mel."""

    def __init__(self) -> None:
        super().__init__()
        hidden = ACOUSTIC.hidden
        self.embedding = nn.Embedding(ACOUSTIC.symbols, hidden)
        self.position = nn.Embedding(ACOUSTIC.positions, hidden)
        self.encoder = nn.ModuleList(TransformerBlock() for _ in range(ACOUSTIC.layers))
        self.duration, self.f0, self.energy = Predictor(), Predictor(), Predictor()
        self.f0_embedding, self.energy_embedding = TimeConv(1, hidden, 9), TimeConv(1, hidden, 9)
        self.decoder = nn.ModuleList(TransformerBlock() for _ in range(ACOUSTIC.layers))
        self.mel = nn.Linear(hidden, ACOUSTIC.n_mels)
        widths = [ACOUSTIC.n_mels, *[ACOUSTIC.postnet] * 4, ACOUSTIC.n_mels]
        self.postnet = nn.ModuleList(TimeConv(a, b, 5) for a, b in pairwise(widths))

    def encode(self, units: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """units: int64 (U,). Returns hidden (U, hidden), durations in frames, f0 and energy as z-scores, each (U,)."""
        x = self.embedding(units) + self.position.weight[1 : len(units) + 1]
        for block in self.encoder:
            x = block(x)
        return x, F.relu(torch.exp(self.duration(x)) - 1), self.f0(x), self.energy(x)

    def decode(
        self, hidden: Tensor, repeats: Tensor, f0: Tensor, energy: Tensor, f0_mask: Tensor, energy_mask: Tensor
    ) -> Tensor:
        """repeats: int64 (T,), the unit of each frame. Masks (U, hidden) of 0 and 2. Returns the mel (T, n_mels)."""
        x = hidden + self.f0_embedding(f0[:, None]) * f0_mask + self.energy_embedding(energy[:, None]) * energy_mask
        x = x[repeats] + self.position.weight[1 : len(repeats) + 1]
        for block in self.decoder:
            x = block(x)
        mel = self.mel(x)
        residual = mel
        for index, layer in enumerate(self.postnet):
            residual = layer(residual)
            if index < len(self.postnet) - 1:
                residual = torch.tanh(residual)
        refined: Tensor = mel + residual
        return refined


class ResidualUnit(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.shortcut = nn.Conv1d(channels, channels, 1)
        self.dilated = nn.Conv1d(channels, channels, 3, dilation=dilation)
        self.pointwise = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        dilation = self.dilated.dilation[0]
        y = self.dilated(leaky_relu(F.pad(x, (dilation, dilation), mode="reflect")))
        z: Tensor = self.shortcut(x) + self.pointwise(leaky_relu(y))
        return z


class Upsampling(nn.Conv1d):
    """A transposed convolution of 2 * factor taps, as a convolution with a channel for each phase."""

    def __init__(self, inputs: int, outputs: int, factor: int) -> None:
        super().__init__(inputs, outputs * factor, 2, padding=1)
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        phases = super().forward(x).view(-1, self.factor, x.shape[-1] + 1)  # (outputs, factor, T + 1)
        samples = phases.transpose(1, 2).reshape(1, len(phases), -1)
        return samples[..., self.factor // 2 : self.factor // 2 + x.shape[-1] * self.factor]


class Vocoder(nn.Module):
    """Multi-band MelGAN: mel -> waveform, padded by reflection at both ends of the utterance."""

    def __init__(self) -> None:
        super().__init__()
        widths = VOCODER.channels
        self.conv_in = nn.Conv1d(VOCODER.n_mels, widths[0], 7)
        self.up = nn.ModuleList(
            Upsampling(a, b, factor) for (a, b), factor in zip(pairwise(widths), VOCODER.upsampling, strict=True)
        )
        self.stack = nn.ModuleList(
            nn.Sequential(*(ResidualUnit(width, dilation) for dilation in VOCODER.dilations)) for width in widths[1:]
        )
        self.conv_out = nn.Conv1d(widths[-1], VOCODER.bands, 7)
        self.filterbank = nn.Conv1d(VOCODER.bands, VOCODER.bands, VOCODER.filterbank_taps, bias=False)

    def forward(self, mel: Tensor) -> Tensor:
        """mel: (T, n_mels). Returns (T * hop_length,)."""
        x = leaky_relu(self.conv_in(F.pad(mel.T[None], (3, 3), mode="reflect")))
        for up, units in zip(self.up, self.stack, strict=True):
            x = leaky_relu(units(up(x)))
        bands = torch.tanh(self.conv_out(F.pad(x, (3, 3), mode="reflect")))
        left = VOCODER.filterbank_taps // 2 - 1
        phases = self.filterbank(F.pad(bands, (left, VOCODER.filterbank_taps - 1 - left)))  # (1, phase, T')
        samples: Tensor = phases[0].T.reshape(-1)
        return samples


def leaky_relu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, VOCODER.leak)


def with_weights(net: Net, weights: Mapping[str, NDArray[np.float32]]) -> Net:
    """The net, filled, for inference. Raises RuntimeError when a name or a shape is not the net's own."""
    net.load_state_dict({name: torch.tensor(array) for name, array in weights.items()}, strict=True)
    return net.eval().requires_grad_(False)
