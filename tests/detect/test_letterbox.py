"""What a model is shown of a frame, and that places come back to where they were, exact to a part of a pixel."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.detect.letterbox import Letterbox, fitted, shrunk
from passerby.testing import FORMATS

SIDES = st.integers(1, 300)


def blank(size: tuple[int, int], aspect: Fraction = Fraction(1)) -> Frame:
    return Frame((np.zeros((size[1], size[0], 3), np.uint8),), FORMATS["rgb24"], 0, 0, Fraction(1), 0, aspect)


def found(*boxes: tuple[float, ...]) -> Detections:
    rows = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(rows, np.full(len(rows), 0.5, np.float32), np.full(len(rows), "face"), rows.reshape(-1, 2, 2))


@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES), st.fractions(Fraction(1, 5), 5))
def test_a_frame_fits_and_its_corners_come_back(
    frame: tuple[int, int], size: tuple[int, int], aspect: Fraction
) -> None:
    box = fitted(blank(frame, aspect), size)
    assert box.inner[0] <= size[0]
    assert box.inner[1] <= size[1]
    assert box.inner[0] == size[0] or box.inner[1] == size[1]
    whole = box.back(found((0, 0, *box.inner)))
    np.testing.assert_allclose(whole.boxes, [(0, 0, *frame)], rtol=1e-6)
    assert whole.landmarks is not None
    np.testing.assert_allclose(whole.landmarks, [[(0, 0), frame]], rtol=1e-6)


@given(st.tuples(SIDES, SIDES), st.floats(1, 8), st.sampled_from([1, 32]))
def test_a_shrunken_frame_fills_its_picture_but_for_less_than_a_step(
    frame: tuple[int, int], shrink: float, multiple: int
) -> None:
    box = shrunk(blank(frame), shrink, multiple)
    for side, inner, whole in zip(frame, box.inner, box.size, strict=True):
        assert inner == max(round(side / shrink), 1)
        assert whole % multiple == 0
        assert 0 <= whole - inner < multiple


@pytest.mark.parametrize("size", [(640, 640), (320, 256), (100, 37)])
def test_the_edges_of_what_is_seen_lie_where_they_lay(size: tuple[int, int]) -> None:
    """The light that a square throws on a row tells its width to a small part of a pixel."""
    left, upper, right, lower = 300, 120, 501, 437
    picture = np.zeros((791, 1023, 3), np.uint8)
    picture[upper:lower, left:right] = 255
    frame = Frame((picture,), FORMATS["rgb24"], 0, 0, Fraction(1))
    box = fitted(frame, size)
    light = box.picture(frame)[..., 0].astype(np.float64) / 255
    rows, columns = light.max(axis=1), light.max(axis=0)
    # From either end to the square: what is dark, and what is dark of the pixels on its edge.
    x0, y0 = (1 - columns)[: columns.argmax()].sum(), (1 - rows)[: rows.argmax()].sum()
    seen = found((x0, y0, x0 + columns.sum(), y0 + rows.sum()))
    scale = max(frame.size[0] / box.inner[0], frame.size[1] / box.inner[1])
    np.testing.assert_allclose(box.back(seen).boxes, [(left, upper, right, lower)], atol=0.3 * max(scale, 1))


def test_what_is_left_of_the_picture_is_black() -> None:
    frame = Frame((np.full((30, 60, 3), 200, np.uint8),), FORMATS["rgb24"], 0, 0, Fraction(1))
    picture = fitted(frame, (64, 64)).picture(frame)
    assert picture.shape == (64, 64, 3)
    assert (picture[:32] == 200).all()
    assert (picture[32:] == 0).all()


def test_what_lies_beyond_the_frame_is_no_find() -> None:
    box = Letterbox((100, 50), (64, 32), (64, 64))
    back = box.back(found((10, 40, 20, 50), (10, 10, 20, 20), (60, 30, 70, 40), (30, 8, 30, 9)))
    np.testing.assert_allclose(back.boxes[:, 0], np.array([10, 60]) * 100 / 64)


@pytest.mark.parametrize(
    ("aspect", "inner"),
    [
        (Fraction(64, 45), (128, 72)),
        (Fraction(1, 2), (90, 144)),
        (Fraction(100), (128, 102)),
        (Fraction(1, 100), (128, 102)),
    ],
)
def test_pixels_become_square_unless_the_file_is_forged(aspect: Fraction, inner: tuple[int, int]) -> None:
    assert fitted(blank((720, 576), aspect), (128, 144)).inner == inner
