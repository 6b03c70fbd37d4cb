"""A picture is never dated later than it came, in order, and no jitter of the way shows."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from passerby.live.clock import JUMP_S, WINDOW_S, Timeline


def placed(pairs):
    """Milliseconds at which pictures (arrived, stamp) are put."""
    timeline = Timeline()
    return [
        timeline.place(at, None if stamp is None else Fraction(stamp).limit_denominator(1000)) for at, stamp in pairs
    ]


def test_pictures_without_a_stamp_are_dated_when_they_come():
    assert placed([(1.0, None), (1.04, None)]) == [1000, 1040]


def test_jitter_counts_as_lateness():
    rng = np.random.default_rng(0)
    stamps = np.arange(100) * 0.04
    arrived = 5 + stamps + np.r_[0, rng.uniform(0, 0.3, 99)]
    ticks = placed(zip(arrived, stamps, strict=True))
    assert np.abs(np.array(ticks) - (5000 + 1000 * stamps)).max() <= 1


def test_a_burst_at_the_beginning_is_not_dated_into_the_future():
    """Servers send a connection what they have kept; all of it is here now."""
    burst = [(1.0, i * 0.04) for i in range(50)]
    ticks = placed([*burst, (1.04, 2.0)])
    assert ticks[:50] == list(range(1000, 1050))
    assert ticks[50] <= 1050


def test_another_clock_is_taken_over_at_once():
    ticks = placed([(1.0, 100.0), (1.04, 100.04), (1.08, 7.0), (1.12, 7.04)])
    assert ticks == [1000, 1040, 1080, 1120]


def test_a_source_whose_clock_is_slow_does_not_grow_old():
    seconds = np.arange(0, 20 * WINDOW_S, 0.5)
    ticks = placed(zip(seconds, seconds * 0.99, strict=True))
    assert (1000 * seconds - ticks).max() < 0.01 * (2 * WINDOW_S + 1) * 1000


def test_times_rise_whatever_comes():
    rng = np.random.default_rng(1)
    arrived = np.sort(rng.uniform(0, 9, 200))
    ticks = placed(zip(arrived, rng.uniform(0, 3 * JUMP_S, 200), strict=True))
    assert (np.diff(ticks) > 0).all()
