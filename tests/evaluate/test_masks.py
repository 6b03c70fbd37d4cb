"""How well a mask covers what a reference says."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import masks
from passerby.evaluate.goals import MASK_GOALS, judged
from passerby.evaluate.masks import MaskedFrame, Overlap


def square(x: int, y: int, side: int = 4, size: int = 10) -> np.ndarray:
    area = np.zeros((size, size), bool)
    area[y : y + side, x : x + side] = True
    return area


def blobs(seed: int, size: tuple[int, int] = (60, 80)) -> np.ndarray:
    random = np.random.default_rng(seed)
    area = np.zeros(size, bool)
    for _ in range(4):
        y, x = random.integers(0, size[0] - 10), random.integers(0, size[1] - 10)
        area[y : y + random.integers(3, 30), x : x + random.integers(3, 30)] = True
    return area


EMPTY, A, B = np.zeros((10, 10), bool), square(2, 2), square(4, 4)
FULL_AND_MISSED = [Overlap(10, 10, 10, 100), Overlap(0, 0, 2, 100)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Dice", 0.25), ("F1", 0.25), ("IoU", 1 / 7), ("pixel accuracy", 0.76), ("recall", 0.25), ("precision", 0.25)],
)
def test_two_squares_by_hand(name: str, expected: float) -> None:
    """T18"""
    assert masks.METRICS[name](masks.overlap(A, B)) == pytest.approx(expected, abs=1e-15)


def test_macro_and_micro_by_hand() -> None:
    """T18"""
    assert masks.macro(masks.dice, FULL_AND_MISSED) == 0.5
    assert masks.micro(masks.dice, FULL_AND_MISSED) == pytest.approx(20 / 22)


def test_frames_empty_in_both_do_not_count() -> None:
    frames = [*FULL_AND_MISSED, Overlap(0, 0, 0, 100)]
    assert masks.macro(masks.pixel_accuracy, frames) == pytest.approx((1 + 0.98) / 2)
    assert masks.micro(masks.pixel_accuracy, frames) == pytest.approx(198 / 200)
    for average in (masks.macro, masks.micro):
        with pytest.raises(NotMeasurable):
            average(masks.dice, frames[2:])


def test_what_is_not_in_the_reference_has_no_recall() -> None:
    only_ours = masks.overlap(A, EMPTY)
    assert masks.recall(only_ours) is None
    assert masks.dice(only_ours) == 0
    assert masks.precision(masks.overlap(EMPTY, B)) is None


@pytest.mark.parametrize("pair", [(A, square(2, 2, size=12)), (A.astype(np.uint8) * 255, B)])
def test_masks_that_cannot_be_counted_are_refused(pair: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="masks"):
        masks.overlap(*pair)


@pytest.mark.parametrize("seed", range(5))
def test_all_agree_with_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    ours, reference = blobs(seed), blobs(seed + 50)
    flat = reference.reshape(-1), ours.reshape(-1)
    expected = {
        "F1": metrics.f1_score(*flat),
        "IoU": metrics.jaccard_score(*flat),
        "recall": metrics.recall_score(*flat),
        "precision": metrics.precision_score(*flat),
        "pixel accuracy": metrics.accuracy_score(*flat),
    }
    found = {name: masks.METRICS[name](masks.overlap(ours, reference)) for name in expected}
    assert found == pytest.approx(expected)


def test_boundary_f_by_hand() -> None:
    """Of a square in the open: one moved by a pixel is the same within a pixel and not within none."""
    assert masks.boundary_f(square(5, 5, size=30), square(6, 5, size=30), tolerance=1) == 1
    assert masks.boundary_f(A, A) == 1
    assert masks.boundary_f(EMPTY, EMPTY) == 1
    assert masks.boundary_f(A, EMPTY) == masks.boundary_f(EMPTY, A) == 0
    assert masks.boundary_f(square(0, 0, size=40), square(30, 30, size=40)) == 0


@pytest.mark.filterwarnings("ignore")  # theirs, of their own dependencies
@pytest.mark.parametrize("seed", range(5))
def test_boundary_f_is_that_of_trackeval(seed: int) -> None:
    theirs = pytest.importorskip("trackeval.metrics.j_and_f").JAndF
    coded = pytest.importorskip("pycocotools.mask")
    ours, reference = blobs(seed), blobs(seed + 50)
    one, other = ([[coded.encode(np.asfortranarray(area, np.uint8))]] for area in (ours, reference))
    [expected] = theirs._compute_f(other, one, 0, 0, masks.TOLERANCE)
    assert masks.boundary_f(ours, reference) == pytest.approx(expected, abs=1e-12)


def row(sequence: str, frame: int, ours: np.ndarray, reference: np.ndarray, where: str, faces: int) -> MaskedFrame:
    counts = masks.overlap(ours, reference)
    return MaskedFrame(sequence, frame, counts, masks.boundary_f(ours, reference), where, faces)


def test_a_report_has_every_environment_and_number_of_faces() -> None:
    rows = [
        row("s1", 0, A, A, "Lab", 1),
        row("s1", 1, A, B, "Lab", 2),
        row("s2", 0, EMPTY, B, "Hallway", 1),
        row("s2", 1, EMPTY, EMPTY, "Hallway", 0),
    ]
    figures = {figure.name: figure for figure in masks.figures(rows)}
    assert figures["Dice"].value == pytest.approx((1 + 0.25 + 0) / 3)
    assert figures["Dice, micro"].value == pytest.approx(2 * 20 / (32 + 48))
    assert figures["Dice, Lab"].value == pytest.approx(0.625)
    assert figures["recall, Hallway"].value == 0
    assert figures["IoU, 1 face"].value == 0.5
    assert figures["IoU, micro, 2 faces"].value == pytest.approx(1 / 7)
    assert figures["Dice"].n == 3
    assert "1 of 4 frames left out: empty in both" in figures["Dice"].notes
    assert masks.CIRCULAR in figures["Dice"].notes
    assert (figures["Dice"].low, figures["Dice"].high) == (0, 0.625)
    assert figures["Dice, 0 faces"].value is None
    assert figures["precision, Hallway"].missing


def test_the_goals_are_judged_by_the_mean_of_the_frames() -> None:
    verdicts = judged(MASK_GOALS, masks.figures([row("s", 0, A, A, "", 1), row("s", 1, A, square(2, 3), "", 1)]))
    assert [verdict.passed for verdict in verdicts] == [False, True, True]
