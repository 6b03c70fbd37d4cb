"""Who comes back is the same person only when that is sure."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_plans import track

from passerby.track.identity import linked

RANDOM = np.random.default_rng(5)


def person(axis):
    return np.eye(16, dtype=np.float32)[axis]


def seen(direction, count=5, spread=0.1):
    """Faces about one direction."""
    rows = direction + RANDOM.normal(0, spread, (count, 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def between(a, b, share):
    """A direction on the way from one to the other."""
    middle = (1 - share) * a + share * b
    return middle / np.linalg.norm(middle)


def groups(tracks, faces):
    return linked(tracks, faces, 0.5, 0.25)


AWAY = (track(1, 0, 10), track(2, 20, 30), track(3, 40, 50))


def test_who_comes_back_is_the_same_person():
    faces = {1: seen(person(0)), 2: seen(person(1)), 3: seen(person(0))}
    assert groups(AWAY, faces) == ((1, 3),)


def test_a_person_who_comes_back_twice_is_one():
    assert groups(AWAY, {id: seen(person(0)) for id in (1, 2, 3)}) == ((1, 2, 3),)


def test_two_in_one_frame_are_two():
    tracks = track(1, 0, 10), track(2, 9, 20, x=300)
    assert groups(tracks, {1: seen(person(0)), 2: seen(person(0))}) == ()


@pytest.mark.parametrize(
    ("faces", "why"),
    [
        ({1: seen(person(0)), 3: seen(person(0), count=2)}, "too few faces"),
        ({1: seen(person(0))}, "no faces at all"),
        ({1: seen(person(0)), 3: seen(between(person(0), person(1), 0.6))}, "not alike enough"),
        ({1: seen(person(0)), 3: np.concatenate([seen(person(0), 8), seen(-person(0), 2)])}, "a track of two people"),
    ],
)
def test_in_doubt_they_stay_two(faces, why):
    assert groups((AWAY[0], AWAY[2]), faces) == (), why


def test_two_who_are_alike_and_there_together_are_nobody_s_return():
    """Twins: the one who was there before may be either of them."""
    tracks = track(1, 0, 10), track(2, 20, 30), track(3, 20, 30, x=300)
    faces = {1: seen(person(0), spread=0.02), 2: seen(person(0), spread=0.02), 3: seen(person(0), spread=0.02)}
    assert groups(tracks, faces) == ()


def test_a_group_is_alike_in_every_two():
    """A like B and B like C does not make A like C."""
    middle = between(person(0), person(1), 0.5)
    faces = {1: seen(person(0), spread=0.01), 2: seen(middle, spread=0.01), 3: seen(person(1), spread=0.01)}
    assert len(groups(AWAY, faces)) == 1
    assert len(groups(AWAY, faces)[0]) == 2


def test_who_has_no_faces_is_never_linked():
    tracks = track(1, 0, 10), track(2, 20, 30, label="person")
    assert groups(tracks, {1: seen(person(0))}) == ()
