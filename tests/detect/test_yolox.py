"""YOLOX exports decode as a plain reading of their published layout does."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from onnx_models import Array, cut, iou, model, noise, photo, real, suppressed

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.detect.classes import COCO, PERSONS, STREET
from passerby.detect.yolox import Yolox
from passerby.testing import check_detector

INPUT = (96, 64)


def table(strides: tuple[int, ...] = (8, 16, 32)) -> Array:
    """Offsets and logarithms (1, N, 85), one row per cell."""
    count = sum((96 // stride) * (64 // stride) for stride in strides)
    rng = np.random.default_rng(3)
    boxes = np.concatenate([rng.normal(0.5, 0.5, (count, 2)), rng.normal(0.7, 0.7, (count, 2))], axis=1)
    scores = rng.uniform(0, 1, (count, 81)) ** 3
    scores[:, 1] += rng.uniform(0, 1, count)
    return np.concatenate([boxes, np.clip(scores, 0, 1)], axis=1)[None].astype(np.float32)


def pixels_of(rows: Array, strides: tuple[int, ...] = (8, 16, 32)) -> Array:
    """The table with boxes in pixels, cell by cell."""
    out = rows.copy()
    at = 0
    for stride in strides:
        for y in range(64 // stride):
            for x in range(96 // stride):
                a, b, c, d = rows[0, at, :4]
                out[0, at, :4] = (a + x) * stride, (b + y) * stride, math.exp(c) * stride, math.exp(d) * stride
                at += 1
    return out


def reference(
    decoded: Array, size: tuple[int, int], conf: float, overlap: float
) -> list[tuple[float, str, list[float]]]:
    ratio = min(96 / size[0], 64 / size[1])
    across, down = round(size[0] * ratio) / size[0], round(size[1] * ratio) / size[1]
    found = []
    for number, row in enumerate(decoded[0]):
        best = int(np.argmax(row[4] * row[5:]))
        score = float(row[4] * row[5 + best])
        if score > conf and COCO[best] in STREET:
            x, y, w, h = row[:4]
            found.append((score, COCO[best], (x - w / 2, y - h / 2, x + w / 2, y + h / 2), number))
    scale = (across, down, across, down)
    rows = suppressed(found, overlap)
    placed = [
        (score, label, cut([v / s for v, s in zip(box, scale, strict=True)], size)) for score, label, box, _ in rows
    ]
    return [row for row in placed if row[2][2] > row[2][0] and row[2][3] > row[2][1]]


@pytest.mark.parametrize("size", [(96, 64), (200, 100), (61, 133)])
@pytest.mark.parametrize("form", ["raw", "decoded"])
@pytest.mark.parametrize("told", [True, False])
def test_a_table_is_read_as_published(tmp_path: Path, size: tuple[int, int], form: str, told: bool) -> None:
    rows = table() if form == "raw" else pixels_of(table())
    path = model(tmp_path / "yolox.onnx", {"output": rows})
    [found] = Yolox(path, conf=0.3, coordinates=form if told else None).detect([noise(*size)])  # type: ignore[arg-type]
    expected = reference(pixels_of(table()), size, 0.3, 0.45)
    assert len(expected) > 4
    assert found.labels.tolist() == [row[1] for row in expected]
    np.testing.assert_allclose(found.scores, [row[0] for row in expected], rtol=1e-5)
    np.testing.assert_allclose(found.boxes, [row[2] for row in expected], rtol=1e-4, atol=1e-2)


def test_a_model_with_a_fourth_grid_is_read_as_well(tmp_path: Path) -> None:
    strides = (8, 16, 32, 64)
    path = model(tmp_path / "p6.onnx", {"output": table(strides)})
    [found] = Yolox(path, conf=0.3).detect([noise(96, 64)])
    expected = reference(pixels_of(table(strides), strides), (96, 64), 0.3, 0.45)
    np.testing.assert_allclose(found.boxes, [row[2] for row in expected], rtol=1e-4, atol=1e-2)


def test_a_box_without_bounds_is_cut_to_the_frame(tmp_path: Path) -> None:
    rows = table()
    rows[0, :, :4] = [0, 0, 1e30, 1e30]
    rows[0, :, 4:6] = 1
    [found] = Yolox(model(tmp_path / "wide.onnx", {"output": rows}), classes=PERSONS).detect([noise(96, 64)])
    assert (found.boxes == [0, 0, 96, 64]).all()


def test_a_table_that_fits_no_grid_stops_the_run(tmp_path: Path) -> None:
    path = model(tmp_path / "short.onnx", {"output": table()[:, :-1]})
    with pytest.raises(StageError, match="a row for each cell"):
        Yolox(path).detect([noise(96, 64)])


def test_classes_that_nobody_names_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="has 1 classes and does not say which"):
        Yolox(model(tmp_path / "one.onnx", {"output": table()[..., :6]}))


def test_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="wanted one"):
        Yolox(model(tmp_path / "two.onnx", {"a": table(), "b": table()}))


def test_it_keeps_the_contract(tmp_path: Path) -> None:
    check_detector(Yolox(model(tmp_path / "yolox.onnx", {"output": table()})))


# The published model, YOLOX-nano


def test_persons_are_found_where_people_marked_them() -> None:
    detector = Yolox(real("yolox_nano_416.onnx"))
    [found] = detector.detect([photo("truth/coco_000000000785.jpg")])
    person = found[found.labels == "person"]
    assert max(iou(box, (280.8, 44.7, 499.5, 391.4)) for box in person.boxes) > 0.8


def test_a_model_of_one_class_finds_the_same_person() -> None:
    detector = Yolox(real("light_person_detector.onnx"), names=("person",))
    [found] = detector.detect([photo("truth/coco_000000000785.jpg")])
    assert max(iou(box, (280.8, 44.7, 499.5, 391.4)) for box in found.boxes) > 0.7
