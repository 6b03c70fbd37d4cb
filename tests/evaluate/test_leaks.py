"""Leaks as figures of a report, and what a detector still finds. How they are counted is tested in ../test_leaks.py."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from passerby.core.detections import Detections
from passerby.core.errors import NotMeasurable
from passerby.core.regions import Mask
from passerby.core.tracks import Origin, Sightings
from passerby.evaluate import leaks, people, residual
from passerby.evaluate.people import Appearances

SIZE = (100, 80)
BOX = (20.0, 20.0, 40.0, 40.0)


def alone(frames=10, *, sure=True):
    """One person in every frame."""
    boxes = np.tile(np.float32(BOX), (frames, 1))
    return Appearances(frames, SIZE, np.arange(frames), np.zeros(frames, np.int64), boxes, np.full(frames, sure))


def solid(x0, y0, x1, y1):
    return Mask(x0, y0, np.full((y1 - y0, x1 - x0), 255, np.uint8))


def by_name(figures):
    return {figure.name: figure for figure in figures}


def test_three_of_ten_frames_uncovered():
    """T19."""
    hidden = [[] if frame in (4, 5, 6) else [solid(20, 20, 40, 40)] for frame in range(10)]
    figures = by_name(leaks.figures(alone(), leaks.cover(alone(), hidden)))
    assert figures["recall"].value == pytest.approx(0.7)
    assert figures["miss rate"].value == pytest.approx(0.3)
    assert figures["coverage per person"].value == pytest.approx(0.7)
    assert (figures["exposure gap"].value, figures["exposure gap"].unit) == (3, "sightings")
    assert (figures["any-leak rate"].value, figures["any-leak rate"].n) == (1, 1)
    assert figures["over-hiding"].value == 0


def test_over_hiding_is_what_is_hidden_beside_everybody():
    figures = by_name(leaks.figures(alone(1), leaks.cover(alone(1), [[solid(10, 20, 50, 40)]])))
    assert figures["over-hiding"].value == 0.5
    assert figures["recall"].value == 1


def test_nobody_leaking_is_said_with_the_doubt_that_there_is():
    whole = [[solid(0, 0, 100, 80)]] * 10
    figure = by_name(leaks.figures(alone(), leaks.cover(alone(), whole)))["any-leak rate"]
    assert (figure.value, figure.low) == (0, 0)
    assert figure.high == pytest.approx(0.95)


def test_where_nobody_is_sure_to_be_seen_nothing_is_claimed():
    nobody = alone(sure=False)
    figures = leaks.figures(nobody, leaks.cover(nobody, [[]] * 10))
    assert all(figure.value is None for figure in figures)


def detections(*boxes, score=0.9):
    count = len(boxes)
    places = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(places, np.full(count, score, np.float32), np.full(count, "face"))


@pytest.mark.parametrize(
    ("box", "score", "hit"),
    [
        (BOX, 0.9, True),
        (BOX, 0.4, False),
        ((24, 24, 36, 36), 0.9, True),
        ((0, 0, 90, 78), 0.9, True),
        ((40, 20, 60, 40), 0.9, False),
    ],
)
def test_a_find_that_is_a_little_off_still_is_one(box, score, hit):
    assert residual.hits(alone(1), [detections(box, score=score)]).tolist() == [hit]


def test_rates_of_original_and_output_by_the_same_detector():
    before = [detections(BOX)] * 8 + [detections()] * 2
    after = [detections(BOX)] * 2 + [detections()] * 7 + [detections(BOX)]
    original, output, kept = residual.figures(alone(), before, after, residual.Mode.REDACTION, "net")
    assert (original.value, output.value, kept.value, kept.n) == (0.8, pytest.approx(0.3), 0.25, 8)
    assert "lower is better" in output.protocol
    assert "kept as in the original" in residual.figures(alone(), before, after, residual.Mode.REPLACEMENT)[1].protocol


def test_every_frame_has_to_be_looked_at():
    with pytest.raises(ValueError, match="9 frames, but the clip has 10"):
        residual.hits(alone(), [detections()] * 9)


class Everywhere:
    """Finds the same two things in every frame."""

    labels = frozenset({"face", "plate"})

    def detect(self, frames):
        boxes = np.array([BOX, (60, 60, 80, 70)], np.float32)
        return [Detections(boxes, np.float32([0.9, 0.9]), np.array(["face", "plate"])) for _ in frames]


class Blank:
    """A frame is nothing but its size here."""

    size = SIZE
    time = Fraction(0)


def test_finds_of_a_detector_become_people():
    seen = people.found([Blank()] * 3, Everywhere(), "face")
    assert (seen.count, seen.size) == (3, SIZE)
    assert seen.people.tolist() == [0, 0, 0]
    assert seen.boxes.tolist() == [list(BOX)] * 3
    with pytest.raises(NotMeasurable, match="no frame"):
        people.found([], Everywhere(), "face")


def test_rows_of_a_plan_become_people_cut_to_the_picture():
    rows = Sightings(
        np.array([5, 5]),
        np.array([1, 0]),
        np.float32([(-10, 0, 10, 10), BOX]),
        np.float32([0.3, np.nan]),
        np.array([Origin.DETECTED, Origin.DRAWN], np.uint8),
        np.array(["face", "face"]),
    )
    seen = people.appearances(rows, 2, SIZE)
    assert seen.frames.tolist() == [0, 1]
    assert seen.boxes.tolist() == [list(BOX), [0, 0, 10, 10]]
    assert seen.sure.tolist() == [True, False]


def test_who_is_outside_of_the_picture_is_not_hidden_but_not_there():
    rows = Sightings(
        np.array([1, 1]),
        np.array([0, 1]),
        np.float32([BOX, (120, 20, 140, 40)]),
        np.float32([np.nan, np.nan]),
        np.full(2, Origin.DRAWN, np.uint8),
        np.array(["face", "face"]),
    )
    seen = people.appearances(rows, 2, SIZE)
    figures = by_name(leaks.figures(seen, leaks.cover(seen, [[], []])))
    assert (figures["recall"].value, figures["recall"].n) == (0, 1)
