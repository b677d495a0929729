#!/usr/bin/env bash
# Seen: onnx.utils.Extractor(model).extract_model(["inner"], ["y"]) fails with "names were not found in value_infos: inner", though inner is a value of the graph.
# Whom: whoever cuts a model in two at a value between its nodes: a decoder off a synthesiser, a head off an encoder.
# Why:  exporters write no value_info for inner values, and the class infers no shapes; behind an operator that onnx does not know, inference gives none either.
# Way out: add the value to model.graph.value_info yourself (a type and a rank are enough), or put the nodes of the part into a new graph.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" &&
    "$folder/bin/pip" install --quiet onnx==1.23.2 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys

import onnx
from onnx import TensorProto, helper, shape_inference
from onnx.utils import Extractor

print("onnx", onnx.__version__)
ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y")]
opsets = [helper.make_opsetid("", 15), helper.make_opsetid("com.example", 1)]


def model(first, **where):
    nodes = [helper.make_node(first, ["x"], ["inner"], **where), helper.make_node("Relu", ["inner"], ["y"])]
    return helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]), opset_imports=opsets)


def cut(whole):
    try:
        return [value.name for value in Extractor(whole).extract_model(["inner"], ["y"]).graph.input]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


plain, foreign = model("Abs"), model("Own", domain="com.example")
print("as exported:", cut(plain))
print("shapes inferred:", cut(shape_inference.infer_shapes(plain)))
print("behind an operator of somebody else's, shapes inferred:", cut(shape_inference.infer_shapes(foreign)))
foreign.graph.value_info.append(helper.make_tensor_value_info("inner", TensorProto.FLOAT, [None]))
print("the value added by hand:", cut(foreign))
if cut(model("Abs")) == ["inner"] or cut(shape_inference.infer_shapes(model("Own", domain="com.example"))) == ["inner"]:
    sys.exit("changed: inner values are taken as they are")
PYTHON
