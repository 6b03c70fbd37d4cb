"""How well a detector still finds people."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest

from passerby.core.detections import Detections
from passerby.core.errors import NotMeasurable
from passerby.evaluate import coco
from passerby.evaluate.coco import Matchable

BOX = np.array([[0, 0, 10, 10]], float)
NO = np.zeros(1, bool)


def found(
    boxes: np.ndarray, scores: list[float], true: np.ndarray = BOX, ignored: np.ndarray | None = None
) -> Matchable:
    crowd = np.zeros(len(true), bool)
    return Matchable(
        coco.box_overlaps(boxes, true, crowd), np.array(scores, float), crowd if ignored is None else ignored, crowd
    )


def test_oks_by_hand() -> None:
    """T22: A nose ten pixels off, of somebody 100 x 100 pixels large."""
    value = coco.oks(
        np.array([[[10.0, 0.0]]]),
        np.zeros((1, 1, 2)),
        np.ones((1, 1), bool),
        np.array([1e4]),
        np.array([[0, 0, 100, 100]]),
        np.array([0.026]),
    )
    assert value.item() == pytest.approx(0.15738, abs=5e-6)
    assert coco.SIGMAS[0] == 0.026


def test_points_that_the_truth_does_not_show_do_not_count() -> None:
    pose = np.array([[[0.0, 0.0], [500.0, 0.0]]])
    seen = np.array([[True, False]])
    box = np.array([[0, 0, 100, 100]])
    assert coco.oks(pose, np.zeros((1, 2, 2)), seen, np.array([1e4]), box, np.array([0.026, 0.026])).item() == 1


@pytest.mark.parametrize(
    ("boxes", "scores", "ap", "ap50"),
    [
        ([[0, 0, 10, 10]], [0.9], 1, 1),
        ([[0, 0, 10, 8]], [0.9], 0.7, 1),  # an IoU of 0.8 passes 7 of 10 thresholds
        ([[50, 0, 60, 10], [0, 0, 10, 10]], [0.9, 0.8], 0.5, 0.5),
        ([[0, 0, 10, 10], [50, 0, 60, 10]], [0.9, 0.8], 1, 1),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0.9, 0.8], 1, 1),
        ([[50, 0, 60, 10]], [0.9], 0, 0),
        ([], [], 0, 0),
    ],
)
def test_average_precision_by_hand(boxes: list[list[float]], scores: list[float], ap: float, ap50: float) -> None:
    precision = coco.average_precision({"face": [found(np.array(boxes).reshape(-1, 4), scores)]})
    assert (precision.ap, precision.ap50, precision.truths) == (pytest.approx(ap), pytest.approx(ap50), 1)


def test_what_is_ignored_is_neither_right_nor_wrong() -> None:
    two = np.array([[0, 0, 10, 10], [50, 0, 60, 10]], float)
    picture = found(two, [0.5, 0.9], two, np.array([False, True]))
    assert coco.average_precision({"face": [picture]}).ap == 1


def test_classes_count_the_same_and_those_without_a_truth_do_not() -> None:
    none = found(BOX, [0.9], np.zeros((0, 4)))
    classes = {"face": [found(BOX, [0.9])], "plate": [found(BOX + 90, [0.9])], "car": [none]}
    assert coco.average_precision(classes).ap == 0.5
    with pytest.raises(NotMeasurable):
        coco.average_precision({"car": [none]})


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="wanted"):
        Matchable(np.zeros((2, 1)), np.zeros(3), NO, NO)


def test_retention_is_after_over_before() -> None:
    clips = ["a", "a", "b"]
    before = {"face": [found(BOX, [0.9])] * 3}
    after = {"face": [found(BOX, [0.9]), found(BOX + 90, [0.3]), found(BOX, [0.9])]}
    one, other, ratio = coco.retention(before, after, clips)
    assert (one.name, one.value) == ("box mAP before", 1)
    assert other.value == ratio.value == pytest.approx(67 / 101)  # recalls up to 2/3
    assert (ratio.low, ratio.high) == (pytest.approx(51 / 101), 1)


def test_clips_without_anything_to_be_found_promise_no_interval() -> None:
    """They count for their false finds, but drawn alone they say nothing."""
    empty = found(BOX, [0.95], np.zeros((0, 4)))
    clips = ["cars", "cars", "none", "nor here"]
    before = {"vehicle": [found(BOX, [0.9]), found(BOX, [0.9]), empty, empty]}
    after = {"vehicle": [found(BOX, [0.9]), found(BOX + 90, [0.3]), empty, empty]}
    for figure in coco.retention(before, after, clips):
        assert (figure.low, figure.high, figure.n) == (None, None, 2)
        assert figure.notes == ("one clip alone gives no interval",)
    assert coco.retention(before, after, clips)[0].value == pytest.approx(0.5)  # two false finds come first


def test_a_detector_that_found_nothing_before_has_no_ratio() -> None:
    nothing = {"face": [found(BOX + 90, [0.9])]}
    *_, ratio = coco.retention(nothing, nothing, ["a"])
    assert ratio.value is None
    empty = {"face": [found(BOX, [0.9], np.zeros((0, 4)))]}
    assert [figure.value for figure in coco.retention(empty, empty, ["a"])] == [None] * 3
    with pytest.raises(ValueError, match="wanted 2"):
        coco.retention(nothing, nothing, ["a", "b"])


def seen(*rows: tuple[str, float, float]) -> Detections:
    """Boxes of ten pixels by label, place and score."""
    boxes = np.array([(x, 0, x + 10, 10) for _, x, _ in rows], np.float32).reshape(-1, 4)
    return Detections(boxes, np.array([row[2] for row in rows], np.float32), np.array([row[0] for row in rows], str))


def test_detections_are_matched_with_those_of_their_label() -> None:
    true = seen(("face", 0, 1), ("plate", 50, 1))
    pictures = [coco.by_label(true, true), coco.by_label(seen(("face", 50, 0.9)), true), coco.by_label(seen(), seen())]
    classes = coco.gathered(pictures)
    assert list(classes) == ["face", "plate"]
    assert [len(rows) for rows in classes.values()] == [3, 3]
    assert coco.average_precision(classes).ap == pytest.approx(51 / 101)  # half of the faces and half of the plates


def test_a_label_that_nobody_has_after_is_no_error() -> None:
    with pytest.raises(ValueError, match="1 truths before and 0 after"):
        coco.retention({"face": [found(BOX, [0.9])]}, {}, ["a"])
    before = {"face": [found(BOX, [0.9])], "dog": [found(BOX, [0.2], np.zeros((0, 4)))]}
    *_, ratio = coco.retention(before, {"face": before["face"]}, ["a"])
    assert ratio.value == 1


def drawn(seed: int, poses: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Truths and detections of two classes in twelve pictures, with crowds, as COCO writes them."""
    random = np.random.default_rng(seed)
    truths: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for picture in range(12):
        for _ in range(random.integers(0, 6)):
            x, y, width, height = *random.uniform(0, 60, 2), *random.uniform(10, 50, 2)
            points = np.column_stack([random.uniform(x, x + width, 17), random.uniform(y, y + height, 17)])
            seen = random.integers(0, 3, 17) * (random.random() > 0.15)
            truth = {
                "id": len(truths) + 1,
                "image_id": picture,
                "category_id": 1 if poses else int(random.integers(1, 3)),
                "bbox": [x, y, width, height],
                "area": float(width * height * 0.7),
                "iscrowd": int(random.random() < 0.1),
            }
            if poses:
                truth["keypoints"] = np.column_stack([points, seen]).reshape(-1).tolist()
                truth["num_keypoints"] = int((seen > 0).sum())
            truths.append(truth)
            for _ in range(random.integers(0, 3)):
                moved = points + random.normal(0, random.uniform(0, 3), points.shape)
                shift = random.normal(0, 3, 4)
                answers.append(
                    {
                        "image_id": picture,
                        "category_id": truth["category_id"],
                        "bbox": [x + shift[0], y + shift[1], width + shift[2], height + shift[3]],
                        "score": float(random.integers(1, 20) / 20),
                        "keypoints": np.column_stack([moved, np.ones(17)]).reshape(-1).tolist(),
                    }
                )
    return truths, answers


