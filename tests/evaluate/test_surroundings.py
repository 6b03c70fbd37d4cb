"""What is left around a hidden face tells people apart, and that is told beside what the face itself gives away."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from passerby.evaluate.surroundings import GREY, surroundings

SIDE = 112


def crop() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)


@pytest.mark.parametrize("cells", [1, 4])
def test_nothing_of_what_was_hidden_is_left_and_all_around_it_is(cells: int) -> None:
    """Cells that look as the face did are covered with the others."""
    original = crop()
    original[40:72, 40:72] = 90
    hidden = original.copy()
    inner = hidden[24:88, 24:88]
    small = cv2.resize(inner, (cells, cells), interpolation=cv2.INTER_AREA)
    hidden[24:88, 24:88] = cv2.resize(small, (64, 64), interpolation=cv2.INTER_NEAREST)
    hidden[40:72, 40:72] = 90
    left = surroundings(original, hidden)
    assert (left[24:88, 24:88] == GREY).all()
    assert (left[:8] == original[:8]).all()
    assert (left[:, -8:] == original[:, -8:]).all()


def test_where_nothing_is_hidden_all_is_left() -> None:
    original = crop()
    assert (surroundings(original, original) == original).all()
