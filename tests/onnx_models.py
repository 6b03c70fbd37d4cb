"""Small ONNX models, made for tests, with the inputs and outputs of those that are published."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame
from passerby.testing import FORMATS

onnx = pytest.importorskip("onnx", reason="needs the onnx package to make models")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

REAL = Path(__file__).resolve().parents[1] / "../shared/models"
DATA = Path(__file__).resolve().parents[1] / "../shared/data"
KINDS = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "int64": TensorProto.INT64}

Array = NDArray[Any]
Shape = tuple[int | str, ...]


def real(name: str) -> Path:
    """A published model, where there is one."""
    if not (REAL / name).exists():
        pytest.skip("no ../shared/models beside the repository")
    return REAL / name


def photo(name: str) -> Frame:
    """A picture of ../shared/data as a frame."""
    if not (DATA / name).exists():
        pytest.skip("no ../shared/data beside the repository")
    return framed(np.asarray(cv2.cvtColor(cv2.imread(str(DATA / name)), cv2.COLOR_BGR2RGB), np.uint8))


def framed(picture: Array, name: str = "rgb24", turn: int = 0, sample_aspect: Fraction = Fraction(1)) -> Frame:
    """An upright RGB picture as the frame that a decoder would give, stored turned the other way."""
    planes = pixels.from_rgb(np.ascontiguousarray(np.rot90(picture, turn)), FORMATS[name])
    steps = FORMATS[name].subsampling
    stored = tuple(np.ascontiguousarray(plane[::sy, ::sx]) for plane, (sx, sy) in zip(planes, steps, strict=True))
    views, upright = pixels.upright(stored, FORMATS[name], turn)
    return Frame(views, upright, 0, 0, Fraction(1, 25), turn, sample_aspect)


def noise(width: int, height: int) -> Frame:
    return framed(np.random.default_rng(1).integers(0, 255, (height, width, 3)).astype(np.uint8))


def model(
    path: Path,
    outputs: Mapping[str, Array],
    *,
    picture: str = "images",
    shape: Shape = (1, 3, 64, 96),
    metadata: Mapping[str, str] | None = None,
    sizes: bool = False,
    kind: str = "float32",
    shapes: Mapping[str, Shape] | None = None,
) -> Path:
    """A model that gives `outputs`, whatever it sees. Its file declares other `shapes` of them, where given."""
    nodes, held, declared = [], [], []
    for name, value in outputs.items():
        dtype = "int64" if value.dtype == np.int64 else kind
        held.append(numpy_helper.from_array(value.astype(dtype), f"{name}_held"))
        nodes.append(helper.make_node("Identity", [f"{name}_held"], [name]))
        declared.append(helper.make_tensor_value_info(name, KINDS[dtype], (shapes or {}).get(name, value.shape)))
    inputs = [helper.make_tensor_value_info(picture, KINDS[kind], shape)]
    if sizes:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, (1, 2)))
    return save(path, nodes, inputs, declared, held, metadata)


def seeing(path: Path, size: tuple[int, int], row: list[str], tail: list[float], levels: tuple[float, float]) -> Path:
    """A model that finds what is red: one find, as a column of a table (1, N, 1).

    `row` names its numbers, of x0 y0 x1 y1, cx cy w h; `tail` follows. A pixel is red where red less green, times the
    second of `levels`, is above the first: pictures come in as numbers of different size.
    """
    width, height = size
    held, nodes = [], []

    def constant(name: str, value: Any) -> str:
        held.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(kind: str, inputs: list[str], output: str, **options: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **options))
        return output

    weights = np.array([1, -1, 0]).reshape(1, 3, 1, 1) * levels[1]
    light = node("Conv", ["images", constant("weights", weights)], "light")
    red = node("Cast", [node("Greater", [light, constant("least", levels[0])], "is_red")], "red", to=TensorProto.FLOAT)
    for name, length, place in (("x", width, (1, 1, 1, width)), ("y", height, (1, 1, height, 1))):
        rising = np.arange(1, length + 1).reshape(place)
        for end, ramp in (("1", rising), ("0", length + 1 - rising)):
            seen = node("Mul", [red, constant(f"ramp_{name}{end}", ramp)], f"seen_{name}{end}")
            node("ReduceMax", [seen], f"{name}{end}" if end == "1" else f"rest_{name}", axes=[1, 2, 3], keepdims=0)
        node("Sub", [constant(f"length_{name}", length), f"rest_{name}"], f"{name}0")
        node("Sub", [f"{name}1", f"{name}0"], "w" + name)
        node("Mul", [node("Add", [f"{name}0", f"{name}1"], f"sum_{name}"), constant(f"half_{name}", 0.5)], f"c{name}")
    parts = [{"w": "wx", "h": "wy"}.get(name, name) for name in row]
    flat = node("Concat", [*parts, constant("tail", tail)], "flat", axis=0)
    shape = numpy_helper.from_array(np.array([1, len(row) + len(tail), 1]), "shape")
    node("Reshape", [flat, "shape"], "output0")
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, height, width))]
    output = helper.make_tensor_value_info("output0", TensorProto.FLOAT, (1, len(row) + len(tail), 1))
    return save(path, nodes, inputs, [output], [*held, shape], None)


def save(
    path: Path,
    nodes: list[Any],
    inputs: list[Any],
    outputs: list[Any],
    held: list[Any],
    metadata: Mapping[str, str] | None,
) -> Path:
    graph = helper.make_graph(nodes, "drawn", inputs, outputs, held)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(made, dict(metadata or {}))
    onnx.checker.check_model(made)
    onnx.save(made, path)
    return path


def iou(a: Any, b: Any) -> float:
    """Intersection over union of two boxes, written out."""
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def suppressed(rows: list[tuple[float, str, tuple[float, ...], int]], overlap: float) -> list[Any]:
    """(score, label, box, number) of the rows that stay, best first: greedy, one by one."""
    kept: list[Any] = []
    for row in sorted(rows, key=lambda row: -row[0]):
        if all(row[1] != other[1] or iou(row[2], other[2]) <= overlap for other in kept):
            kept.append(row)
    return kept


def cut(box: Any, size: tuple[int, int]) -> list[float]:
    return [min(max(value, 0), size[i % 2]) for i, value in enumerate(box)]
