"""Plate detectors decode as a plain reading of their published layouts does."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from onnx_models import Array, model, noise, suppressed

from passerby import runtime
from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.detect.plates import PlatesYolo9, PlatesYunet
from passerby.testing import check_detector

ROWS = np.array(
    [
        [0, 10, 20, 40, 30, 0, 0.5],
        [0, 12, 21, 44, 33, 0, 0.9],
        [0, 60, 30, 70, 33, 0, 0.1],
        [0, -9, 30, 12, 36, 0, 0.6],
    ],
    np.float32,
)
SHAPE = (1, 3, 64, 64)


@pytest.mark.parametrize("rows", [ROWS, ROWS[None]], ids=["rows", "rows of one picture"])
def test_rows_are_read_as_published(tmp_path: Path, rows: Array) -> None:
    path = model(tmp_path / "plates.onnx", {"output": rows}, shape=SHAPE)
    [found] = PlatesYolo9(path).detect([noise(128, 64)])
    # 128 x 64 becomes 64 x 32 with 16 rows of grey above.
    expected = [[24, 10, 88, 34], [0, 28, 24, 40], [20, 8, 80, 28]]
    np.testing.assert_allclose(found.boxes, expected, atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.9, 0.6, 0.5])
    assert set(found.labels) == {"plate"}


def test_no_rows_are_no_plates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An empty constant is this test's own idea; OpenVINO, which may be installed, gives it no shape.
    monkeypatch.setenv(runtime.VARIABLE, "onnxruntime")
    path = model(tmp_path / "none.onnx", {"output": ROWS[:0]}, shape=SHAPE, shapes={"output": ("n", 7)})
    [found] = PlatesYolo9(path).detect([noise(128, 64)])
    assert len(found) == 0


def test_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="end2end"):
        PlatesYolo9(model(tmp_path / "raw.onnx", {"output": np.zeros((1, 5, 20), np.float32)}, shape=SHAPE))
    with pytest.raises(WeightsError, match="wanted loc, conf, iou"):
        PlatesYunet(model(tmp_path / "rows.onnx", {"output": ROWS}, shape=SHAPE))


def test_a_score_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="conf"):
        PlatesYolo9(model(tmp_path / "plates.onnx", {"output": ROWS}, shape=SHAPE), conf=2)


# YuNet, at 96 x 64


def squares() -> list[tuple[float, float, float]]:
    """Centre x y and side of every square, in the order of the published code."""
    sides = [[10, 16, 24], [32, 48], [64, 96], [128, 192, 256]]
    grids = [(8, 12), (4, 6), (2, 3), (1, 1)]
    return [
        ((x + 0.5) * step, (y + 0.5) * step, float(side))
        for (rows, columns), step, kinds in zip(grids, (8, 16, 32, 64), sides, strict=True)
        for y in range(rows)
        for x in range(columns)
        for side in kinds
    ]


def yunet_outputs() -> dict[str, Array]:
    rng = np.random.default_rng(4)
    count = len(squares())
    corners = np.array([[-2, -1], [2, -1], [2, 1], [-2, 1]], np.float32).reshape(8)
    where = rng.normal(0, 1, (count, 14))
    where[:, [4, 5, 6, 7, 10, 11, 12, 13]] = corners * 2 + rng.normal(0, 0.5, (count, 8))
    kinds = rng.uniform(0, 1, (count, 1))
    outputs = {
        "loc": where,
        "conf": np.concatenate([1 - kinds, kinds], axis=1),
        "iou": rng.uniform(-0.1, 1.1, (count, 1)),
    }
    return {name: value.astype(np.float32) for name, value in outputs.items()}


def test_yunets_corners_are_read_as_published(tmp_path: Path) -> None:
    outputs = yunet_outputs()
    path = model(tmp_path / "lpd.onnx", dict(reversed(outputs.items())), picture="input")
    [found] = PlatesYunet(path).detect([noise(192, 100)])
    rows = []
    for number, (x, y, side) in enumerate(squares()):
        score = math.sqrt(outputs["conf"][number, 1] * min(max(outputs["iou"][number, 0], 0), 1))
        at = outputs["loc"][number].tolist()
        points = [((x + at[i] * 0.1 * side) * 2, (y + at[i + 1] * 0.1 * side) * 2) for i in (4, 6, 10, 12)]
        xs, ys = zip(*points, strict=True)
        if score > 0.5:
            rows.append((score, "plate", (min(xs), min(ys), max(xs), max(ys)), number))
    expected = [row for row in suppressed(rows, 0.3) if row[2][0] < 192 and row[2][1] < 100]
    assert len(expected) > 5
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.scores, [row[0] for row in expected], rtol=1e-5)
    boxes = [np.clip(row[2], 0, [192, 100, 192, 100]) for row in expected]
    np.testing.assert_allclose(found.boxes, boxes, atol=1e-3)
    assert found.landmarks is not None
    assert found.landmarks.shape == (len(expected), 4, 2)
    np.testing.assert_allclose(found.landmarks.min(axis=1), [row[2][:2] for row in expected], atol=1e-3)


def test_outputs_of_another_size_stop_the_run(tmp_path: Path) -> None:
    outputs = {name: value[:-1] for name, value in yunet_outputs().items()}
    with pytest.raises(StageError, match="14"):
        PlatesYunet(model(tmp_path / "short.onnx", outputs)).detect([noise(96, 64)])


def test_they_keep_the_contract(tmp_path: Path) -> None:
    check_detector(PlatesYolo9(model(tmp_path / "plates.onnx", {"output": ROWS}, shape=SHAPE)))
    check_detector(PlatesYunet(model(tmp_path / "lpd.onnx", yunet_outputs())))
