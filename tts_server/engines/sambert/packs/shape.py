"""The shapes of a voice's nets: what nets, graphs and run time must agree on.

Most fields keep the names of the published configurations, from which they are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import prod
from typing import Any, Final

NORM_EPS: Final = 1e-6
VOICED: Final = 0.6  # a frame whose uv reaches this is voiced
F0_FLOOR: Final = 30.0  # Hz


@dataclass(frozen=True, slots=True)
class AcousticShape:
    """Of SAMBERT."""

    tables: tuple[int, ...]  # rows of each table of the units: phone, tone, syllable flag, word segment; or bytes
    emotions: int  # rows of the emotion table
    speakers: int  # rows of the speaker table; 0: the voice has one speaker vector instead
    embedding_dim: int
    encoder_num_layers: int
    encoder_num_heads: int
    encoder_num_units: int
    encoder_ffn_inner_dim: int
    encoder_projection_units: int
    speaker_units: int
    emotion_units: int
    predictor_filter_size: int
    predictor_fsmn_num_layers: int
    predictor_num_memory_units: int
    predictor_ffn_inner_dim: int
    predictor_shift: int
    predictor_lstm_units: int
    dur_pred_prenet_units: tuple[int, ...]
    dur_pred_lstm_units: int
    decoder_prenet_units: tuple[int, ...]
    decoder_num_layers: int
    decoder_num_heads: int
    decoder_num_units: int
    decoder_ffn_inner_dim: int
    outputs_per_step: int
    num_mels: int  # NSF voices: two of them are f0 and uv
    postnet_filter_size: int
    postnet_fsmn_num_layers: int
    postnet_num_memory_units: int
    postnet_ffn_inner_dim: int
    postnet_shift: int
    postnet_lstm_units: int
    using_byte: bool = False
    FP: bool = False  # predicts filled pauses

    @property
    def condition_units(self) -> int:
        """Width of what the predictors see of a unit: text, speaker, emotion."""
        return self.encoder_projection_units + self.speaker_units + self.emotion_units

    @property
    def memory_units(self) -> int:
        """Width of what the decoder sees of a step: its frames' texts, one speaker, one emotion."""
        text = self.outputs_per_step * self.encoder_projection_units
        return text + self.speaker_units + self.emotion_units

    @property
    def postnet_lookahead(self) -> int:
        """Decoder frames needed after the one that the postnet finishes."""
        return self.postnet_fsmn_num_layers * fsmn_padding(self.postnet_filter_size, self.postnet_shift)[1]


@dataclass(frozen=True, slots=True)
class VocoderShape:
    """Of the HiFi-GAN generator."""

    in_channels: int
    channels: int
    kernel_size: int
    upsample_scales: tuple[int, ...]
    upsample_kernal_sizes: tuple[int, ...]
    resblock_kernel_sizes: tuple[int, ...]
    resblock_dilations: tuple[tuple[int, ...], ...]
    causal: bool
    leak: float
    harmonics: int = 0  # sines of an NSF voice's source; 0: it has none

    @property
    def hop_length(self) -> int:
        return prod(self.upsample_scales)

    def width(self, stage: int) -> int:
        """Channels before upsampling stage `stage`; after the last one for the number of stages."""
        return int(self.channels // 2**stage)

    @property
    def macs_per_frame(self) -> int:
        """Multiply-adds of a mel frame, both upsampling branches being one; the NSF source is left out."""
        macs, rate = self.kernel_size * self.in_channels * self.width(0), 1  # rate: columns a frame, at the layer
        kinds = zip(self.resblock_kernel_sizes, self.resblock_dilations, strict=True)
        blocks = 2 * sum(kernel * len(dilations) for kernel, dilations in kinds)
        for stage, (scale, kernel) in enumerate(zip(self.upsample_scales, self.upsample_kernal_sizes, strict=True)):
            before, after = self.width(stage), self.width(stage + 1)
            macs += max(kernel, scale + self.kernel_size - 1) * before * after * rate
            rate *= scale
            macs += blocks * after * after * rate
        return macs + self.kernel_size * self.width(len(self.upsample_scales)) * rate

    @property
    def source_strides(self) -> tuple[int, ...]:
        """Samples of the source for each sample of a stage's output."""
        return tuple(prod(self.upsample_scales[stage + 1 :]) for stage in range(len(self.upsample_scales)))


@dataclass(frozen=True, slots=True)
class F0Scale:
    """How an NSF voice's f0 column becomes Hz."""

    scale: float
    offset: float


def fsmn_padding(filter_size: int, shift: int) -> tuple[int, int]:
    """Zeros before and after the input of a memory block."""
    left, right = round((filter_size - 1) / 2), (filter_size - 1) // 2
    return (left + shift, right - shift) if shift > 0 else (left, right)


def as_dict(shape: AcousticShape | VocoderShape) -> dict[str, Any]:
    """Plain data, for a manifest."""
    return {field.name: getattr(shape, field.name) for field in fields(shape)}


def acoustic_shape(values: Mapping[str, Any]) -> AcousticShape:
    """Back from plain data. Raises KeyError for a missing field."""
    return AcousticShape(**_chosen(AcousticShape, values))


def vocoder_shape(values: Mapping[str, Any]) -> VocoderShape:
    """Back from plain data. Raises KeyError for a missing field."""
    return VocoderShape(**_chosen(VocoderShape, values))


def _chosen(shape: type[AcousticShape] | type[VocoderShape], values: Mapping[str, Any]) -> dict[str, Any]:
    optional = {"using_byte", "FP", "harmonics"}
    names = [field.name for field in fields(shape) if field.name in values or field.name not in optional]
    return {name: _frozen(values[name]) for name in names}


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value
