"""The weights of the products that the 8-bit graphs compute with integers. What they leave out stays in floats.

A convolution's weights become rows, one for each tap and channel, and a scale for each output. Inputs that come from a
normalisation are balanced: some of its channels are tens of times as large as others, and would leave these no bits.
"""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.baker.stored import floats
from tts_server.engines.baker.weights import StoredWeights

LARGEST: Final = 127
_PRODUCT: Final = re.compile(r"(decoder\.\d\.feed_forward\.(expand|project)|postnet\.\d)\.weight")
_BALANCED: Final = re.compile(r"(decoder\.\d)\.feed_forward\.expand\.weight")

Floats = NDArray[np.float32]


def is_product(name: str) -> bool:
    """Whether the 8-bit graphs multiply these weights as integers."""
    return _PRODUCT.fullmatch(name) is not None


def balances(weights: StoredWeights) -> dict[str, Floats]:
    """What the inputs of some products are multiplied by, by channel: `….balance`."""
    found = [match[1] for name in weights if (match := _BALANCED.fullmatch(name))]
    return {f"{block}.feed_forward.expand.balance": _balance(weights, f"{block}.attention.norm") for block in found}


def rows(weight: Floats, balance: Floats | None) -> tuple[NDArray[np.int8], Floats]:
    """weight: (outputs, channels, taps). Gives (taps * channels, outputs) and a scale for each output."""
    balanced = weight if balance is None else weight / balance[:, None]
    scales = np.abs(balanced).max(axis=(1, 2)) / np.float32(LARGEST)
    integers = np.rint(balanced / scales[:, None, None]).astype(np.int8)
    outputs = len(weight)
    return np.ascontiguousarray(integers.transpose(2, 1, 0)).reshape(-1, outputs), scales


def _balance(weights: StoredWeights, norm: str) -> Floats:
    """By the root of how large each channel of a normalisation gets."""
    large = np.abs(floats(weights[f"{norm}.bias"])) + 3 * np.abs(floats(weights[f"{norm}.weight"]))
    roots = np.sqrt(large)
    balance: Floats = (roots.mean() / roots).astype(np.float32)
    return balance
