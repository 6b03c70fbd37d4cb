"""What onnxruntime can compute with besides the processor: which there are, and whether they work here.

The names and options are those of https://onnxruntime.ai/docs/execution-providers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from passerby.folders import user_cache

CPU = "CPUExecutionProvider"
RELU = (
    b'\x08\x08\x12\x00:;\n\x0c\n\x01x\x12\x01y"\x04Relu\x12\x01gZ\x13\n\x01x\x12\x0e\n\x0c\x08\x01\x12\x08\n\x02\x08\x01\n'
    b"\x02\x08\x04b\x13\n\x01y\x12\x0e\n\x0c\x08\x01\x12\x08\n\x02\x08\x01\n\x02\x08\x04B\x04\n\x00\x10\r"
)
"""An ONNX model of one node, y = max(x, 0) for x float32 (1, 4), to try a provider with."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One of onnxruntime's."""

    name: str
    """As users name it."""
    title: str
    """As onnxruntime does."""
    package: str
    """The one that has it."""
    memory: str | None = None
    """The memory of its own that inputs and outputs are bound to; None where they are passed as they are."""

    def options(self) -> Mapping[str, str]:
        """How it is set up."""
        if self.name == "tensorrt":
            # Building an engine takes minutes, and is done once for a model: it is kept, and so are its timings.
            engines = user_cache() / "passerby" / "engines"
            engines.mkdir(parents=True, exist_ok=True)
            kept = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(engines)}
            timed = {"trt_timing_cache_enable": "1", "trt_timing_cache_path": str(engines)}
            return {"trt_fp16_enable": "1", **kept, **timed}
        if self.name == "cuda":
            # Areas come in many sizes, and for each the best of all ways would be looked for anew. Unless it is told
            # not to, it rounds what it multiplies to 10 bits (TF32).
            return {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
        return {}


PROVIDERS = (
    Provider("tensorrt", "TensorrtExecutionProvider", "onnxruntime-gpu and tensorrt", "cuda"),
    Provider("cuda", "CUDAExecutionProvider", "onnxruntime-gpu", "cuda"),
    Provider("coreml", "CoreMLExecutionProvider", "onnxruntime on macOS"),
    Provider("directml", "DmlExecutionProvider", "onnxruntime-directml"),
)
"""From the fastest on. OpenVINO, which has a library of its own, comes behind CUDA."""
ROUNDING = frozenset({"tensorrt", "coreml"})
"""Those that compute, or may compute, in 16 bits. Whom they miss by it was never seen: they have to be named."""


@cache
def fault(provider: Provider, library: Any) -> str | None:
    """Why `provider` does not compute here; None where it does, which a small model has shown.

    It is not enough that onnxruntime offers it: where a driver is missing, the processor takes over without a word.
    """
    if provider.title not in library.get_available_providers():
        return f"onnxruntime does not offer it, which {provider.package} does"
    try:
        session = opened(provider, RELU, library)
        if session.get_providers()[0] != provider.title:
            return "its driver or a library that it needs is missing"
        [given] = session.run(None, {"x": np.array([[-1, 0, 1, 2]], np.float32)})
    except errors(library) as error:
        return " ".join(str(error).split())[:200]
    return None if given.tolist() == [[0, 0, 1, 2]] else "it computes something else than it should"


def opened(provider: Provider | None, model: Any, library: Any) -> Any:
    """A session of a `model`, a path or bytes, on `provider`; None is the processor.

    Raises:
        Exception: one of `errors`.
    """
    options = library.SessionOptions()
    options.intra_op_num_threads = 1  # see `runtime.THREADS`
    options.inter_op_num_threads = 1
    options.graph_optimization_level = library.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 4  # fatal: what is less comes as an error
    # Planning memory for pictures of one size takes 1.6 times as much of it and is no faster.
    options.enable_mem_pattern = False
    chosen = [(provider.title, dict(provider.options()))] if provider else []
    return library.InferenceSession(model, options, providers=[*chosen, CPU])


def errors(library: Any) -> tuple[type[Exception], ...]:
    """What onnxruntime raises: its own, which share no base but Exception, and Python's for what does not fit."""
    named = vars(library.capi.onnxruntime_pybind11_state).values()
    own = (kind for kind in named if isinstance(kind, type) and issubclass(kind, Exception))
    return (ValueError, RuntimeError, OSError, *own)
