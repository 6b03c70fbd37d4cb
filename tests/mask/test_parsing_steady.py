"""What a parser tells is steadied along tracks: less flicker, no gap, nothing painted where an arm has come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest
from drawn_dressed import Person, dressed, walking

from passerby.core.errors import OptionError
from passerby.core.parsing import Garment, Parsed
from passerby.core.pixels import placed
from passerby.core.regions import Mask
from passerby.mask.parsing_steady import FORGOTTEN, Smoothing, Steady

SIZE = (320, 360)
WHOLE = (0, 0, *SIZE)
STEP = 4
"""Pixels from frame to frame."""


def flicker(masks: Sequence[np.ndarray]) -> float:
    """The mean change from frame to frame of what `film` shows, as a share of what is worn; frames moved back first."""
    still = [np.roll(mask.astype(float), -STEP * i, axis=1) for i, mask in enumerate(masks)]
    changes = [np.abs(after - before).mean() for before, after in pairwise(still)]
    return float(np.mean(changes) / np.mean([mask.mean() for mask in still]))


def trembling(drawn, rng):
    """What a parser tells that errs at edges, in spots, and about where the waist is."""
    waist = round(0.5 * SIZE[1] + rng.integers(-9, 10))
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)
    down, across = (cv2.resize(rng.normal(0, 1.5, (12, 12)).astype(np.float32), SIZE) for _ in range(2))
    worn = np.maximum(drawn.garments["upper"], drawn.garments["lower"])
    worn = cv2.remap(worn, columns + across, rows + down, cv2.INTER_LINEAR)
    for y, x in zip(*rng.integers(0, 300, (2, 40)), strict=True):
        worn[y : y + 3, x : x + 3] = 0
    parts = {"upper": worn * (rows < waist), "lower": worn * (rows >= waist)}
    return Parsed(tuple(Garment(group, Mask(0, 0, part.astype(np.uint8))) for group, part in parts.items()))


def whole(parsed, group):
    found = [placed(garment.mask, WHOLE) for garment in parsed.garments if garment.group == group]
    return found[0] if found else np.zeros(SIZE[::-1], np.uint8)


def film(count=12):
    """Somebody who is carried to the right."""
    carried = [Person(at=(0.35 + STEP * i / SIZE[0], 0.04)) for i in range(count)]
    return [dressed(SIZE, [person], seed=i) for i, person in enumerate(carried)]


@pytest.mark.parametrize("group", ["upper", "lower"])
def test_masks_flicker_less_along_a_track(group):
    drawn, rng, steady = film(), np.random.default_rng(0), Steady()
    told = [trembling(one, rng) for one in drawn]
    steadied = [steady.step([7], one.boxes, [parsed])[0] for one, parsed in zip(drawn, told, strict=True)]
    before, after = (flicker([whole(parsed, group) for parsed in some]) for some in (told, steadied))
    assert after < 0.6 * before


def test_masks_cover_no_less_of_what_somebody_wears_who_walks():
    walk = [dressed(SIZE, [person], seed=i) for i, person in enumerate(walking(Person(at=(0.35, 0.04)), 12))]
    rng, steady = np.random.default_rng(0), Steady()
    for one in walk:
        told = trembling(one, rng)
        [steadied] = steady.step([7], one.boxes, [told])
        sums = [sum(whole(parsed, group).astype(int) for group in ("upper", "lower")) for parsed in (told, steadied)]
        worn = np.maximum(one.garments["upper"], one.garments["lower"]) == 255
        assert np.minimum(sums[1], 255)[worn].sum() >= 0.98 * np.minimum(sums[0], 255)[worn].sum()
        assert sums[1].max() <= 257


def test_an_arm_that_comes_before_a_garment_is_left_alone_at_once():
    worn = np.zeros(SIZE[::-1], np.uint8)
    worn[100:250, 100:220] = 255
    crossed = worn.copy()
    crossed[160:185, 80:240] = 0
    box = np.array([[90, 40, 230, 340]], np.float32)
    steady = Steady()
    for mask in (worn, worn, worn):
        steady.step([1], box, [Parsed((Garment("upper", Mask(0, 0, mask)),))])
    [parsed] = steady.step([1], box, [Parsed((Garment("upper", Mask(0, 0, crossed)),))])
    assert not whole(parsed, "upper")[161:184].any()  # a parser keeps further than a pixel off


def test_a_narrow_gap_of_one_frame_is_filled():
    worn = np.zeros(SIZE[::-1], np.uint8)
    worn[100:250, 100:220] = 255
    torn = worn.copy()
    torn[170:173] = 0
    box = np.array([[90, 40, 230, 340]], np.float32)
    steady = Steady()
    for mask in (worn, worn, worn):
        steady.step([1], box, [Parsed((Garment("upper", Mask(0, 0, mask)),))])
    [parsed] = steady.step([1], box, [Parsed((Garment("upper", Mask(0, 0, torn)),))])
    assert whole(parsed, "upper")[171, 110:210].min() > 100


def test_masks_move_and_grow_with_their_box_while_nothing_is_told():
    worn = np.zeros(SIZE[::-1], np.uint8)
    worn[100:200, 100:140] = 255
    steady = Steady(Smoothing(hold_frames=2))
    steady.step([1], np.array([[90, 50, 150, 250]], np.float32), [Parsed((Garment("upper", Mask(0, 0, worn)),))])
    moved = np.array([[120, 60, 240, 360]], np.float32)
    [first], [second], [third] = (steady.step([1], moved, [None]) for _ in range(3))
    assert first.garments[0].group == "upper"
    inside = whole(first, "upper") > 127
    rows, columns = np.nonzero(inside.any(axis=1))[0], np.nonzero(inside.any(axis=0))[0]
    assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == pytest.approx((135, 285, 150, 210), abs=1)
    assert second is not None
    assert third is None


def test_a_garment_that_the_parser_misses_is_where_it_was():
    """A coat that is not told of is a coat that is seen."""
    drawn, steady = film(4 + Smoothing().hold_frames), Steady()
    for i, one in enumerate(drawn):
        worn = {group: mask for group, mask in one.garments.items() if i < 2 or group != "upper"}
        told = Parsed(tuple(Garment(group, Mask(0, 0, mask)) for group, mask in worn.items()))
        [answer] = steady.step([7], one.boxes, [told])
        covered = (whole(answer, "upper")[one.garments["upper"] == 255] > 127).mean()
        assert covered > 0.9 if i < 2 + Smoothing().hold_frames else covered < 0.1
        lower = one.garments["lower"] == 255
        assert (whole(answer, "lower")[lower] > 127).mean() > 0.9


def test_what_one_wore_is_not_another_s_and_ends_with_the_shot():
    worn = np.full((100, 40), 255, np.uint8)
    box = np.array([[90, 50, 150, 250]], np.float32)
    steady = Steady()
    steady.step([1], box, [Parsed((Garment("upper", Mask(100, 100, worn)),))])
    assert steady.step([2], box, [None]) == [None]
    steady.cut()
    assert steady.step([1], box, [None]) == [None]
    assert steady.step([], np.zeros((0, 4), np.float32), []) == []


def test_who_was_not_seen_for_long_is_begun_anew():
    box = np.array([[90, 50, 150, 250]], np.float32)
    steady = Steady()
    steady.step([1], box, [Parsed((Garment("upper", Mask(100, 100, np.full((100, 40), 255, np.uint8))),))])
    for _ in range(FORGOTTEN):
        steady.step([], np.zeros((0, 4), np.float32), [])
    assert steady.step([1], box, [None]) == [None]


def test_the_first_frame_is_as_it_was_told():
    [drawn] = film(1)
    told = trembling(drawn, np.random.default_rng(0))
    [parsed] = Steady().step([1], drawn.boxes, [told])
    for group in ("upper", "lower"):
        inside = np.zeros(SIZE[::-1], bool)
        x0, y0, x1, y1 = drawn.boxes[0].astype(int)
        inside[y0:y1, x0:x1] = True
        assert np.abs(whole(parsed, group).astype(int) - whole(told, group))[inside].max() <= 10


@pytest.mark.parametrize("options", [{"edges": 1.0}, {"groups": -0.1}, {"hold_frames": -1}])
def test_a_past_that_makes_no_sense_is_refused(options):
    with pytest.raises(OptionError):
        Smoothing(**options)
