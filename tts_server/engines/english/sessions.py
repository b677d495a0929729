"""Sessions of hibari's nets."""

from pathlib import Path
from typing import Any


def session(graph: Path | bytes) -> Any:
    """On one thread, without a pool that spins, and without an arena: it would keep 70 MB after one long sentence."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    content = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
