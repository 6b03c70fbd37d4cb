"""The drawn persons themselves: what is said of them is true of their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_dressed import MONK, Person, dressed, walking


def test_garments_skin_and_hair_share_no_pixel_but_at_edges():
    drawn = dressed(persons=[Person(hat=(200, 0, 0), bag=(90, 60, 20))])
    sums = np.sum([*drawn.garments.values(), drawn.skin, drawn.hair], axis=0, dtype=int)
    assert set(drawn.garments) == {"upper", "lower", "shoes", "headwear", "bag"}
    assert sums.max() <= 257
    assert (np.abs(sums - drawn.each[0]) <= 2 * 255 / 16).all()


@pytest.mark.parametrize("tone", MONK)
def test_skin_has_its_tone_and_a_garment_its_colour(tone):
    drawn = dressed(persons=[Person(tone=tone, upper=(20, 160, 70))], light=0, noise=0)
    assert np.abs(np.median(drawn.picture[drawn.skin == 255], axis=0) - tone).max() <= 1
    assert np.abs(np.median(drawn.picture[drawn.garments["upper"] == 255], axis=0) - (20, 160, 70)).max() <= 8


def test_a_dress_is_one_garment():
    assert set(dressed(persons=[Person(dress=True)]).garments) == {"whole", "shoes"}


def test_who_walks_moves_with_the_box():
    boxes = [dressed(persons=[person]).boxes[0] for person in walking(Person(at=(0.3, 0.04)), 5, step=0.05)]
    assert np.all(np.diff([box[[0, 2]].mean() for box in boxes]) > 5)


def test_who_stands_before_hides_who_stands_behind():
    drawn = dressed(persons=[Person(at=(0.4, 0.04)), Person(at=(0.5, 0.04))])
    assert not np.any((drawn.each[0] > 200) & (drawn.each[1] > 200))
    assert len(drawn.boxes) == len(drawn.faces) == 2
