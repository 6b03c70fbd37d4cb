"""What is hidden holds the thing, and is soft on the outside only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.core.errors import OptionError
from passerby.mask.shapes import HeadOval, Rectangle

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


@given(box)
def test_the_head_oval_of_the_default_size_holds_the_whole_face_box(box):
    assert hidden_share(HeadOval().mask(box), box) == 1


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


@pytest.mark.parametrize("shape", [HeadOval, Rectangle])
@pytest.mark.parametrize("wrong", [{"grow": -0.1}, {"grow": 6}, {"grow": float("nan")}, {"feather": 2}])
def test_senseless_sizes_are_refused(shape, wrong):
    with pytest.raises(OptionError):
        shape(**wrong)
