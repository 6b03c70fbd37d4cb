"""What a judge takes for faces may be none; that is told apart from leaks."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_frames import found

from passerby.evaluate import doubt
from passerby.evaluate.people import Appearances

BOX, ELSEWHERE = (10.0, 10.0, 30.0, 30.0), (60.0, 10.0, 80.0, 30.0)


def seen(*people: int, box: tuple[float, ...] = BOX) -> Appearances:
    """Somebody in each frame."""
    count = len(people)
    boxes = np.tile(np.array(box, np.float32), (count, 1))
    return Appearances(count, (100, 50), np.arange(count), np.array(people), boxes, np.ones(count, bool))


def test_who_is_seen_clearly_once_is_clear_throughout_and_whom_somebody_told_as_well() -> None:
    scores = np.array([0.6, 0.8, 0.7, 0.79, np.nan], np.float32)
    assert doubt.clearly(seen(0, 0, 1, 1, 2), scores).tolist() == [True, True, False, False, True]


def test_a_poster_that_shows_is_no_leak_of_a_clear_face() -> None:
    """0 is hidden but for hair, 1 is hidden, 2 is a poster."""
    faces = seen(0, 0, 1, 2)
    shares, scores = np.array([0.7, 1, 1, 0], np.float32), np.array([0.9, 0.6, 0.9, 0.7], np.float32)
    values = {figure.name: (figure.value, figure.n) for figure in doubt.figures(faces, shares, scores)}
    assert values == {
        "any-leak rate, clear faces": (1 / 2, 2),
        "bare at least once, clear faces": (0, 2),
        "finds that may be no face": (1 / 3, 3),
    }
    shares[0] = 0.4
    assert doubt.figures(faces, shares, scores)[1].value == 1 / 2


def test_without_a_clear_face_there_is_no_rate_of_them() -> None:
    rates = doubt.figures(seen(0), np.zeros(1, np.float32), np.array([0.7], np.float32))
    assert [figure.value for figure in rates] == [None, None, 1]


def test_finds_are_held_against_a_truth() -> None:
    """Of three finds one is on somebody."""
    truth = seen(0, 0)
    finds = [found(np.array(BOX, np.float32), np.array(ELSEWHERE, np.float32)), found(np.array(ELSEWHERE, np.float32))]
    figure = doubt.mistakes(["a"], [truth], [finds])
    assert (figure.value, figure.n) == (pytest.approx(2 / 3), 3)
    assert doubt.mistakes(["a"], [truth], [[finds[0][:0], finds[1][:0]]]).missing == "the judge found nothing"
