"""SAMBERT's decoder in torch, PNCA (Li et al. 2021, "PnG/PNCA-RobuTrans"): memory -> frames. See `acoustic.py`."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from tts_server.engines.sambert.nets.encoder import FeedForward, attend
from tts_server.engines.sambert.packs.shape import NORM_EPS, AcousticShape


class MelDecoder(nn.Module):
    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        self.mel_dec = Decoder(shape)


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


class DecoderBlock(nn.Module):
    def __init__(self, shape: AcousticShape) -> None:
        super().__init__()
        self.pnca_attn = BandAttention(shape)
        self.pos_ffn = FeedForward(shape.decoder_num_units, shape.decoder_ffn_inner_dim, 1)

    def forward(self, x: Tensor, past: Tensor, memory: Tensor, x_mask: Tensor, h_mask: Tensor) -> tuple[Tensor, Tensor]:
        x, past = self.pnca_attn(x, past, memory, x_mask, h_mask)
        return self.pos_ffn(x), past


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


def band_masks(steps: int, band: int) -> tuple[Tensor, Tensor]:
    """Where step i must not look: at own steps but i - band ... i, at memory steps but i ... i + band."""
    index = torch.arange(steps)
    ahead = index[None, :] - index[:, None]
    return (ahead < -band) | (ahead > 0), (ahead < 0) | (ahead > band)
