"""Figures of frames that come from several clips."""

from __future__ import annotations

import math

import numpy as np

from passerby.evaluate.figures import of_clips


def averaged(values: list[float], clips: list[str]) -> object:
    numbers = np.array(values)
    return of_clips("x", clips, lambda rows: float(numbers[rows].mean()), protocol="mean")


def test_frames_of_a_clip_are_drawn_together() -> None:
    """However many frames two clips have, a draw is one clip twice, the other twice, or both."""
    figure = averaged([0] * 50 + [1] * 50, ["a"] * 50 + ["b"] * 50)
    assert (figure.value, figure.low, figure.high, figure.n) == (0.5, 0, 1, 100)


def test_one_clip_gives_no_interval() -> None:
    figure = averaged([0, 1], ["a", "a"])
    assert (figure.low, figure.high) == (None, None)
    assert figure.notes == ("one clip alone gives no interval",)


def test_clips_that_agree_are_no_certainty() -> None:
    """0 of 300: up to 0.99 % of others may differ."""
    figure = averaged([0] * 300, [str(i) for i in range(300)])
    assert (figure.low, figure.high) == (None, None)
    assert "up to 0.99 %" in figure.notes[0]


def test_an_infinite_draw_leaves_that_end_open() -> None:
    numbers = np.array([1.0, math.inf])
    figure = of_clips("x", ["a", "b"], lambda rows: float(numbers[rows].min()), protocol="least")
    assert (figure.value, figure.low, figure.high) == (1, 1, None)


def test_nothing_is_no_number() -> None:
    figure = averaged([], [])
    assert (figure.value, figure.n, figure.missing) == (None, 0, "there is no case of it")
