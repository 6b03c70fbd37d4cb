"""What counts as left over: pixels outdo plans, half a face is half a face, and in doubt it is one."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_frames import RGB, found, frame
from drawn_plans import plan, track

from passerby.core.plan import Decision
from passerby.leftovers.judges import GRID, ByPlan, covered, detail_left, flat_share
from passerby.leftovers.look import Judges
from passerby.leftovers.verdict import Fate
from passerby.mask.shapes import Rectangle

FACE = cv2.GaussianBlur(np.random.default_rng(3).uniform(0, 255, (GRID, GRID)), (0, 0), 1.2)


def cells(number):
    """The face as so many flat cells across and down."""
    small = cv2.resize(FACE, (number, number), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (GRID, GRID), interpolation=cv2.INTER_NEAREST)


def half(cover):
    return np.where(np.arange(GRID)[None] < GRID // 2, FACE, cover)


SEEN = [
    ("as it was", FACE, 1, 1),
    ("after an encoder", FACE + np.random.default_rng(1).normal(0, 2, FACE.shape), 0.9, 1),
    ("darker", FACE - 40, 0.99, 1),
    ("two cells", cells(2), 0, 0.1),
    ("four cells", cells(4), 0, 0.2),
    ("thirty-two cells", cells(32), 0.99, 1),
    ("black", np.zeros_like(FACE), 0, 0.01),
    ("another face", FACE[::-1, ::-1], 0, 0.2),
    ("half black", half(0.0), 0.25, 0.6),
]


@pytest.mark.parametrize(("now", "least", "most"), [row[1:] for row in SEEN], ids=[row[0] for row in SEEN])
def test_how_much_of_a_face_is_left(now, least, most):
    assert least <= detail_left(FACE, now) <= most + 1e-9


def there(*boxes):
    return found(*(np.array(box, np.float32) for box in boxes))


SHAPES = {"face": Rectangle(grow=0.3, feather=0)}
HIDDEN_BOX, ELSEWHERE, HALF_OUT = (105, 50, 145, 90), (400, 50, 440, 90), (135, 50, 175, 90)


@pytest.mark.parametrize(
    ("decisions", "box", "fate"),
    [
        ((), HIDDEN_BOX, Fate.HIDDEN),
        ((), ELSEWHERE, None),
        ((), HALF_OUT, None),
        ((Decision(False, 1),), HIDDEN_BOX, Fate.KEPT),
        ((Decision(False, 1),), ELSEWHERE, None),
    ],
)
def test_a_plan_knows_what_is_hidden_and_what_is_kept(decisions, box, fate):
    judge = ByPlan(plan(track(1, 0, 10), decisions=decisions), SHAPES)
    assert judge.judge(frame(RGB, (640, 360), index=5), there(box)) == [fate]


def test_who_is_kept_stays_so_beside_somebody_hidden():
    """Their masks reach over each other."""
    both = plan(track(1, 0, 10), track(2, 0, 10, x=130), decisions=(Decision(False, 1),))
    assert ByPlan(both, SHAPES).judge(frame(RGB, (640, 360), index=5), there(HIDDEN_BOX)) == [Fate.KEPT]


def test_a_plan_is_of_the_original_size():
    judge = ByPlan(plan(track(1, 0, 10)), SHAPES)
    smaller = np.array(HIDDEN_BOX) / 2
    assert judge.judge(frame(RGB, (320, 180), index=5), there(smaller)) == [Fate.HIDDEN]


def test_in_frames_of_which_the_plan_says_nothing_nothing_is_hidden():
    judge = ByPlan(plan(track(1, 0, 10)), SHAPES)
    assert judge.judge(frame(RGB, (640, 360), index=20), there(HIDDEN_BOX)) == [None]


class Says:
    """A judge that always says the same."""

    def __init__(self, fate):
        self.fate = fate

    def judge(self, frame, found):
        return [self.fate] * len(found)


@pytest.mark.parametrize(
    ("by_plan", "by_original", "fate"),
    [
        (None, None, Fate.LEFT_OVER),
        (Fate.HIDDEN, None, Fate.LEFT_OVER),
        (Fate.HIDDEN, Fate.CHANGED, Fate.HIDDEN),
        (Fate.KEPT, None, Fate.KEPT),
        (None, Fate.CHANGED, Fate.CHANGED),
    ],
)
def test_pixels_outdo_the_plan(by_plan, by_original, fate):
    """A plan that was never painted hides nobody."""
    judges = Judges(plan=Says(by_plan), original=Says(by_original))
    assert judges.fates(frame(), there(HIDDEN_BOX)) == [fate]


def test_without_knowledge_every_find_is_left_over():
    assert Judges().fates(frame(), there(HIDDEN_BOX, ELSEWHERE)) == [Fate.LEFT_OVER] * 2
    assert Judges(plan=Says(Fate.HIDDEN)).fates(frame(), there(HIDDEN_BOX)) == [Fate.HIDDEN]


def test_coverage_counts_what_is_hidden_in_full_inside_of_the_frame():
    mask = SHAPES["face"].mask(np.array([0, 0, 10, 10], np.float32))
    assert covered(np.array([-5, -5, 10, 10], np.float32), [mask], (100, 100)) == 1
    assert covered(np.array([3, 0, 23, 10], np.float32), [mask], (100, 100)) == pytest.approx(0.5)
    assert covered(np.array([50, 50, 60, 60], np.float32), [mask], (100, 100)) == 0


def test_cells_are_flat_and_faces_are_not():
    picture = np.kron(np.random.default_rng(0).integers(0, 255, (4, 4)), np.ones((16, 16))).astype(np.uint8)
    grey = replace(frame(RGB, (64, 64)), planes=(np.repeat(picture[..., None], 3, axis=2),))
    whole = np.array([0, 0, 64, 64], np.float32)
    assert flat_share(grey, whole) > 0.9
    assert flat_share(frame(RGB, (64, 64)), whole) < 0.2
