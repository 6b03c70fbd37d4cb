"""Small models with the input and output of published face embedders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_models
from onnx import TensorProto, helper, numpy_helper

WIDE = 128


def by_light(path: Path, *, dark: float = -0.16) -> Path:
    """Tells persons by how light their faces are, over `dark` in MobileFaceNet's numbers or under, and by nothing else.

    The larger part of its answer turns round at `dark`; the rest is always the same.
    """
    random = np.random.default_rng(3)
    weights = np.zeros((3, WIDE))
    weights[:, :8] = 300 * random.uniform(0.5, 1, 8) / 3
    always = random.uniform(0.5, 1, WIDE)
    always[:8] = -dark * weights[:, :8].sum(axis=0)
    nodes = [
        helper.make_node("GlobalAveragePool", ["input0"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "always"], ["output0"]),
    ]
    held = [(weights, "weights"), (always, "always")]
    return _saved(path, nodes, held, "input0", "output0", (1, WIDE))


def patches(path: Path, taken: str = "data", given: str = "fc1", batch: int | str = 1, width: int = WIDE) -> Path:
    """The mean colour of 16 parts of the face through random weights."""
    weights = np.random.default_rng(4).normal(0, 1, (width // 16, 3, 28, 28)) / 28**2
    nodes = [
        helper.make_node("Conv", [taken, "weights"], ["parts"], strides=[28, 28]),
        helper.make_node("Flatten", ["parts"], [given]),
    ]
    return _saved(path, nodes, [(weights, "weights")], taken, given, (batch, width))


def patch_answer(numbers: np.ndarray, width: int = WIDE) -> np.ndarray:
    """What `patches` gives for (112, 112, 3), computed apart from it."""
    weights = np.random.default_rng(4).normal(0, 1, (width // 16, 3, 28, 28)) / 28**2
    parts = numbers.reshape(4, 28, 4, 28, 3)
    return np.einsum("aybxc,kcyx->kab", parts, weights).reshape(-1)


def _saved(path, nodes, held, taken, given, shape):
    inputs = [helper.make_tensor_value_info(taken, TensorProto.FLOAT, (shape[0], 3, 112, 112))]
    outputs = [helper.make_tensor_value_info(given, TensorProto.FLOAT, shape)]
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for value, name in held]
    return onnx_models.save(path, nodes, inputs, outputs, tensors, None)
