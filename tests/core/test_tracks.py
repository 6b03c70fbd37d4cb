"""Sightings with and without masks: chosen, joined and united, no row loses what hides it."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.regions import Mask
from passerby.core.runs import Runs
from passerby.core.tracks import Sightings, Track, united

SIZE = 40, 30


def square(x):
    return Runs.of(Mask(x, 5, np.full((4, 4), 255, np.uint8)), SIZE)


def rows(*masks, frames=None, bare=False):
    n = len(masks)
    column = np.full(n, None)
    column[:] = masks
    boxes = np.array([[i, 2, i + 10, 12] for i in range(n)], np.float32)
    return Sightings(
        np.ones(n, np.int64), np.arange(n) if frames is None else np.array(frames), boxes, np.ones(n, np.float32),
        np.zeros(n, np.uint8), np.full(n, "person"), None if bare else column,
    )  # fmt: skip


def test_masks_go_with_their_rows():
    a, b = square(1), square(9)
    both = rows(a, None, b)
    assert both[np.array([2, 0])].masks.tolist() == [b, a]
    assert both[both.frames > 1].masks.tolist() == [b]
    assert Sightings.concat([both, rows(None, bare=True)]).masks.tolist() == [a, None, b, None]
    assert Sightings.concat([rows(None, bare=True), rows(None, bare=True)]).masks is None
    assert Track.of(both, 4).rows().masks.tolist() == [a, None, b]


@pytest.mark.parametrize(
    ("masks", "area"),
    [((square(1), square(9)), 32), ((square(1), square(3)), 24), ((square(1), None), None), ((None, None), None)],
    ids=["apart", "over each other", "one without", "both without"],
)
def test_of_one_frame_all_that_is_known_is_hidden(masks, area):
    whole = united(rows(*masks, frames=(7, 7)), np.array([0]))
    assert whole.boxes.tolist() == [[0, 2, 11, 12]]
    if area is None:
        assert whole.masks is None
    else:
        assert whole.masks[0].area == area
