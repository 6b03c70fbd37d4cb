"""YOLO exports decode as a plain reading of their published layout does, and masks lie where things are."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from onnx_models import Array, cut, framed, model, noise, seeing, suppressed

from passerby.core.detections import Detections
from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.detect import classes
from passerby.detect.classes import COCO, STREET
from passerby.detect.compose import Tiled, once
from passerby.detect.yolo import Yolo
from passerby.testing import check_detector

INPUT = (96, 64)
FRAMES = [(96, 64), (200, 100), (61, 133), (37, 21)]


def table(extra: int = 0, count: int = 80, places: int = 150) -> Array:
    """Finds (1, 4 + count + extra, places), many on top of each other, some beyond the edge."""
    rng = np.random.default_rng(5)
    boxes = np.concatenate([rng.uniform(0, 96, (places, 2)), rng.uniform(2, 60, (places, 2))], axis=1)
    scores = rng.uniform(0, 0.5, (places, count)) ** 2
    scores[np.arange(places), rng.choice([0, 2, 5, 56], places)] = rng.uniform(0, 1, places)
    return np.concatenate([boxes, scores, rng.normal(size=(places, extra))], axis=1).T[None].astype(np.float32)


def letterboxed(size: tuple[int, int], into: tuple[int, int] = INPUT) -> tuple[int, int, int, int]:
    """Width and height of a frame in the input, and its corner there."""
    ratio = min(into[0] / size[0], into[1] / size[1])
    width, height = round(size[0] * ratio), round(size[1] * ratio)
    return width, height, (into[0] - width) // 2, (into[1] - height) // 2


def back(box: Array, size: tuple[int, int]) -> list[float]:
    width, height, x, y = letterboxed(size)
    place = [
        (box[0] - x) * size[0] / width,
        (box[1] - y) * size[1] / height,
        (box[2] - x) * size[0] / width,
        (box[3] - y) * size[1] / height,
    ]
    return cut(place, size)


def reference(
    rows: Array, size: tuple[int, int], conf: float, overlap: float
) -> list[tuple[float, str, list[float], int]]:
    """Finds (score, label, box in the frame, row), one place after another."""
    found = []
    for number, row in enumerate(rows[0].T):
        best = int(np.argmax(row[4:84]))
        if row[4 + best] > conf and COCO[best] in STREET:
            x, y, w, h = row[:4]
            found.append((float(row[4 + best]), COCO[best], (x - w / 2, y - h / 2, x + w / 2, y + h / 2), number))
    placed = [(score, label, back(box, size), n) for score, label, box, n in suppressed(found, overlap)]
    return [row for row in placed if row[2][2] > row[2][0] and row[2][3] > row[2][1]]


def assert_same(found: Detections, expected: list[tuple[float, str, list[float], int]]) -> None:
    assert len(expected) > 5
    assert found.labels.tolist() == [row[1] for row in expected]
    np.testing.assert_allclose(found.scores, [row[0] for row in expected], rtol=1e-6)
    np.testing.assert_allclose(found.boxes, [row[2] for row in expected], atol=1e-3)


@pytest.mark.parametrize("size", FRAMES)
@pytest.mark.parametrize(("conf", "overlap"), [(0.25, 0.7), (0.6, 0.3)])
def test_a_table_is_read_as_published(tmp_path: Path, size: tuple[int, int], conf: float, overlap: float) -> None:
    rows = table()
    detector = Yolo(model(tmp_path / "yolo.onnx", {"output0": rows}), conf=conf, overlap=overlap)
    [found] = detector.detect([noise(*size)])
    assert_same(found, reference(rows, size, conf, overlap))
    assert found.masks is None


def test_half_precision_is_read_as_well(tmp_path: Path) -> None:
    rows = table().astype(np.float16)
    [found] = Yolo(model(tmp_path / "half.onnx", {"output0": rows}, kind="float16")).detect([noise(96, 64)])
    assert_same(found, reference(rows.astype(np.float32), (96, 64), 0.25, 0.7))


def test_finds_that_the_model_has_made_distinct_are_taken_as_they_are(tmp_path: Path) -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :3] = [[10, 10, 50, 40, 0.9, 0], [11, 10, 50, 40, 0.8, 0], [0, 0, 9, 9, 0.7, 56]]
    [found] = Yolo(model(tmp_path / "nms.onnx", {"output0": rows})).detect([noise(96, 64)])
    assert found.boxes.tolist() == [[10, 10, 50, 40], [11, 10, 50, 40]]
    assert found.labels.tolist() == ["person", "person"]


# Masks


@pytest.mark.parametrize("size", FRAMES)
def test_masks_are_the_prototypes_weighed_at_every_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    rows = table(extra=8)
    prototypes = np.random.default_rng(6).normal(size=(1, 8, 16, 24)).astype(np.float32)
    detector = Yolo(model(tmp_path / "seg.onnx", {"output0": rows, "output1": prototypes}))
    [found] = detector.detect([noise(*size)])
    expected = reference(rows, size, 0.25, 0.7)
    assert_same(found, expected)
    assert found.masks is not None
    for mask, (_, _, box, number) in list(zip(found.masks, expected, strict=True))[:12]:
        cells = np.tensordot(rows[0, 84:, number], prototypes[0], axes=1)
        share = below_and_above(cells, box, size)
        assert mask is not None
        assert mask.box == (math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3]))
        sure = np.abs(share) > 1e-4
        assert ((mask.alpha == 255) == (share > 0))[sure].all()
        assert set(np.unique(mask.alpha)) <= {0, 255}


def below_and_above(cells: Array, box: list[float], size: tuple[int, int]) -> Array:
    """The value at the middle of every pixel of a box, between four cells each, one pixel after another."""
    width, height, x0, y0 = letterboxed(size)
    values = []
    for y in range(math.floor(box[1]), math.ceil(box[3])):
        v = min(max(((y + 0.5) * height / size[1] + y0) * 16 / 64 - 0.5, 0), 15)
        for x in range(math.floor(box[0]), math.ceil(box[2])):
            u = min(max(((x + 0.5) * width / size[0] + x0) * 24 / 96 - 0.5, 0), 23)
            i, j = min(int(v), 14), min(int(u), 22)
            a, b = v - i, u - j
            upper = cells[i, j] * (1 - b) + cells[i, j + 1] * b
            lower = cells[i + 1, j] * (1 - b) + cells[i + 1, j + 1] * b
            values.append(upper * (1 - a) + lower * a)
    return np.array(values).reshape(math.ceil(box[3]) - math.floor(box[1]), -1)


def test_an_empty_mask_is_none_so_that_the_box_is_hidden(tmp_path: Path) -> None:
    rows = np.zeros((1, 2, 7), np.float32)
    rows[0, :] = [[10, 10, 50, 40, 0.9, 0, 1], [50, 10, 90, 40, 0.8, 0, -1]]
    prototypes = np.ones((1, 1, 16, 24), np.float32)
    path = model(tmp_path / "seg.onnx", {"output0": rows, "output1": prototypes})
    [found] = Yolo(path).detect([noise(96, 64)])
    assert found.masks is not None
    first, second = found.masks
    assert first is not None
    assert first.alpha.shape == (30, 40)
    assert (first.alpha == 255).all()
    assert second is None


def test_masks_in_a_tile_are_moved_with_their_boxes(tmp_path: Path) -> None:
    rows = np.zeros((1, 2, 7), np.float32)
    rows[0, 0] = [20, 10, 50, 40, 0.9, 0, 1]
    prototypes = np.ones((1, 1, 16, 24), np.float32)
    path = model(tmp_path / "seg.onnx", {"output0": rows, "output1": prototypes})
    [found] = Tiled(Yolo(path), tile=(96, 96), overlap=0).detect([noise(192, 96)])
    assert found.masks is not None
    assert len(found) == 2
    for mask, box in zip(found.masks, found.boxes, strict=True):
        assert mask is not None
        assert mask.box == (math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3]))


def masked(boxes: list[list[float]], masks: tuple[Mask | None, ...]) -> Detections:
    scores = np.full(len(boxes), 0.5, np.float32)
    return Detections(np.array(boxes, np.float32), scores, np.full(len(boxes), "person"), masks=masks)


def test_the_mask_of_a_find_that_goes_is_added_to_the_one_that_stays() -> None:
    """Two persons, one before the other: their boxes may be told once, their pixels must all be hidden."""
    tall = Mask(10, 10, np.pad(np.full((40, 8), 255, np.uint8), ((0, 0), (0, 12))))
    small = Mask(22, 30, np.full((15, 10), 255, np.uint8))
    alone = Mask(80, 10, np.full((5, 5), 255, np.uint8))
    boxes = [[22, 30, 32, 45], [10, 10, 30, 50], [80, 10, 85, 15]]
    found = once(masked(boxes, (small, tall, alone)))
    assert found.boxes.tolist() == boxes[1:]
    assert found.masks is not None
    both, other = found.masks
    assert both is not None
    assert both.box == (10, 10, 32, 50)
    assert (both.alpha[:, :8] == 255).all()
    assert (both.alpha[20:35, 12:22] == 255).all()
    assert (both.alpha == 255).sum() == 40 * 8 + 15 * 10
    assert other is alone


@pytest.mark.parametrize("which", [0, 1])
def test_what_has_no_mask_hides_the_whole_box_with_it(which: int) -> None:
    mask = Mask(10, 10, np.full((20, 20), 255, np.uint8))
    masks = (None, mask) if which == 0 else (mask, None)
    found = once(masked([[10, 10, 30, 30], [10, 10, 31, 31]], masks))
    assert found.masks == (None,)


# Where things lie


@pytest.mark.parametrize("name", ["rgb24", "yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("size", "aspect"), [((640, 360), 1), ((180, 320), 1), ((352, 288), Fraction(16, 11)), ((90, 50), 1)]
)
def test_a_red_thing_is_where_the_model_sees_it(
    tmp_path: Path, name: str, turn: int, size: tuple[int, int], aspect: Fraction
) -> None:
    path = seeing(tmp_path / "red.onnx", (320, 256), ["cx", "cy", "w", "h"], [0.9, *[0.0] * 79], (0.35, 1.0))
    true = np.array([0.25 * size[0], 0.5 * size[1], 0.6 * size[0], 0.8 * size[1]]).round()
    [found] = Yolo(path).detect([red_thing(size, true, name, turn, Fraction(aspect))])
    step = max(size[0] * float(aspect) / 320, size[1] / 256, 1)
    # A sample of colour serves two pixels.
    step *= 1.01 if name == "rgb24" else 2.01
    np.testing.assert_allclose(found.boxes, true[None], atol=step)


def red_thing(size: tuple[int, int], box: Array, name: str, turn: int, aspect: Fraction) -> Frame:
    picture = np.full((size[1], size[0], 3), 60, np.uint8)
    x0, y0, x1, y1 = box.astype(int)
    picture[y0:y1, x0:x1] = (230, 20, 20)
    return framed(picture, name, turn, aspect)


# Classes and files


def test_names_come_from_the_models_own_metadata(tmp_path: Path) -> None:
    rows = np.array([[[10, 10, 50, 40, 0.9, 1]]], np.float32)
    path = model(tmp_path / "heads.onnx", {"output0": rows}, metadata={"names": "{0: 'helmet', 1: 'head'}"})
    detector = Yolo(path, classes={"head": "head"})
    assert detector.labels == {"head"}
    [found] = detector.detect([noise(96, 64)])
    assert found.labels.tolist() == ["head"]


def test_classes_of_one_label_suppress_each_other(tmp_path: Path) -> None:
    rows = np.zeros((1, 84, 2), np.float32)
    rows[0, :4] = [[40, 41], [30, 30], [40, 40], [30, 30]]
    rows[0, 4 + COCO.index("car"), 0] = 0.6
    rows[0, 4 + COCO.index("truck"), 1] = 0.8
    path = model(tmp_path / "van.onnx", {"output0": rows})
    assert [len(found) for found in Yolo(path).detect([noise(96, 64)])] == [2]
    [found] = Yolo(path, classes=classes.VEHICLES).detect([noise(96, 64)])
    assert found.labels.tolist() == ["vehicle"]
    assert found.scores.tolist() == pytest.approx([0.8])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": {"unicorn": "face"}}, "knows no unicorn"),
        ({"conf": 0}, "conf is a number between 0 and 1"),
        ({"overlap": 1.5}, "overlap is a number between 0 and 1"),
        ({"names": ["a"] * 81}, "81 names for 80 classes"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(tmp_path: Path, options: dict[str, object], message: str) -> None:
    path = model(tmp_path / "yolo.onnx", {"output0": table()})
    with pytest.raises(OptionError, match=message):
        Yolo(path, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outputs", "metadata"),
    [
        ({"output0": np.zeros((1, 56, 20), np.float32)}, {"task": "pose", "names": "{0: 'person'}"}),
        ({"output0": np.zeros((1, 80), np.float32)}, {}),
        ({"output0": table()}, {"names": "class_names()"}),
    ],
    ids=["pose", "no table", "names that are no names"],
)
def test_a_model_for_something_else_is_refused(
    tmp_path: Path, outputs: dict[str, Array], metadata: dict[str, str]
) -> None:
    with pytest.raises(WeightsError):
        Yolo(model(tmp_path / "other.onnx", outputs, metadata=metadata))


def test_numbers_that_are_none_stop_the_run(tmp_path: Path) -> None:
    rows = table()
    rows[0, 0, 3] = np.nan
    with pytest.raises(StageError, match="not finite"):
        Yolo(model(tmp_path / "nan.onnx", {"output0": rows})).detect([noise(96, 64)])


def test_a_table_of_another_size_than_announced_stops_the_run(tmp_path: Path) -> None:
    names = {"names": str(list(COCO))}
    path = model(tmp_path / "short.onnx", {"output0": table(count=79)}, metadata=names)
    with pytest.raises(StageError, match=r"\(1, 83, 150\), wanted \(1, 84, N\)"):
        Yolo(path).detect([noise(96, 64)])


def test_a_model_of_any_size_sees_as_much_as_is_needed(tmp_path: Path) -> None:
    rows = np.array([[[64, 32, 320, 128, 0.9, 0]]], np.float32)
    free = ("batch", 3, "height", "width")
    path = model(tmp_path / "dynamic.onnx", {"output0": rows}, shape=free, metadata={"imgsz": "[160, 320]"})
    # 320 x 150 of 320 x 160: five rows of grey above.
    for detector in (Yolo(path), Yolo(path, longest=320)):
        [found] = detector.detect([noise(640, 300)])
        np.testing.assert_allclose(found.boxes, [[128, 54, 640, 246]])
    [found] = Yolo(path, longest=640).detect([noise(640, 300)])
    np.testing.assert_allclose(found.boxes, [[64, 22, 320, 118]])


def test_it_keeps_the_contract(tmp_path: Path) -> None:
    prototypes = np.random.default_rng(6).normal(size=(1, 8, 16, 24)).astype(np.float32)
    check_detector(Yolo(model(tmp_path / "seg.onnx", {"output0": table(extra=8), "output1": prototypes})))
