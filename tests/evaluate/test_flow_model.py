"""Optical flow by a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import helper, numpy_helper, onnx

from passerby.core.errors import OptionError, StageError
from passerby.evaluate.flow_model import OnnxFlow

Side = int | None


def network(path: Path, sides: tuple[Side, Side] = (None, None), inputs: int = 2, keep: int = 2) -> Path:
    """A model whose flow is the second picture's red less the first's to the right, and likewise green down."""
    ports = [helper.make_tensor_value_info(f"p{i}", 1, [1, 3, *sides]) for i in range(inputs)]
    ends = [numpy_helper.from_array(np.array([end], np.int64), name) for name, end in [("a", 0), ("b", keep), ("c", 1)]]
    nodes = [
        helper.make_node("Sub", [f"p{inputs - 1}", "p0"], ["apart"]),
        helper.make_node("Slice", ["apart", "a", "b", "c"], ["flow"]),
    ]
    answer = helper.make_tensor_value_info("flow", 1, [1, keep, *sides])
    graph = helper.make_graph(nodes, "flow", ports, [answer], ends)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def plain(red: int, green: int, size: tuple[int, int] = (20, 30)) -> np.ndarray:
    return np.full((*size, 3), (red, green, 0), np.uint8)


def test_a_network_of_any_size_gets_the_picture_as_it_is(tmp_path: Path) -> None:
    flow = OnnxFlow(network(tmp_path / "raft.onnx")).flow(plain(0, 255), plain(255, 0))
    assert flow.shape == (20, 30, 2)
    np.testing.assert_allclose(flow, np.broadcast_to([2, -2], flow.shape))


@pytest.mark.parametrize("sides", [(40, 15), (None, 15), (40, None)])
def test_the_flow_of_a_network_of_fixed_size_is_scaled_back(tmp_path: Path, sides: tuple[Side, Side]) -> None:
    flow = OnnxFlow(network(tmp_path / "raft.onnx", sides), low=0, high=1).flow(plain(0, 255), plain(255, 0))
    assert flow.shape == (20, 30, 2)
    width, height = 30 / (sides[1] or 32), 20 / (sides[0] or 24)
    np.testing.assert_allclose(flow, np.broadcast_to([width, -height], flow.shape))


def test_a_network_that_takes_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="two pictures"):
        OnnxFlow(network(tmp_path / "one.onnx", inputs=1))
    with pytest.raises(StageError, match="wanted a finite flow"):
        OnnxFlow(network(tmp_path / "three.onnx", keep=3)).flow(plain(0, 0), plain(0, 0))
