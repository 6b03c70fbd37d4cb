"""In doubt nobody stays visible: what a track's faces have to say before somebody does."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_plans import track

from passerby.recognize.vote import Bar, Faces, confused, keep, leave, spans, stretches

TIMES = np.arange(250) / 25
WHOLE = (0, 250)
BAR = Bar(same=0.5, other=0.25)
ME = np.array([1, 0, 0, 0], np.float32)
YOU = np.array([0, 1, 0, 0], np.float32)


def like(cosine, person=ME):
    """A face with this cosine with `person`'s; strangers differ in another way than the light does."""
    away = np.eye(4, dtype=np.float32)[2 if cosine > 0.3 else 3]
    return (cosine * person + np.sqrt(1 - cosine**2) * away).astype(np.float32)


def faces(*rows, every=5):
    return at(np.arange(len(rows)) * every, rows)


def at(frames, rows, whole=WHOLE):
    """Faces in these frames, all in one stretch of their track."""
    rows = np.array(rows, np.float32).reshape(len(frames), 4)
    return Faces(np.array(frames, np.int64), rows, np.tile(np.array(whole), (len(frames), 1)))


def around(frames, times, reach_s, sure=True):
    """The frames around faces, all or some of which are sure."""
    seen = at(frames, [ME] * len(frames), (0, len(times)))
    return spans(seen, np.full(len(frames), sure) if sure is True else np.array(sure), times, reach_s)


@pytest.mark.parametrize(
    ("seen", "visible", "why"),
    [
        ([0.7, 0.6, 0.8], True, "the same person"),
        ([0.7, 0.4, 0.8], True, "one is off, but like the others"),
        ([0.7, 0.8], False, "too few"),
        ([0.7, 0.4, 0.4], False, "most are not surely the same"),
        ([0.7, 0.7, 0.7, 0.7, 0.0], False, "one is of somebody else"),
        ([0.1, 0.0, -0.2], False, "somebody else"),
        ([], False, "nothing to tell by"),
    ],
)
def test_whoever_is_kept_is_surely_the_one_on_the_photograph(seen, visible, why):
    assert bool(keep(1, faces(*(like(cosine) for cosine in seen)), {"me.jpg": ME}, BAR, TIMES).visible) == visible, why


@pytest.mark.parametrize(
    ("seen", "visible", "why"),
    [
        ([0.1, 0.0, -0.2], True, "somebody else"),
        ([0.1, 0.0], False, "too few"),
        ([0.1, 0.0, 0.3, 0.0, 0.0], False, "one may be of the one to be hidden"),
        ([0.7, 0.6, 0.8], False, "the one to be hidden"),
        ([], False, "nothing to tell by"),
    ],
)
def test_whoever_is_left_is_surely_not_on_a_photograph(seen, visible, why):
    assert bool(leave(1, faces(*(like(cosine) for cosine in seen)), {"me.jpg": ME}, BAR, TIMES).visible) == visible, why


def test_the_closest_photograph_and_the_middle_cosine_are_told():
    vote = keep(7, faces(like(0.6), like(0.9), like(0.7)), {"you.jpg": YOU, "me.jpg": ME}, BAR, TIMES)
    assert (vote.track, vote.photo, vote.faces) == (7, "me.jpg", 3)
    assert vote.similarity == pytest.approx(0.7)


def test_two_photographs_of_one_person_help_each_other():
    """One in each light: every face is like one of them, and the middle one is told of the better one."""
    seen = faces(like(0.8), like(0.7), like(0.6, YOU), like(0.9), like(0.7, YOU))
    assert keep(1, seen, {"day.jpg": ME, "night.jpg": YOU}, BAR, TIMES).visible


def test_visible_is_only_what_is_near_a_recognized_face():
    """A face that is not seen for long, or for good, may have become somebody else's behind our back."""
    seen = at([10, 20, 30, 200, 210], [like(0.8)] * 5)
    assert keep(1, seen, {"me.jpg": ME}, BAR, TIMES).visible == ((0, 56), (175, 236))
    assert leave(1, seen, {"you.jpg": YOU}, BAR, TIMES).visible == ((0, 56), (175, 236))


def test_ranges_join_where_they_touch():
    assert around([5, 9, 30], TIMES, 0.1) == ((3, 12), (28, 33))
    assert around([5, 10], TIMES, 0.1) == ((3, 13),)
    assert around([], TIMES, 0.1) == ()


@pytest.mark.parametrize(
    ("frames", "sure", "visible"),
    [
        ([10, 20], [True, False], ((0, 15),)),
        ([10, 21], [True, False], ((0, 16),)),
        ([10, 20], [False, True], ((16, 46),)),
        ([10, 20, 30], [True, False, True], ((0, 15), (26, 56))),
        ([10, 10], [True, False], ()),
        ([10, 100], [True, False], ((0, 36),)),
    ],
)
def test_nobody_is_visible_as_near_to_an_unsure_face_as_to_a_sure_one(frames, sure, visible):
    assert around(frames, TIMES, 1, sure) == visible


def test_an_unsure_face_hides_what_is_around_it():
    """It may be somebody else who is a little like the photograph."""
    seen = faces(*(like(cosine) for cosine in (0.9, 0.9, 0.9, 0.3, 0.9)), every=10)
    assert keep(1, seen, {"me.jpg": ME}, BAR, TIMES).visible == ((0, 25), (36, 66))


def test_a_recognized_face_speaks_for_its_own_stretch_only():
    """After a cut, or a time in which nothing was there, it may be somebody else."""
    seen = track(1, 0, 60)
    frames = np.array([20, 45])
    cut = stretches(seen, frames, np.array([40]))
    assert cut.tolist() == [[0, 40], [40, 60]]
    gone = stretches(seen.of(seen.rows()[np.r_[0:30, 42:60]], 1), frames, np.array([], np.int64))
    assert gone.tolist() == [[0, 30], [42, 60]]
    known = Faces(frames, np.array([ME, ME]), gone)
    assert spans(known, np.array([True, True]), TIMES, 1) == ((0, 30), (42, 60))


def test_a_second_is_a_second_however_many_frames_it_has():
    times = np.array([0, 0.5, 1, 1.1, 1.2, 3, 3.1, 9, 10])
    assert around([3], times, 1) == ((1, 5),)
    assert around([3, 7], times, 1) == ((1, 5), (7, 9))


@pytest.mark.parametrize(
    ("rival", "apart", "frames", "doubt"),
    [
        (0.65, 200, (0, 40), True),
        (0.1, 200, (0, 40), False),
        (0.65, 0, (0, 40), False),
        (0.65, 200, (40, 50), False),
    ],
    ids=["as much like it", "not like it", "the same face found twice", "at another time"],
)
def test_nobody_is_kept_beside_somebody_who_is_as_much_like_the_photograph(rival, apart, frames, doubt):
    known = {1: faces(*[like(0.7)] * 3), 2: faces(*[like(rival)] * 3), 3: faces()}
    tracks = {1: track(1, 0, 40), 2: track(2, *frames, x=100 + apart), 3: track(3, 0, 40, x=300)}
    vote = keep(1, known[1], {"me.jpg": ME}, BAR, TIMES)
    assert (confused(vote, known, tracks, ME, BAR) == 2) == doubt
