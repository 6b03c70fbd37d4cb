"""A film is known again by what is left of it, and another one is not taken for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn_frames import RGB

from passerby.core.frame import Frame
from passerby.leftovers.resemblance import Resemblance


def shown(picture: np.ndarray) -> Frame:
    return Frame((np.dstack([picture] * 3).astype(np.uint8),), RGB, 0, 0, None, 0)


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> np.ndarray:
    coarse = np.random.default_rng(seed).uniform(0, 255, (48, 64))
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).clip(0, 255)


def hidden(seed: int, share: float) -> np.ndarray:
    picture = scene(seed)
    picture[:, : round(320 * share)] = 90
    return picture


def cells(picture: np.ndarray, side: int) -> np.ndarray:
    small = cv2.resize(picture, (320 // side, 240 // side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (320, 240), interpolation=cv2.INTER_NEAREST)


FLAT = np.full((240, 320), 90.0)
CASES = [
    ("as it was", scene(0), scene(0), False),
    ("after a coarse encoder", scene(0), scene(0) + np.random.default_rng(9).normal(0, 12, (240, 320)), False),
    ("made smaller", scene(0), scene(0, (160, 120)), False),
    ("darker", scene(0), scene(0) * 0.5, False),
    ("four fifths hidden", scene(0), hidden(0, 0.8), False),
    ("blurred all over", scene(0), cv2.GaussianBlur(scene(0), (0, 0), 320 / 40), False),
    ("a mosaic all over", scene(0), cells(scene(0), 20), False),
    ("noise all over", scene(0), scene(0) + np.random.default_rng(9).normal(0, 100, (240, 320)), False),
    ("hidden altogether", scene(0), FLAT, True),
    ("another one", scene(0), scene(1), True),
    ("mirrored", scene(0), scene(0)[:, ::-1], True),
    ("of a plain wall nothing can be told", FLAT, scene(1), False),
    ("nor where most is plain", hidden(0, 0.7), scene(1), False),
]


@pytest.mark.parametrize(("before", "after", "none"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_is_left_of_a_film_tells_it(before: np.ndarray, after: np.ndarray, none: bool) -> None:
    resemblance = Resemblance()
    resemblance.add(shown(before), shown(after.clip(0, 255)))
    assert resemblance.none is none


def test_one_frame_that_is_as_it_was_is_enough() -> None:
    resemblance = Resemblance()
    resemblance.add(shown(scene(0)), shown(FLAT))
    resemblance.add(shown(scene(2)), shown(scene(2)))
    assert not resemblance.none
    assert not Resemblance().none, "nothing was compared"
