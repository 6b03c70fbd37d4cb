"""A segment ends wherever following across would be wrong, and lets old pictures go."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import pytest
from drawn_frames import YUV444_FULL, Film, frame
from live_fakes import RATE, FakeClock, Scripted, arrived, stream

from passerby.flow import Over
from passerby.live.inbox import Arrived
from passerby.live.latency import Pace
from passerby.live.segment import Segment, rate_of
from passerby.live.sources import Lost, Picture
from passerby.live.statistics import Statistics
from passerby.testing import check_source

EVEN = stream(Film([None] * 10))


def segment(script, *, stopped=lambda: False, taken=None):
    clock, statistics = FakeClock(), Statistics()
    intake = Scripted(script, clock, statistics)
    pace = Pace(taken)
    pace.hear(Fraction(25))
    first = intake.take(99)
    return Segment(
        intake, first, pace=pace, stale_s=0.5, pause_s=2, clock=clock, statistics=statistics, stopped=stopped
    )


def test_frames_are_counted_and_dated():
    frames = list(segment(EVEN))
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.pts for frame in frames] == [40 * i for i in range(10)]


def test_it_is_a_source():
    check_source(lambda: segment(EVEN))


@pytest.mark.parametrize(
    "last",
    [arrived(frame(size=(320, 200)), 0.4), arrived(frame(YUV444_FULL, (320, 240)), 0.4), Lost("gone"), Over()],
    ids=["size", "format", "lost", "over"],
)
def test_it_ends_with_what_is_not_of_its_kind(last):
    stretch = segment([*EVEN, (0.4, last), *stream(Film([None]), 0.44)])
    assert len(list(stretch)) == 10
    assert stretch.next is last


def test_it_ends_when_nothing_comes():
    stretch = segment([*EVEN, *stream(Film([None]), 9.0)])
    assert len(list(stretch)) == 10
    assert stretch.next is None


def test_a_short_pause_is_no_end():
    assert len(list(segment([*EVEN, *stream(Film([None]), 2.0)]))) == 11


@pytest.mark.parametrize(("stamp_s", "frames"), [(0.40, 11), (0.44, 11), (1.04, 10)])
def test_it_ends_where_pictures_of_a_burst_are_missing(stamp_s, frames):
    """By our clock the next one came at once, so that nothing else would tell that everybody is elsewhere by now."""
    after = Arrived(Picture(EVEN[0][1].picture.frame, Fraction(stamp_s), RATE), 361)
    stretch = segment([*EVEN, (0.361, after)])
    assert len(list(stretch)) == frames
    assert (stretch.next is after) == (frames == 10)


def test_it_ends_when_the_run_is_stopped():
    stop = []
    frames = iter(segment(EVEN, stopped=lambda: bool(stop)))
    assert len(list(islice(frames, 4))) == 4
    stop.append("now")
    assert list(frames) == []


def test_a_picture_that_is_old_when_it_is_taken_is_dropped():
    old = [(0.9, arrived(each.picture.frame, 0.3)) for _, each in EVEN[:3]]
    stretch = segment([*EVEN[:5], *old])
    assert len(list(stretch)) == 5
    assert stretch._statistics.dropped == 3


def test_fewer_frames_are_taken_where_the_pace_says_so():
    frames = list(segment(stream(Film([None] * 50)), taken=Fraction(10)))
    assert 19 <= len(frames) <= 21


@pytest.mark.parametrize(("said", "rate"), [(30, 30), (90000, 25), (None, 25)])
def test_a_rate_that_cannot_be_is_not_believed(said, rate):
    assert rate_of(Picture(frame(), None, None if said is None else Fraction(said))) == rate
