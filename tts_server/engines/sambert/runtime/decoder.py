"""The decoder at run time: memory -> groups of frames, a step at a time. What a stream remembers is its own.

A step is a row of small matrix products, where what surrounds a product costs as much as the product itself. So the
step is written in numpy over packed weights: the norms' gains and offsets are part of the matrices behind them, their
means are taken out by the matrices before them, and the caches are rings that are never moved. Twice as fast as the
same step as an ONNX graph (`export/step.py`), and what runs where the compiled steps (`kernel/`) are not there.
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.sambert.packs.shape import NORM_EPS, AcousticShape
from tts_server.errors import VoiceDataMissing

Floats = NDArray[np.float32]

PROJECTED_STEPS: Final = 16  # of the memory at a time
LINE: Final = 16  # floats in a cache line


class StepKernel(Protocol):
    """The decoder's steps; one kernel serves one stream."""

    def enter(self, slot: int, row: Floats) -> None:
        """A memory step comes into its ring before the first step. row: (layers * 2 units,), keys and values."""

    def run(self, first: int, frame: Floats, given: Floats, entering: Floats) -> Floats:
        """The steps from `first` on, as many as `given` (steps, units) has rows. frame: the last one (n_mels,).

        entering: the memory steps that come into sight with the first of them, a row each; none come after the end of
        the memory. Returns the frames (steps, group * n_mels).
        """


class Decoder:
    """One stream's decoder."""

    def __init__(
        self,
        shape: AcousticShape,
        memory: Floats,
        band: int,
        project: Callable[[Floats], tuple[Floats, Floats]],
        kernel: Callable[[int], StepKernel],
    ) -> None:
        """memory: (S, memory_units); project: gives the steps' input (S, units), and keys and values (S, blocks).

        kernel: makes the steps, for rings of so many places.
        """
        self._shape, self._memory, self._project = shape, memory, project
        self._width, self._step = band + 1, 0
        layers, units = shape.decoder_num_layers, shape.decoder_num_units
        self._kernel = kernel(self._width)
        self._frame: Floats = np.zeros(shape.num_mels, np.float32)
        self._given: Floats = np.zeros((0, units), np.float32)  # of the steps from `_step` on
        self._ahead: Floats = np.zeros((0, layers * 2 * units), np.float32)  # of those that are not in sight yet
        self._projected = 0

    def next(self, steps: int) -> Floats:
        """The next groups of frames, (steps * group, n_mels). There must be so many."""
        self._look_ahead(self._step + steps + self._width - 1)
        if self._step == 0:
            for slot in range(min(self._width - 1, len(self._memory))):
                self._kernel.enter(slot, self._ahead[slot])
            self._ahead = self._ahead[self._width - 1 :]
        frames = self._kernel.run(self._step, self._frame, self._given[:steps], self._ahead[:steps])
        frames = frames.reshape(-1, self._shape.num_mels)
        self._frame, self._given, self._ahead = frames[-1].copy(), self._given[steps:], self._ahead[steps:]
        self._step += steps
        return frames

    def _look_ahead(self, end: int) -> None:
        """Have the memory steps up to `end` projected."""
        while self._projected < min(end, len(self._memory)):
            block = self._memory[self._projected : self._projected + PROJECTED_STEPS]
            given, ahead = self._project(block)
            self._given, self._ahead = np.concatenate([self._given, given]), np.concatenate([self._ahead, ahead])
            self._projected += len(block)


def weight_shapes(shape: AcousticShape) -> dict[str, tuple[int, int]]:
    """The step's matrices in the order of the pack's file: (inputs + 1, outputs), the last row is the bias."""
    units, inner = shape.decoder_num_units, shape.decoder_ffn_inner_dim
    shapes = {}
    for index, (width, next_width) in enumerate(pairwise((shape.num_mels, *shape.decoder_prenet_units, units))):
        shapes[f"prenet.{index}"] = (width + 1, next_width)
    for layer in range(shape.decoder_num_layers):
        shapes[f"{layer}.attend"] = (units + 1, 3 * units)
        shapes[f"{layer}.mix"] = (2 * units + 1, units)
        shapes[f"{layer}.widen"] = (units + 1, inner)
        shapes[f"{layer}.narrow"] = (inner + 1, units)
    shapes["frames"] = (units + 1, shape.outputs_per_step * shape.num_mels)
    return shapes


