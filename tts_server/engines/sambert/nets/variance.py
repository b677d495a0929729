"""SAMBERT's variance adaptor and postnet in torch, both of FSMN layers and LSTMs. See `acoustic.py`."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts_server.engines.sambert.nets.decoder import Prenet
from tts_server.engines.sambert.packs.shape import AcousticShape, fsmn_padding


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
