"""A graph that gives the same bits on every machine that multiplies and adds in one step (FMA, NEON).

There onnxruntime agrees in products, in convolutions that are not blocked, and in single steps of arithmetic.
It does not in functions and normalisations in float: each machine has its own polynomial, its own order of sums. They
are computed in double and rounded to float: of a difference in the sixteenth digit nothing is left, but for one value
in some hundred millions.
"""

from typing import Any, Final

from onnx import TensorProto

from tts_server.engines.onnx_export.graph import Graph

DIFFERENT: Final = frozenset(("Exp", "LayerNormalization", "Softmax"))  # by machine, in float
ARITHMETIC: Final = frozenset(("Add", "Conv", "Div", "Gemm", "MatMul", "Min", "Mul", "Relu", "Sub"))
MOVING: Final = frozenset(("Cast", "Gather", "Identity", "Reshape", "Shape", "Slice", "Transpose"))


class AlikeGraph(Graph):
    """Raises ValueError for an operator that was not compared yet."""

    def ops(self, kind: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        if kind in ARITHMETIC | MOVING:
            return super().ops(kind, *inputs, outputs=outputs, **attributes)
        if kind not in DIFFERENT:
            raise ValueError(f"{kind}: it is not known whether machines agree in it")
        doubles = [self.op("Cast", value, to=TensorProto.DOUBLE) for value in inputs]
        made = super().ops(kind, *doubles, outputs=outputs, **attributes)
        return [self.op("Cast", value, to=TensorProto.FLOAT) for value in made]
