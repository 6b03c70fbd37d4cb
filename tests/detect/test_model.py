"""What a model's file says of itself reaches the detectors; what is no such file is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_models import REAL, model, onnx

from passerby.core.errors import WeightsError
from passerby.detect.model import Model
from passerby.runtime import Session

ROWS = np.zeros((1, 300, 6), np.float32)


def test_names_types_shapes_and_metadata_are_read(tmp_path: Path) -> None:
    path = model(
        tmp_path / "m.onnx", {"output0": ROWS}, shape=("batch", 3, 64, 96), sizes=True, metadata={"names": "{0: 'å'}"}
    )
    read = Model(path)
    assert [(port.name, port.dtype, port.shape) for port in read.inputs] == [
        ("images", "float32", (None, 3, 64, 96)),
        ("orig_target_sizes", "int64", (1, 2)),
    ]
    assert [(port.name, port.shape) for port in read.outputs] == [("output0", (1, 300, 6))]
    assert read.metadata["names"] == "{0: 'å'}"


@pytest.mark.parametrize("path", sorted(REAL.glob("*.onnx")), ids=lambda path: path.name)
def test_published_files_are_read_as_the_onnx_package_reads_them(path: Path) -> None:
    read = Session(path)
    graph = onnx.load(path, load_external_data=False).graph
    held = {value.name for value in graph.initializer}
    for ports, values in ((read.inputs, graph.input), (read.outputs, graph.output)):
        wanted = [value for value in values if value.name not in held]
        assert [port.name for port in ports] == [value.name for value in wanted]
        for port, value in zip(ports, wanted, strict=True):
            sides = value.type.tensor_type.shape.dim
            assert len(port.shape) == len(sides)
            declared = [side.dim_value if side.dim_value > 0 else None for side in sides]
            assert all(
                length in (side, None) or side is None for length, side in zip(port.shape, declared, strict=True)
            )


def test_a_file_that_breaks_off_or_is_not_there_is_refused(tmp_path: Path) -> None:
    path = model(tmp_path / "m.onnx", {"output0": ROWS})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    for wrong in (path, tmp_path / "none.onnx"):
        with pytest.raises(WeightsError, match=wrong.name):
            Model(wrong)
