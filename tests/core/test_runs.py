"""Pixels as run lengths: the same pixels come back, and nothing that is moved or put together loses any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.core.regions import Mask
from passerby.core.runs import Runs

WIDTH, HEIGHT = SIZE = 13, 9
BOX = np.array([2, 1, 9, 8], np.float32)

pictures = st.lists(st.integers(0, 1), min_size=WIDTH * HEIGHT, max_size=WIDTH * HEIGHT).map(
    lambda bits: np.array(bits, bool).reshape(HEIGHT, WIDTH)
)
corners = st.tuples(st.floats(-6, 6, width=32), st.floats(-6, 6, width=32))
zooms = st.floats(0.5, 2.5, width=32)


def runs(picture):
    return Runs.of(Mask(0, 0, picture.astype(np.uint8)), SIZE)


def drawn(some, size=SIZE):
    """The picture that runs stand for, (height, width)."""
    whole = np.zeros(size[::-1], bool)
    mask = some.mask()
    x0, y0, x1, y1 = mask.box
    assert set(np.unique(mask.alpha)) <= {0, 255}
    whole[y0:y1, x0:x1] = mask.alpha == 255
    return whole


def counted(picture):
    """Run lengths as COCO's documentation tells of them, pixel by pixel."""
    counts, inside = [0], False
    for pixel in picture.T.ravel():
        if pixel != inside:
            counts.append(0)
            inside = not inside
        counts[-1] += 1
    return counts


@given(pictures)
def test_the_same_pixels_come_back(picture):
    it = runs(picture)
    assert np.array_equal(drawn(it), picture)
    assert it.counts.tolist() == counted(picture)
    assert it.area == picture.sum()


@given(pictures, pictures, pictures)
def test_together_they_hold_all_that_any_of_them_holds(a, b, c):
    whole = Runs.union([runs(a), runs(b), runs(c)])
    assert np.array_equal(drawn(whole), a | b | c)
    assert whole.counts.tolist() == counted(a | b | c)


@given(pictures, st.integers(-20, 20), st.integers(-20, 20))
def test_moved_by_whole_pixels_it_stays_as_it_is(picture, dx, dy):
    moved = runs(picture).mapped(BOX, BOX + np.array([dx, dy, dx, dy], np.float32))
    wanted = np.zeros_like(picture)
    for y, x in zip(*np.nonzero(picture), strict=True):
        if 0 <= x + dx < WIDTH and 0 <= y + dy < HEIGHT:
            wanted[y + dy, x + dx] = True
    assert np.array_equal(drawn(moved), wanted)


@given(pictures, corners, zooms, zooms)
def test_moved_and_scaled_it_holds_every_pixel_that_it_touches(picture, corner, wider, higher):
    now = np.array([*corner, corner[0] + 7 * wider, corner[1] + 7 * higher], np.float32)
    moved = drawn(runs(picture).mapped(BOX, now))
    scale = (now[2:] - now[:2]).astype(float) / 7
    for y, x in zip(*np.nonzero(picture), strict=True):
        low = now[:2] + (np.array([x, y]) - BOX[:2]) * scale
        middle = low + scale / 2
        for spot in (low + 0.01, middle, low + scale - 0.01):
            across, down = np.floor(spot).astype(int)
            if 0 <= across < WIDTH and 0 <= down < HEIGHT:
                assert moved[down, across]


def test_what_is_over_the_edge_is_cut_off():
    over = Runs.of(Mask(-2, 5, np.full((9, 4), 7, np.uint8)), SIZE)
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[5:, :2] = True
    assert np.array_equal(drawn(over), wanted)
    assert Runs.of(Mask(40, 40, np.full((3, 3), 255, np.uint8)), SIZE).area == 0


@pytest.mark.parametrize(
    "counts",
    [[], [WIDTH * HEIGHT - 1], [WIDTH * HEIGHT + 1], [3, 0, WIDTH * HEIGHT - 3], [[WIDTH * HEIGHT]], [2**32 - 1, 2]],
    ids=["none", "too few", "too many", "an empty run", "two axes", "far too many"],
)
def test_counts_that_are_not_of_the_frame_are_refused(counts):
    with pytest.raises(ValueError, match="do not add up"):
        Runs(SIZE, np.array(counts, np.uint32))