def corners(rows: list[dict[str, Any]]) -> np.ndarray:
    boxes = np.array([row["bbox"] for row in rows], float).reshape(-1, 4)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def matchable(truths: list[dict[str, Any]], answers: list[dict[str, Any]], poses: bool) -> Matchable:
    crowd = np.array([row["iscrowd"] for row in truths], bool)
    scores = np.array([row["score"] for row in answers], float)
    if not poses:
        return Matchable(coco.box_overlaps(corners(answers), corners(truths), crowd), scores, crowd, crowd)
    points = np.array([row["keypoints"] for row in truths], float).reshape(-1, 17, 3)
    guessed = np.array([row["keypoints"] for row in answers], float).reshape(-1, 17, 3)
    areas = np.array([row["area"] for row in truths], float)
    seen = points[..., 2] > 0
    alike = coco.oks(guessed[..., :2], points[..., :2], seen, areas, corners(truths))
    return Matchable(alike, scores, crowd | ~seen.any(axis=1), crowd)


def theirs(package: str, truths: list[Any], answers: list[Any], poses: bool) -> list[float]:
    if package == "pycocotools":
        holder = pytest.importorskip("pycocotools.coco").COCO
        evaluator = pytest.importorskip("pycocotools.cocoeval").COCOeval
    else:
        library = pytest.importorskip(package)
        holder, evaluator = library.COCO, library.COCOeval_faster
    with redirect_stdout(io.StringIO()):
        data = holder()
        data.dataset = {
            "info": {},
            "images": [{"id": i, "width": 200, "height": 200} for i in range(12)],
            "categories": [{"id": i, "name": str(i)} for i in (1, 2)],
            "annotations": truths,
        }
        data.createIndex()
        kind = "keypoints" if poses else "bbox"
        rows = [{key: row[key] for key in ("image_id", "category_id", "score", kind)} for row in answers]
        run = evaluator(data, data.loadRes(rows), kind)
        run.params.areaRng, run.params.areaRngLbl = run.params.areaRng[:1], ["all"]
        run.evaluate()
        run.accumulate()
    precision = np.asarray(run.eval["precision"])[..., -1]
    return [float(part[part > -1].mean()) for part in (precision, precision[0], precision[5])]


@pytest.mark.filterwarnings("ignore")  # theirs, of their own dependencies
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("poses", [False, True], ids=["boxes", "poses"])
@pytest.mark.parametrize("package", ["pycocotools", "faster_coco_eval"])
def test_average_precision_is_that_of_the_libraries(seed: int, poses: bool, package: str) -> None:
    truths, answers = drawn(seed, poses)
    expected = theirs(package, truths, answers, poses)
    classes = {
        str(kind): [
            matchable(
                [row for row in truths if (row["image_id"], row["category_id"]) == (picture, kind)],
                [row for row in answers if (row["image_id"], row["category_id"]) == (picture, kind)],
                poses,
            )
            for picture in range(12)
        ]
        for kind in (1, 2)
    }
    ours = coco.average_precision(classes, coco.MOST_POSES if poses else coco.MOST_BOXES)
    assert [ours.ap, ours.ap50, ours.ap75] == pytest.approx(expected, abs=1e-9)
