"""Squares around what is hidden: where they lie, how large they are, and what is grey in them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.core.errors import OptionError
from passerby.paint.diffusion import crops
from passerby.paint.diffusion.crops import Framing
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.cutting import clipped

PICTURE = (240, 320)
side = st.integers(1, 200)
sizes = st.tuples(st.integers(-50, 310), st.integers(-50, 230), side, side)


@given(sizes)
def test_a_crop_is_a_square_that_holds_what_is_hidden_with_room_around_it(where: Box) -> None:
    x, y, width, height = where
    box = (x, y, x + width, y + height)
    if box[2] <= 0 or box[3] <= 0 or x >= 320 or y >= 240:
        return
    x0, y0, x1, y1 = Framing().around(box, PICTURE)
    inside = (max(x, 0), max(y, 0), min(x + width, 320), min(y + height, 240))
    assert x1 - x0 == y1 - y0
    assert (min(x0, inside[0]), min(y0, inside[1]), max(x1, inside[2]), max(y1, inside[3])) == (x0, y0, x1, y1)
    assert x1 - x0 >= max(inside[2] - inside[0], inside[3] - inside[1]) + 64
    if x1 - x0 <= 240:
        assert clipped((x0, y0, x1, y1), PICTURE) == (x0, y0, x1, y1)


@pytest.mark.parametrize(("length", "wanted"), [(40, 256), (256, 256), (257, 384), (400, 512), (2000, 512)])
def test_the_model_is_given_no_more_pixels_than_it_needs(length: int, wanted: int) -> None:
    assert Framing().side((0, 0, length, length)) == wanted


@pytest.mark.parametrize("wrong", [{"context": 0.5}, {"margin_px": -1}, {"sides": (100,)}, {"sides": (512, 256)}])
def test_crops_that_no_model_takes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        Framing(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("pixels", [64, 96, 256])
def test_all_that_is_unknown_is_grey_and_hole_and_around_it_is_the_picture(pixels: int) -> None:
    picture = np.full((*PICTURE, 3), 200, np.uint8)
    unknown = np.zeros((96, 96), np.bool_)
    unknown[30:60, 30:50] = True
    picture[50:146, 100:196][unknown] = 128
    crop, hole = crops.shown(picture, unknown, (100, 50, 196, 146), pixels)
    assert crop.shape == (pixels, pixels, 3)
    share = hole.mean() / unknown.mean()
    assert 1 < share < 1.6
    assert (crop[hole] == 128).all()
    assert (np.abs(crop[~hole].astype(int) - 200) <= 1).all()  # no grey seeps out of the hole


def test_beyond_the_picture_its_edge_goes_on_and_so_does_a_hole_there() -> None:
    picture = np.arange(240, dtype=np.uint8)[:, None, None].repeat(320, 1).repeat(3, 2)
    unknown = np.zeros((64, 96), np.bool_)
    unknown[:8, 20:30] = True
    crop, hole = crops.shown(picture, unknown, (100, -32, 196, 64), 96)
    assert (crop[:28, 60:] == 0).all()
    assert hole[:32, 20:30].all()
    assert not hole[:, 40:].any()


def test_what_is_drawn_goes_on_around_the_hole_so_that_moving_it_shows_nothing_else() -> None:
    answer = np.full((96, 96, 3), 7, np.uint8)
    hole = np.zeros((96, 96), np.bool_)
    hole[30:60, 30:60] = True
    answer[hole] = 90
    assert (crops.drawn(answer, hole, (0, 0, 48, 48)) == 90).all()


def test_near_ones_of_one_class_share_a_crop_unless_they_overlap() -> None:
    framing = Framing()
    boxes = [(60, 60, 80, 84), (90, 62, 110, 86), (200, 60, 220, 84), (105, 70, 125, 94)]
    squares = [framing.around(box, PICTURE) for box in boxes]
    assert crops.together(boxes, ["face"] * 4, squares) == [[0, 1], [2], [3]]
    assert crops.together(boxes, ["face", "plate", "face", "face"], squares) == [[0], [1], [2], [3]]
