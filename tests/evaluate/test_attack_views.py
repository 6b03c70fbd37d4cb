"""People cut out of a finished file are attacked by what its earlier part, and the original's, tell of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate.attack_views import attack_views
from passerby.evaluate.pairs import Views

PEOPLE, SIDE = 6, 40


class Pixels:
    model = "pixels"

    def embed(self, crops):
        rows = [cv2.resize(crop, (16, 16)).astype(np.float32).ravel() - 128 for crop in crops]
        return np.append(np.array(rows), np.ones((len(rows), 1), np.float32), axis=1)


def person(number, frame):
    own = np.random.default_rng(number).uniform(0, 255, (8, 8, 3))
    grain = np.random.default_rng((number, frame)).normal(0, 5, (SIDE, SIDE, 3))
    return np.clip(np.kron(own, np.ones((5, 5, 1))) + grain, 0, 255).astype(np.uint8)


def views(hide, frames=10, people=PEOPLE):
    each = [(n, t) for t in range(frames) for n in range(people)]
    originals = tuple(person(*row) for row in each)
    # Of many sizes, as people are who walk.
    sized = tuple(cv2.resize(crop, (SIDE + i % 7, SIDE)) for i, crop in enumerate(originals))
    numbers, times = (np.array(column, np.int64) for column in zip(*each, strict=True))
    return Views(10 + 3 * numbers, times, sized, tuple(hide(crop) for crop in sized))


@pytest.mark.parametrize(
    ("hide", "least", "most"),
    [(lambda crop: crop, 1, 1), (np.zeros_like, 1 / PEOPLE, 1 / PEOPLE), (lambda crop: 255 - crop, 1, 1)],
    ids=["nothing", "black", "negative"],
)
def test_the_worst_attacker_on_a_file(hide, least, most):
    result = attack_views(views(hide), Pixels(), name="out.mp4")
    assert result.operator == "out.mp4"
    assert result.invalid == ()
    assert least - 1e-9 <= result.worst.value <= most + 1e-9
    assert result.worst.n == PEOPLE


def test_who_is_asked_about_more_often_does_not_count_more():
    """Else a fill would come out at the share of whomever it looks like, and the control would fail."""
    everyone = views(np.zeros_like)
    some = np.flatnonzero((everyone.identities == 10) | (everyone.frames % 2 == 0))
    fewer = Views(
        everyone.identities[some],
        everyone.frames[some],
        *(tuple(side[i] for i in some) for side in (everyone.originals, everyone.anonymized)),
    )
    result = attack_views(fewer, Pixels(), name="x")
    assert result.invalid == ()
    assert result.worst.value == pytest.approx(1 / PEOPLE)


def test_a_negative_fools_the_naive_one_alone():
    found = {figure.name: figure.value for figure in attack_views(views(lambda c: 255 - c), Pixels(), name="x").attacks}
    assert found["naive"] < 0.5
    assert found["reverse"] == 1


@pytest.mark.parametrize(("frames", "people"), [(3, 6), (10, 1)])
def test_too_few_people_are_no_measurement(frames, people):
    with pytest.raises(NotMeasurable, match="an attack needs two"):
        attack_views(views(lambda crop: crop, frames, people), Pixels(), name="x")
