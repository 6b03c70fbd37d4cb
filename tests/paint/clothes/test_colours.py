"""New colours are far from the old ones, and each style has its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.core.parsing import GROUPS
from passerby.paint.clothes import oklab, styles

STYLES = ("random", "formal", "sport", "casual")
EVERY = np.stack(np.meshgrid(*[np.arange(0, 256, 15)] * 3, indexing="ij"), axis=-1).astype(np.uint8).reshape(-1, 3)


@pytest.mark.parametrize(
    ("light", "lab"),
    [((1, 1, 1), (1, 0, 0)), ((0, 0, 0), (0, 0, 0)), ((1, 0, 0), (0.62796, 0.22486, 0.12585))],
)
def test_known_colours_lie_where_they_are_known_to(light, lab):
    """White, black, and red as CSS Color 4 has them."""
    assert oklab.from_light(np.array(light, np.float32)) == pytest.approx(lab, abs=2e-5)


def test_colours_come_back_as_they_were():
    assert (oklab.encoded(oklab.to_light(oklab.from_picture(EVERY))) == EVERY).all()


@pytest.mark.parametrize("colour", [(0.5, 0.1, 0.1), (0.9, 0.02, 0.0), (0.62, 0.2, 0.12)])
def test_a_cloth_keeps_its_hue_in_every_light(colour):
    lab = oklab.from_picture(oklab.ramp(np.array(colour), 256, 1.5))
    lit = lab[(lab[:, 0] > 0.3) & (np.hypot(lab[:, 1], lab[:, 2]) > 0.01)]
    hues = np.arctan2(lit[:, 2], lit[:, 1])
    assert np.abs(hues - np.arctan2(colour[2], colour[1])).max() < 0.2
    assert (np.diff(lab[:, 0]) > -1e-3).all()


@given(
    was=st.tuples(*[st.integers(0, 255)] * 3),
    style=st.sampled_from(STYLES),
    group=st.sampled_from(GROUPS),
    seed=st.integers(0, 2**64 - 1),
)
def test_no_new_colour_is_near_the_old_one(was, style, group, seed):
    lab = oklab.from_picture(np.array(was, np.uint8))
    fabric = styles.fabric(style, group, seed, lab)
    assert min(oklab.distance(fabric.colour, lab), oklab.distance(fabric.second, lab)) >= styles.AWAY
    assert fabric == styles.fabric(style, group, seed, lab)


def test_styles_differ_as_they_are_named():
    """What is worn for sport is the most colourful, what is formal the least, and the darkest."""

    def worn(style: str) -> np.ndarray:
        far = np.array([0.5, 0.3, 0.3])
        return np.array([styles.fabric(style, group, seed, far).colour for seed in range(60) for group in GROUPS[:2]])

    chroma = {style: float(np.hypot(*worn(style).T[1:]).mean()) for style in STYLES}
    assert chroma["formal"] < 0.5 * chroma["casual"] < 0.5 * chroma["sport"]
    assert np.median(worn("formal")[:, 0]) < np.median(worn("sport")[:, 0])
    assert np.hypot(*worn("random").T[1:]).max() <= 0.13


@pytest.mark.parametrize("weave", ["plain", "pinstripe", "stripes", "checks", "knit", "denim"])
@pytest.mark.parametrize("side", [9, 64, 150])
def test_a_weave_goes_on_over_the_edges_of_its_tile(weave, side):
    tile = styles.tile(weave, 3, side)
    for picture in (tile.second.astype(int), tile.grain.astype(int)):
        inside, over = np.abs(np.diff(picture, axis=1)).max(), np.abs(picture[:, 0] - picture[:, -1]).max()
        assert over <= inside + 12
    assert abs(float(tile.grain.mean()) - styles.MIDDLE) < 2