def unpacked(packed: Floats, shape: AcousticShape) -> dict[str, Floats]:
    """The step's matrices out of the pack's flat array. Raises VoiceDataMissing."""
    shapes, at = weight_shapes(shape), 0
    if packed.dtype != np.float32 or packed.shape != (sum(map(math.prod, shapes.values())),):
        raise VoiceDataMissing(f"the decoder's weights are {packed.dtype} {list(packed.shape)}; expected another count")
    room: Floats = np.empty(len(packed) + LINE, np.float32)  # one piece: the system backs it with large pages
    start = -(room.ctypes.data // room.itemsize) % LINE  # rows begin where cache lines do: 10 % of a step
    aligned = room[start : start + len(packed)]
    aligned[:] = packed
    matrices = {}
    for name, size in shapes.items():
        matrices[name] = aligned[at : at + math.prod(size)].reshape(size)
        at += math.prod(size)
    return matrices


def fed(matrices: Mapping[str, Floats]) -> dict[str, Floats]:
    """The matrices by the names that the step's graph has for them."""
    return {
        name: part
        for matrix, array in matrices.items()
        for name, part in ((f"{matrix}.weight", array[:-1]), (f"{matrix}.bias", array[-1]))
    }


class Rings:
    """What all blocks see: keys and values of `width` own steps and of `width` memory steps, each in a ring."""

    def __init__(self, shape: AcousticShape, width: int) -> None:
        layers, units = shape.decoder_num_layers, shape.decoder_num_units
        self._width = width
        self.rings: Floats = np.zeros((layers, 2, width, 2 * units), np.float32)  # own, memory; keys, then values
        self.hidden: Floats = np.full((2, width), -np.inf, np.float32)  # where a place holds nothing; 0 elsewhere
        self.is_full = False  # nothing is hidden

    def enter(self, slot: int, row: Floats) -> None:
        """See `StepKernel`."""
        self.rings[:, 1, slot] = row.reshape(len(self.rings), -1)
        self.hidden[1, slot] = 0

    def run(self, first: int, frame: Floats, given: Floats, entering: Floats) -> Floats:
        """See `StepKernel`."""
        groups = []
        for step, input_ in enumerate(given):
            slot, last = (first + step) % self._width, (first + step - 1) % self._width
            self.hidden[1, last] = -np.inf
            if step < len(entering):
                self.enter(last, entering[step])
            self.hidden[0, slot] = 0
            self.is_full = not self.hidden.any()
            groups.append(self.step(frame, input_, slot).copy())
            frame = groups[-1][-len(frame) :]
        return np.stack(groups)

    def step(self, frame: Floats, given: Floats, slot: int) -> Floats:
        """frame: the last one (n_mels,); given: of the memory (units,); slot: its own place in its own ring.

        Keeps its own keys and values. Returns the frames (group * n_mels,), to be copied if kept.
        """
        raise NotImplementedError


class NumpySteps(Rings):
    """The step in numpy, its scratch arrays made beforehand. A vector that ends with 1 takes a matrix with its bias."""

    def __init__(self, matrices: Mapping[str, Floats], shape: AcousticShape, width: int) -> None:
        super().__init__(shape, width)
        units, heads = shape.decoder_num_units, shape.decoder_num_heads
        size = units // heads
        self._prenet = [matrices[f"prenet.{index}"] for index in range(len(shape.decoder_prenet_units) + 1)]
        self._blocks = [
            (
                ring[0],
                ring[..., :units].reshape(2 * width, heads, size).transpose(1, 0, 2),  # keys, a view
                ring[..., units:].reshape(2, width, heads, size).transpose(0, 2, 1, 3),  # values, a view
                *(matrices[f"{layer}.{part}"] for part in ("attend", "mix", "widen", "narrow")),
            )
            for layer, ring in enumerate(self.rings)
        ]
        self._last = matrices["frames"]
        self._normed, self._mixed, self._inner = (
            np.ones(count + 1, np.float32) for count in (units, 2 * units, shape.decoder_ffn_inner_dim)
        )
        self._zeros: Floats = np.zeros(shape.decoder_ffn_inner_dim, np.float32)
        self._added: Floats = np.zeros(units, np.float32)
        self._attended: Floats = np.zeros(3 * units, np.float32)
        self._query, self._own = self._attended[:units].reshape(heads, size, 1), self._attended[units:]
        self._scores: Floats = np.zeros((heads, 2, width), np.float32)
        self._largest: Floats = np.zeros((heads, 2, 1), np.float32)

    def step(self, frame: Floats, given: Floats, slot: int) -> Floats:
        """See `Rings`."""
        x = given + self._first(frame)
        normed, mixed, inner, added = self._normed, self._mixed, self._inner, self._added
        wide, zeros, query, own, scores = inner[:-1], self._zeros, self._query, self._own, self._scores
        flat, shares = scores.reshape(len(scores), -1, 1), scores.transpose(1, 0, 2)[:, :, None]
        mixture = mixed[:-1].reshape(2, len(scores), 1, -1)
        for ring, keys, values, attend, mix, widen, narrow in self._blocks:
            self._norm(x)
            np.dot(normed, attend, self._attended)
            ring[slot] = own
            np.matmul(keys, query, flat)
            self._soften(scores)
            np.matmul(shares, values, mixture)
            np.dot(mixed, mix, added)
            np.add(x, added, x)
            self._norm(x)
            np.dot(normed, widen, wide)
            np.maximum(wide, zeros, out=wide)
            np.dot(inner, narrow, added)
            np.add(x, added, x)
        self._norm(x)
        frames: Floats = np.dot(normed, self._last)
        return frames

    def _first(self, frame: Floats) -> Floats:
        """The prenet, and the input projection's part for it."""
        y = frame
        for matrix in self._prenet[:-1]:
            y = np.maximum(np.dot(y, matrix[:-1]) + matrix[-1], 0)
        projected: Floats = np.dot(y, self._prenet[-1][:-1]) + self._prenet[-1][-1]
        return projected

    def _norm(self, x: Floats) -> None:
        """x, whose mean is 0, with a deviation of 1."""
        np.multiply(x, 1 / math.sqrt(x.dot(x) / len(x) + NORM_EPS), self._normed[:-1])

    def _soften(self, scores: Floats) -> None:
        """Scores become shares of 1, for each head and ring."""
        if not self.is_full:
            np.add(scores, self.hidden, scores)
        np.maximum.reduce(scores, axis=2, out=self._largest, keepdims=True)
        np.subtract(scores, self._largest, scores)
        np.exp(scores, scores)
        np.add.reduce(scores, axis=2, out=self._largest, keepdims=True)
        np.divide(scores, self._largest, scores)


class GraphSteps(Rings):
    """The step as an ONNX graph, for devices other than the processor."""

    def __init__(self, session: Any, shape: AcousticShape, width: int) -> None:
        super().__init__(shape, width)
        self._session = session

    def step(self, frame: Floats, given: Floats, slot: int) -> Floats:
        """See `Rings`."""
        is_own = np.zeros((*self.hidden.shape, 1), np.bool_)
        is_own[0, slot] = True
        here = {"rings": self.rings, "hidden": self.hidden, "is_own": is_own}
        frames, self.rings[:, 0, slot] = self._session.run(
            ["frames", "own"], {"frame": frame[None], "given": given[None], **here}
        )
        group: Floats = frames[0]
        return group
