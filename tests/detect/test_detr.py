"""Exports of the DETR family decode as a plain reading of their published layouts does."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from onnx_models import Array, cut, iou, model, noise, photo, real

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.detect.classes import COCO, COCO_NUMBERS, STREET, VEHICLES
from passerby.detect.detr import Detr
from passerby.testing import check_detector

SHAPE = (1, 3, 64, 64)


def queries(count: int) -> dict[str, Array]:
    """Shares of the picture (1, 60, 4), centre and size, and logits (1, 60, count)."""
    rng = np.random.default_rng(2)
    boxes = np.concatenate([rng.uniform(0, 1, (60, 2)), rng.uniform(0.02, 0.4, (60, 2))], axis=1)
    logits = rng.normal(-2, 1.5, (60, count))
    return {"dets": boxes[None].astype(np.float32), "labels": logits[None].astype(np.float32)}


@pytest.mark.parametrize("size", [(64, 64), (200, 100), (61, 133)])
@pytest.mark.parametrize(("count", "names"), [(91, COCO_NUMBERS), (80, dict(enumerate(COCO)))])
@pytest.mark.parametrize("called", [("dets", "labels"), ("pred_boxes", "logits")])
def test_boxes_and_logits_are_read_as_published(
    tmp_path: Path, size: tuple[int, int], count: int, names: dict[int, str], called: tuple[str, str]
) -> None:
    answer = queries(count)
    # Other exports have the outputs the other way round.
    outputs = dict(zip(called, answer.values(), strict=True))
    path = model(tmp_path / "detr.onnx", dict(reversed(outputs.items())), picture="input", shape=SHAPE)
    [found] = Detr(path, conf=0.3).detect([noise(*size)])
    expected = []
    for box, logits in zip(answer["dets"][0].tolist(), answer["labels"][0].tolist(), strict=True):
        x, y, w, h = (value * size[i % 2] for i, value in enumerate(box))
        for number, logit in enumerate(logits):
            score = 1 / (1 + math.exp(-logit))
            if score > 0.3 and names.get(number) in STREET:
                place = cut((x - w / 2, y - h / 2, x + w / 2, y + h / 2), size)
                expected.append((score, names[number], place))
    expected.sort(key=lambda row: -row[0])
    assert len(expected) > 5
    assert found.labels.tolist() == [row[1] for row in expected]
    np.testing.assert_allclose(found.scores, [row[0] for row in expected], rtol=1e-5)
    np.testing.assert_allclose(found.boxes, [row[2] for row in expected], atol=1e-3)


def finished() -> dict[str, Array]:
    boxes = [[10, 5, 90, 60], [10, 5, 90, 60], [-4, 20, 30, 44], [0, 0, 5, 5], [40, 40, 50, 50]]
    return {
        "labels": np.array([[2, 7, 0, 56, 999]], np.int64),
        "boxes": np.array([boxes], np.float32),
        "scores": np.array([[0.9, 0.6, 0.8, 0.9, 0.0]], np.float32),
    }


def test_finished_boxes_are_in_pixels_of_the_frame(tmp_path: Path) -> None:
    path = model(tmp_path / "dfine.onnx", finished(), shape=SHAPE, sizes=True)
    [found] = Detr(path).detect([noise(200, 100)])
    assert found.labels.tolist() == ["car", "person", "truck"]
    assert found.boxes.tolist() == [[10, 5, 90, 60], [0, 20, 30, 44], [10, 5, 90, 60]]


def test_two_classes_of_one_label_are_one_thing(tmp_path: Path) -> None:
    path = model(tmp_path / "dfine.onnx", finished(), shape=SHAPE, sizes=True)
    [found] = Detr(path, classes=VEHICLES).detect([noise(200, 100)])
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.labels.tolist() == ["vehicle"]


def test_own_names_leave_room_for_a_class_of_nothing(tmp_path: Path) -> None:
    path = model(tmp_path / "own.onnx", queries(3), picture="input", shape=SHAPE)
    detector = Detr(path, names=("plate", "face"), classes={"plate": "plate"})
    [found] = detector.detect([noise(64, 64)])
    assert set(found.labels) == {"plate"}


def test_a_class_that_nobody_knows_stops_the_run(tmp_path: Path) -> None:
    outputs = finished()
    outputs["labels"][0, 0] = 200
    path = model(tmp_path / "objects365.onnx", outputs, shape=SHAPE, sizes=True)
    with pytest.raises(StageError, match="speaks of a class 200"):
        Detr(path).detect([noise(64, 64)])


def test_classes_that_nobody_names_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="has 7 classes"):
        Detr(model(tmp_path / "own.onnx", queries(7), picture="input", shape=SHAPE))


def test_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="has the outputs output0, wanted boxes or dets"):
        Detr(model(tmp_path / "yolo.onnx", {"output0": np.zeros((1, 84, 9), np.float32)}))


@pytest.mark.parametrize("sizes", [True, False])
def test_it_keeps_the_contract(tmp_path: Path, sizes: bool) -> None:
    check_detector(Detr(model(tmp_path / "d.onnx", finished() if sizes else queries(80), shape=SHAPE, sizes=sizes)))


@pytest.mark.parametrize("name", ["deimv2_atto_coco.onnx", "deimv2_femto_coco.onnx"])
def test_the_published_models_find_a_person_where_people_marked_one(name: str) -> None:
    [found] = Detr(real(name)).detect([photo("truth/coco_000000000785.jpg")])
    person = found[found.labels == "person"]
    assert max(iou(box, (280.8, 44.7, 499.5, 391.4)) for box in person.boxes) > 0.8
