"""The HiFi-GAN generator in torch: the readable definition, and the reference of the tests. Never imported at run time.

Mel -> waveform, an utterance at a time, as KAN-TTS publishes it (`hifigan_v1_16k.yaml` and its kin; Kong et al. 2020),
with its additions: two upsampling branches, x + sin(x) before each, and for NSF voices a source of sines (Wang et al.
2019). Modules have the names of the published weights, weight norm folded. What runs is `export/vocoder.py`.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts_server.engines.sambert.packs.shape import VOICED, VocoderShape

SINE_LEVEL = 0.1
NOISE_LEVEL = 0.003  # of the noise where there is voice
LAST_LEAK = 0.01  # the published code leaves out its own setting here


class Conv(nn.Module):
    """A convolution that keeps the length: causal ones see only the past."""

    def __init__(self, inputs: int, outputs: int, kernel: int, causal: bool, dilation: int = 1) -> None:
        super().__init__()
        span = (kernel - 1) * dilation
        self.padding = (span, 0) if causal else (span // 2, span - span // 2)
        self.conv1d = nn.Conv1d(inputs, outputs, kernel, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv1d(F.pad(x, self.padding))
        return y


class TransposedConv(nn.Module):
    """Stretches time by `scale`. The output may end a few samples early."""

    def __init__(self, inputs: int, outputs: int, kernel: int, scale: int, causal: bool) -> None:
        super().__init__()
        self.surplus = kernel - scale if causal else 0
        self.deconv = nn.ConvTranspose1d(inputs, outputs, kernel, scale, padding=0 if causal else (kernel - scale) // 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.deconv(x)
        return y[..., : y.shape[-1] - self.surplus]


class SourceConv(nn.Module):
    """Brings the source to a stage's rate."""

    def __init__(self, outputs: int, stride: int, causal: bool) -> None:
        super().__init__()
        kernel = 1 if stride == 1 else 2 * stride
        self.padding = (kernel - 1, 0) if causal else (stride // 2, stride // 2)
        self.conv1d = nn.Conv1d(1, outputs, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv1d(F.pad(x, self.padding))
        return y


class ResidualBlock(nn.Module):
    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...], shape: VocoderShape) -> None:
        super().__init__()
        self.leak = shape.leak
        self.convs1 = nn.ModuleList(Conv(channels, channels, kernel, shape.causal, step) for step in dilations)
        self.convs2 = nn.ModuleList(Conv(channels, channels, kernel, shape.causal) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = x + plain(F.leaky_relu(dilated(F.leaky_relu(x, self.leak)), self.leak))
        return x


class Source(nn.Module):
    """Sines at f0 and its harmonics -> excitation."""

    def __init__(self, harmonics: int) -> None:
        super().__init__()
        self.ffn = nn.Sequential(nn.Conv1d(harmonics, 1, 1), nn.Tanh())

    def forward(self, sines: Tensor) -> Tensor:
        y: Tensor = self.ffn(sines)
        return y


class Vocoder(nn.Module):
    """Mel -> waveform. NSF voices also take sines."""

    def __init__(self, shape: VocoderShape) -> None:
        super().__init__()
        self.shape = shape
        causal, stages = shape.causal, list(enumerate(shape.upsample_scales))
        self.conv_pre = Conv(shape.in_channels, shape.channels, shape.kernel_size, causal)
        self.transpose_upsamples = nn.ModuleList(
            nn.Sequential(
                nn.LeakyReLU(shape.leak),
                TransposedConv(
                    shape.width(stage), shape.width(stage + 1), shape.upsample_kernal_sizes[stage], scale, causal
                ),
            )
            for stage, scale in stages
        )
        self.repeat_upsamples = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(scale_factor=scale),
                nn.LeakyReLU(shape.leak),
                Conv(shape.width(stage), shape.width(stage + 1), shape.kernel_size, causal),
            )
            for stage, scale in stages
        )
        self.conv_blocks = nn.ModuleList(
            ResidualBlock(shape.width(stage + 1), kernel, dilations, shape)
            for stage, _ in stages
            for kernel, dilations in zip(shape.resblock_kernel_sizes, shape.resblock_dilations, strict=True)
        )
        if shape.harmonics:
            self.source_module = Source(shape.harmonics)
            self.source_downs = nn.ModuleList(
                SourceConv(shape.width(stage + 1), stride, causal) for stage, stride in enumerate(shape.source_strides)
            )
        self.conv_post = Conv(shape.width(len(stages)), 1, shape.kernel_size, causal)

    def forward(self, mel: Tensor, sines: Tensor | None = None) -> Tensor:
        """mel: (T, n_mels) without f0 and uv, sines: (harmonics, N). Returns (N,)."""
        x = self.conv_pre(mel.T[None])  # (1, channels, T)
        kinds = len(self.shape.resblock_kernel_sizes)
        for stage, (transposed, repeated) in enumerate(
            zip(self.transpose_upsamples, self.repeat_upsamples, strict=True)
        ):
            x = x + torch.sin(x)
            x = add_cut(repeated(x), transposed(x))
            if sines is not None:
                x = add_cut(x, self.source_downs[stage](self.source_module(sines[None])))
            blocks = self.conv_blocks[stage * kinds : (stage + 1) * kinds]
            x = torch.stack([block(x) for block in blocks]).mean(dim=0)
        samples: Tensor = torch.tanh(self.conv_post(F.leaky_relu(x, LAST_LEAK)))[0, 0]
        return samples


def add_cut(x: Tensor, y: Tensor) -> Tensor:
    """x + y at the length of x, y ending with zeros where it is shorter."""
    return x + F.pad(y, (0, x.shape[-1] - y.shape[-1]))


def make_sines(f0: Tensor, uv: Tensor, phase: Tensor, noise: Tensor, sample_rate: int, hop_length: int) -> Tensor:
    """f0 (Hz) and uv: (T,), phase: (harmonics, 1), noise: normal, (harmonics, N). Returns (harmonics, N)."""
    f0, voiced = (row.repeat_interleave(hop_length) for row in (f0, (uv >= VOICED).float()))
    multiples = torch.arange(1, len(phase) + 1)[:, None]
    # the sum runs in float64 and is rounded to float32 before whole turns are taken out, as published
    turns = torch.cumsum(f0 * multiples / sample_rate, dim=-1) % 1
    sines = SINE_LEVEL * torch.sin(2 * math.pi * turns + phase) + noise
    return voiced * sines + (1 - voiced) * (SINE_LEVEL / 3 / NOISE_LEVEL) * noise
