"""An answer that could leave something uncovered is refused where it is made."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_frames import found

from passerby.core.detections import Detections
from passerby.core.errors import StageError
from passerby.core.regions import Mask

BOXES = np.array([[0, 0, 10, 10], [5, 5, 20, 20]], np.float32)
SCORES = np.array([0.9, 0.5], np.float32)
LABELS = np.array(["face", "face"])


@pytest.mark.parametrize(
    ("boxes", "scores", "labels", "landmarks"),
    [
        (BOXES[:1], SCORES, LABELS, None),
        (BOXES[:, :3], SCORES, LABELS, None),
        (BOXES, SCORES, LABELS[:1], None),
        (BOXES * np.nan, SCORES, LABELS, None),
        (BOXES + np.inf, SCORES, LABELS, None),
        (BOXES, SCORES * np.nan, LABELS, None),
        (BOXES, SCORES, LABELS, np.zeros((1, 5, 2), np.float32)),
    ],
    ids=["a box short", "three sides", "a label short", "NaN box", "endless box", "NaN score", "landmarks short"],
)
def test_a_broken_answer_stops_the_run(boxes, scores, labels, landmarks):
    with pytest.raises(StageError):
        Detections(boxes, scores, labels, landmarks)


def test_rows_are_chosen_together():
    chosen = Detections(BOXES, SCORES, LABELS)[np.array([1])]
    assert chosen.boxes.tolist() == [[5, 5, 20, 20]]
    assert len(chosen) == 1


def test_joined_parts_keep_every_row():
    assert len(Detections.concat([found(*BOXES), Detections.none(), found(BOXES[0])])) == 3
    assert len(Detections.concat([])) == 0


# Masks

MASK = Mask(3, 4, np.full((2, 3), 255, np.uint8))


def test_masks_go_with_their_rows():
    both = Detections(BOXES, SCORES, LABELS, masks=(None, MASK))
    assert both[np.array([1, 0])].masks == (MASK, None)
    assert both[np.array([False, True])].masks == (MASK,)
    assert both[slice(None, None, -1)].masks == (MASK, None)
    assert both[:0].masks == ()


def test_joined_parts_keep_the_masks_that_there_are():
    masked = Detections(BOXES, SCORES, LABELS, masks=(MASK, None))
    joined = Detections.concat([found(BOXES[0]), masked, Detections.none()])
    assert joined.masks == (None, MASK, None)
    assert Detections.concat([found(BOXES[0]), found(BOXES[1])]).masks is None


@pytest.mark.parametrize(
    "masks",
    [(MASK,), (MASK, Mask(0, 0, np.zeros((2, 3, 1), np.uint8))), (MASK, Mask(0, 0, np.zeros((2, 3), bool)))],
    ids=["a mask short", "three axes", "not uint8"],
)
def test_broken_masks_stop_the_run(masks):
    with pytest.raises(StageError, match="mask"):
        Detections(BOXES, SCORES, LABELS, masks=masks)
