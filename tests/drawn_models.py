"""Small ONNX files with the inputs and outputs of published face models; their weights are random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Size = tuple[int, int]


@dataclass(frozen=True)
class Head:
    """One kind of output."""

    name: str
    width: int
    """Numbers in a row."""
    last: str | None = None
    """The operator that comes last."""
    about: float = 0
    """The numbers lie around this."""
    spread: float = 1
    """And are so far from it, about."""


def scrfd(path: Path, *, points: bool = True, batched: bool = False, size: Size | None = None) -> Path:
    """As insightface publishes them: 6 or 9 outputs with two anchors a cell, named by numbers."""
    heads = [Head("score", 1, "Sigmoid", -2, 3), Head("bbox", 4, None, 1.5, 0.7), Head("kps", 10)]
    shape = (1, -1) if batched else (-1,)
    return _maps(path, heads if points else heads[:2], (8, 16, 32), 2, shape, (0, 1), ("input.1", size))


def yunet(path: Path, *, size: Size | None = None) -> Path:
    """As OpenCV's model zoo publishes them: 12 outputs."""
    heads = [
        Head("cls", 1, "Sigmoid", -1, 3),
        Head("obj", 1, "Sigmoid", -1, 3),
        Head("bbox", 4, None, 0.5),
        Head("kps", 10),
    ]
    return _maps(path, heads, (8, 16, 32), 1, (1, -1), (128, 128), ("input", size))


def retinaface(path: Path, *, points: bool = True, size: Size | None = None) -> Path:
    """As Pytorch_Retinaface exports them: 3 outputs, all maps in one."""
    heads = [Head("loc", 4), Head("conf", 2, "Softmax", 0, 2), Head("landms", 10)]
    return _joined(path, heads if points else heads[:2], (8, 16, 32), 2, ("input", size))


def dsfd(path: Path, *, size: Size | None = None) -> Path:
    """DSFD with the same heads: 2 outputs."""
    return _joined(
        path, [Head("loc", 4), Head("conf", 2, "Softmax", 0, 2)], (4, 8, 16, 32, 64, 128), 1, ("input", size)
    )


def _maps(
    path: Path,
    heads: Sequence[Head],
    strides: Sequence[int],
    each: int,
    shape: tuple[int, ...],
    reach: tuple[float, float],
    taken: tuple[str, Size | None],
) -> Path:
    """A file with one output for each head and map; the numbers of its input `reach` so far around a middle."""
    graph = _Graph(taken[0], *reach)
    outputs = [graph.head(head, stride, each, shape) for head in heads for stride in strides]
    return graph.save(path, outputs, taken[1])


def _joined(
    path: Path, heads: Sequence[Head], strides: Sequence[int], each: int, taken: tuple[str, Size | None]
) -> Path:
    """A file with one output for each head, of all maps."""
    graph = _Graph(taken[0], 0, 128)
    outputs = []
    for head in heads:
        maps = [graph.head(head, stride, each, (1, -1)) for stride in strides]
        graph.add("Concat", maps, head.name, axis=1)
        outputs.append(head.name)
    return graph.save(path, outputs, taken[1])


class _Graph:
    """Nodes and weights so far."""

    def __init__(self, taken: str, middle: float, span: float) -> None:
        self._taken, self._middle, self._span = taken, middle, span
        self._random = np.random.default_rng(7)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: Sequence[str], output: str, **options: object) -> str:
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **options))
        return output

    def head(self, head: Head, stride: int, each: int, shape: tuple[int, ...]) -> str:
        """The mean colour of every cell, through random weights: rows of `head.width`, `each` cell so many."""
        name = f"{head.name}_{stride}"
        side = [stride, stride]
        # Rounded up, as nets do that go on beyond the picture.
        means = self.add("AveragePool", [self._taken], f"{name}/mean", kernel_shape=side, strides=side, ceil_mode=1)
        count = head.width * each
        weights = self._random.normal(0, 2 * head.spread / self._span, (count, 3, 1, 1))
        bias = self._random.normal(head.about, head.spread / 2, count) - self._middle * weights.sum(axis=(1, 2, 3))
        inputs = [means, self._weight(f"{name}/w", weights), self._weight(f"{name}/b", bias)]
        mixed = self.add("Conv", inputs, f"{name}/mix")
        across = self.add("Transpose", [mixed], f"{name}/across", perm=[0, 2, 3, 1])
        rows = self._weight(f"{name}/rows", np.array([*shape, head.width], np.int64))
        if head.last is None:
            return self.add("Reshape", [across, rows], name)
        return self.add(head.last, [self.add("Reshape", [across, rows], f"{name}/rows of it")], name)

    def save(self, path: Path, outputs: Sequence[str], size: Size | None) -> Path:
        sides = [size[1], size[0]] if size else ["height", "width"]
        taken = helper.make_tensor_value_info(self._taken, TensorProto.FLOAT, [1, 3, *sides])
        given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self._nodes, "drawn", [taken], given, self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save_model(model, path)
        return path

    def _weight(self, name: str, value: np.ndarray) -> str:
        array = value if value.dtype == np.int64 else value.astype(np.float32)
        self._weights.append(numpy_helper.from_array(array, name))
        return name
