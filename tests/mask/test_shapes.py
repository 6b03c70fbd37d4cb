"""What is hidden holds the thing, and is soft on the outside only."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.core.errors import OptionError
from passerby.core.regions import Mask
from passerby.core.runs import Runs
from passerby.mask import shapes
from passerby.mask.shapes import HeadOval, Polygon, Rectangle, Silhouette, WholeHead

sides = st.floats(3, 400)
box = st.tuples(st.floats(-100, 500), st.floats(-100, 500), sides, sides).map(
    lambda b: np.array([b[0], b[1], b[0] + b[2], b[1] + b[3]], np.float32)
)


def hidden_share(mask, box):
    """The share of the pixels inside `box` that are hidden altogether."""
    x0, y0, x1, y1 = np.floor(box[:2]).astype(int).tolist() + np.ceil(box[2:]).astype(int).tolist()
    inside = mask.alpha[y0 - mask.y : y1 - mask.y, x0 - mask.x : x1 - mask.x]
    assert inside.shape == (y1 - y0, x1 - x0), "the mask is smaller than the box"
    return (inside == 255).mean()


def picture(mask, size):
    """The mask as far as it lies in a frame of `size`."""
    canvas = np.zeros(size[::-1], np.uint8)
    x0, y0, x1, y1 = mask.box
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, size[0]), min(y1, size[1])
    if left < right and top < bottom:
        canvas[top:bottom, left:right] = mask.alpha[top - y0 : bottom - y0, left - x0 : right - x0]
    return canvas


@settings(deadline=None)
@given(box, st.floats(0, 1), st.floats(0, 1))
def test_a_head_oval_holds_the_whole_face_box_however_little_it_grows(box, grow, crown):
    assert hidden_share(HeadOval(grow=grow, crown=crown).mask(box), box) == 1


@settings(deadline=None)
@given(box, box, st.floats(0, 1))
def test_a_box_around_two_faces_leaves_neither_of_them_open(one, other, grow):
    both = np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])
    mask = HeadOval(grow=grow).mask(both)
    assert hidden_share(mask, one) == hidden_share(mask, other) == 1


@settings(deadline=None, max_examples=200)
@given(box, st.floats(0, 1), st.floats(0, 0.3), st.tuples(st.integers(20, 500), st.integers(20, 500)))
def test_at_an_edge_of_the_picture_no_less_is_hidden_than_elsewhere(box, grow, crown, size):
    shape = HeadOval(grow=grow, crown=crown)
    elsewhere, here = picture(shape.mask(box), size), picture(shape.mask(box, size), size)
    assert (here[elsewhere == 255] == 255).all()


@pytest.mark.parametrize("gap", [-8, 0, 3])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_head_at_an_edge_is_hidden_up_to_the_edge(side, gap):
    """Where the edge cuts a head in two it is as tall as it gets: that is where an oval of its box would end."""
    size, turns = (300, 300), {"right": 0, "top": 1, "left": 2, "bottom": 3}[side]
    boxes = {
        "right": (220, 100, 300 - gap, 190),
        "left": (gap, 100, 80, 190),
        "top": (100, gap, 190, 80),
        "bottom": (100, 220, 190, 300 - gap),
    }
    hidden = np.rot90(picture(HeadOval(crown=0).mask(np.array(boxes[side], np.float32), size), size), -turns)
    assert (hidden[:, -1] == 255).sum() > 1.4 * 90


@given(box, st.floats(0, 1), st.floats(0, 0.5))
def test_a_rectangle_holds_the_grown_box(box, grow, feather):
    margin = (box[2:] - box[:2]) * grow * 0.999
    grown = np.concatenate([box[:2] - margin, box[2:] + margin])
    assert hidden_share(Rectangle(grow=grow, feather=feather).mask(box), grown) == 1


def test_growing_by_a_third_adds_thirty_per_cent_on_each_side():
    mask = Rectangle(grow=0.3, feather=0).mask(np.array([100, 100, 200, 200], np.float32))
    assert mask.box == (70, 70, 230, 230)


@given(box, st.floats(0.02, 0.5))
def test_a_soft_edge_takes_nothing_from_what_is_hidden(box, feather):
    hard, soft = HeadOval(feather=0).mask(box), HeadOval(feather=feather).mask(box)
    edge = hard.x - soft.x
    inner = soft.alpha[edge : edge + hard.alpha.shape[0], edge : edge + hard.alpha.shape[1]]
    assert (inner >= np.where(hard.alpha == 255, 255, 0)).all()


@pytest.mark.parametrize(
    "shape", [HeadOval(), WholeHead(), Rectangle(), HeadOval(grow=2, feather=1), Rectangle(grow=2)]
)
@settings(deadline=None, max_examples=50)
@given(box=box)
def test_knowing_the_frame_uncovers_nothing_in_it_and_bounds_the_mask(shape, box):
    width, height = frame = 120, 90
    whole, bounded = (picture(shape.mask(box, size), frame) for size in (None, frame))
    assert (bounded[whole == 255] == 255).all()
    assert shape.mask(box, frame).alpha.size <= 9 * width * height


@pytest.mark.parametrize("shape", [HeadOval(), Rectangle()])
@given(left=st.integers(94, 130))
def test_a_mask_across_the_frames_edge_is_whole(shape, left):
    """Effects lay their grid over the mask: it must not change where the thing leaves the picture."""
    mask, first = (shape.mask(np.array([x, 30, x + 24, 60], np.float32), (120, 90)) for x in (left, 94))
    np.testing.assert_array_equal(mask.alpha, first.alpha)
    assert mask.x - left == first.x - 94


@pytest.mark.parametrize("shape", [HeadOval(), Rectangle()])
def test_large_masks_are_drawn_in_little_memory_and_not_kept(shape):
    tracemalloc.start()
    try:
        for side in range(1500, 1505):
            mask = shape.mask(np.array([0, 0, side, side], np.float32))
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now < 1.5 * mask.alpha.size
    assert peak < 3 * mask.alpha.size


@pytest.mark.parametrize("shape", [HeadOval(), Rectangle()])
def test_small_and_large_masks_are_drawn_alike(shape, monkeypatch):
    box = np.array([3, 5, 203, 255], np.float32)
    at_once = shape.mask(box)
    monkeypatch.setattr(shapes, "SMALL", 1000)
    np.testing.assert_array_equal(shape.mask(box).alpha, at_once.alpha)


@settings(deadline=None)
@given(box, st.floats(0, 1))
def test_a_whole_head_holds_the_face_and_its_oval_and_goes_on_behind_it(box, grow):
    face, head = HeadOval(grow=grow).mask(box), WholeHead(grow=grow).mask(box)
    assert hidden_share(head, box) == 1
    assert (head.x, head.y) <= (face.x, face.y)
    assert head.box[2:] >= face.box[2:]
    side = max(box[2:] - box[:2])
    assert min(head.box[2] - head.x, head.box[3] - head.y) >= side


FRAME = 120, 90
PERSON = np.array([30, 20, 60, 80], np.float32)


def standing(box=PERSON):
    """A head, a body and two legs in a box."""
    x0, y0, x1, y1 = (int(side) for side in box)
    alpha = np.zeros((y1 - y0, x1 - x0), np.uint8)
    alpha[:12, 10:20] = alpha[12:40] = alpha[40:, :8] = alpha[40:, -8:] = 255
    return Runs.of(Mask(x0, y0, alpha), FRAME)


def away(pixels):
    """How far every pixel of the frame is from the thing, by trying all."""
    inside = np.stack(np.nonzero(picture(pixels.mask(), FRAME)), axis=1)
    spots = np.stack(np.meshgrid(np.arange(90), np.arange(120), indexing="ij"), axis=-1)
    return np.sqrt(((spots[:, :, None] - inside) ** 2).sum(axis=-1)).min(axis=-1)


@pytest.mark.parametrize("feather_px", [0, 1, 6])
@pytest.mark.parametrize(("grow", "pad_px"), [(0, 0), (0.1, 0), (0, 4), (0.2, 3)])
def test_a_silhouette_hides_all_pixels_within_its_reach_and_fades_out_beyond(grow, pad_px, feather_px):
    it = Silhouette(grow=grow, pad_px=pad_px, feather_px=feather_px)
    alpha, far = picture(it.mask(PERSON, FRAME, standing()), FRAME), away(standing())
    reach = np.ceil(np.float32(grow) * 30) + pad_px
    assert (alpha[far <= reach] == 255).all()
    assert (alpha[far > reach + feather_px + 1] == 0).all()
    soft = alpha[(far > reach + 0.01) & (far < reach + feather_px)]
    assert ((soft > 0) & (soft < 255)).all()


@pytest.mark.parametrize("shape", [Silhouette(grow=0.1), Polygon(grow=0.1)])
def test_a_silhouette_has_the_room_of_the_box_so_that_cells_do_not_jump(shape):
    whole = shape.mask(PERSON, FRAME)
    assert whole.box == Rectangle(grow=0.1).mask(PERSON, FRAME).box
    x0, y0, x1, y1 = shape.mask(PERSON, FRAME, standing()).box
    assert (x0, y0) <= whole.box[:2]
    assert (x1, y1) >= whole.box[2:]


blots = st.lists(
    st.tuples(st.integers(0, 119), st.integers(0, 89), st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=6
)


@settings(deadline=None, max_examples=200)
@given(blots, st.floats(0.01, 1), st.floats(0, 0.3))
def test_a_polygon_hides_whatever_the_silhouette_does(blots, rough, grow):
    alpha = np.zeros((90, 120), np.uint8)
    for x, y, width, height in blots:
        alpha[y : y + height : 2, x : x + width] = alpha[y : y + height, x] = 255
    pixels, wanted = Runs.of(Mask(0, 0, alpha), FRAME), {"grow": grow, "feather_px": 2}
    polygon = picture(Polygon(rough=rough, **wanted).mask(PERSON, FRAME, pixels), FRAME)
    assert (polygon >= picture(Silhouette(**wanted).mask(PERSON, FRAME, pixels), FRAME)).all()


def test_a_polygon_has_few_corners_and_goes_around_each_part():
    alpha = np.zeros((90, 120), np.uint8)
    cv2.circle(alpha, (30, 45), 24, 255, cv2.FILLED)
    cv2.circle(alpha, (90, 45), 24, 255, cv2.FILLED)
    pixels, box = Runs.of(Mask(0, 0, alpha), FRAME), np.array([6, 21, 114, 69], np.float32)
    hidden = picture(Polygon(grow=0, feather=0).mask(box, FRAME, pixels), FRAME)
    parts, _ = cv2.findContours(hidden, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    round_ones, _ = cv2.findContours(alpha, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    assert len(parts) == 2
    assert not hidden[:, 60].any()
    assert max(len(cv2.approxPolyDP(part, 1.5, True)) for part in parts) <= 10
    assert min(len(cv2.approxPolyDP(part, 1.5, True)) for part in round_ones) > 10
    assert hidden.astype(bool).sum() < 1.35 * alpha.astype(bool).sum()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2)])
def test_a_polygon_fits_into_the_smallest_picture(size):
    pixels = Runs.of(Mask(0, 0, np.full(size[::-1], 255, np.uint8)), size)
    assert (picture(Polygon().mask(np.array([0, 0, *size], np.float32), size, pixels), size) == 255).all()


@pytest.mark.parametrize(
    "pixels", [None, Runs.of(Mask(0, 0, np.zeros((2, 2), np.uint8)), FRAME)], ids=["none", "empty"]
)
def test_without_pixels_a_silhouette_is_the_grown_box(pixels):
    it, box = Silhouette(grow=0.1), Rectangle(grow=0.1)
    np.testing.assert_array_equal(it.mask(PERSON, FRAME, pixels).alpha, box.mask(PERSON, FRAME).alpha)


def test_a_silhouette_asks_for_no_more_room_than_any_other_shape():
    mask = Silhouette(grow=5, pad_px=1000, feather_px=1000).mask(PERSON, FRAME, standing())
    assert mask.alpha.size <= 9 * 120 * 90


@pytest.mark.parametrize("shape", [HeadOval, Rectangle])
@given(box=box, pad_px=st.integers(0, 30))
def test_padding_adds_pixels_on_every_side(shape, box, pad_px):
    x0, y0, x1, y1 = shape(feather=0).mask(box).box
    assert shape(feather=0, pad_px=pad_px).mask(box).box == (x0 - pad_px, y0 - pad_px, x1 + pad_px, y1 + pad_px)


@pytest.mark.parametrize("shape", [HeadOval, Rectangle])
@given(box=box, feather_px=st.integers(0, 30))
def test_a_soft_edge_of_some_pixels_lies_outside(shape, box, feather_px):
    hard, soft = shape(feather_px=0).mask(box), shape(feather_px=feather_px).mask(box)
    height, width = hard.alpha.shape
    assert (hard.x - soft.x, hard.y - soft.y) == (feather_px, feather_px)
    inner = soft.alpha[feather_px : feather_px + height, feather_px : feather_px + width]
    assert (inner >= np.where(hard.alpha == 255, 255, 0)).all()


@pytest.mark.parametrize("shape", [HeadOval, Rectangle, Silhouette, Polygon])
@pytest.mark.parametrize(
    "wrong", [{"grow": -0.1}, {"grow": 6}, {"grow": float("nan")}, {"feather": 2}, {"pad_px": -1}, {"feather_px": 1001}]
)
def test_senseless_sizes_are_refused(shape, wrong):
    with pytest.raises(OptionError):
        shape(**wrong)
