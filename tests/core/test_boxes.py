"""Boxes: half-open, so that width is x1 - x0."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from passerby.core import boxes as bx

corners = hnp.arrays(np.float32, st.tuples(st.integers(0, 12), st.just(4)), elements=st.floats(0, 500, width=32))


def ordered(raw):
    """Boxes with x0 <= x1 and y0 <= y1, at least a pixel large."""
    return np.concatenate([np.minimum(raw[:, :2], raw[:, 2:]), np.maximum(raw[:, :2], raw[:, 2:]) + 1], axis=1)


def array(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


def test_overlap_of_two_known_boxes():
    assert bx.iou(array([0, 0, 10, 10]), array([5, 0, 15, 10])).tolist() == [[np.float32(50 / 150)]]


def test_touching_boxes_share_nothing():
    assert bx.iou(array([0, 0, 10, 10]), array([10, 0, 20, 10])).item() == 0


def test_growing_adds_the_share_on_each_side():
    assert bx.grow(array([10, 10, 20, 30]), 0.5).tolist() == [[5, 0, 25, 40]]


@given(corners.map(ordered), st.floats(0, 1))
def test_suppression_keeps_the_best_and_nothing_that_overlaps_it(boxes, overlap):
    scores = np.linspace(1, 0.1, len(boxes)).astype(np.float32)
    kept = bx.suppress(boxes, scores, overlap)
    among = bx.iou(boxes[kept], boxes[kept])
    assert (among[~np.eye(len(kept), dtype=bool)] <= overlap).all()
    if len(boxes):
        assert kept[0] == 0
        # Whatever went overlaps something better that stayed.
        for row in set(range(len(boxes))) - set(kept.tolist()):
            better = kept[kept < row]
            assert (bx.iou(boxes[[row]], boxes[better]) > overlap).any()


@given(corners.map(ordered), corners.map(ordered))
def test_a_union_holds_both_boxes(a, b):
    n = min(len(a), len(b))
    both = bx.union(a[:n], b[:n])
    assert (both[:, :2] <= np.minimum(a[:n, :2], b[:n, :2])).all()
    assert (both[:, 2:] >= np.maximum(a[:n, 2:], b[:n, 2:])).all()
