"""What figures are held against."""

from __future__ import annotations

import pytest

from passerby.evaluate.goals import MASK_GOALS, QUALITY_GOALS, Goal, judged
from passerby.evaluate.statistics import Figure


@pytest.mark.parametrize(
    ("side", "value", "passed"),
    [("above", 0.86, True), ("above", 0.85, False), ("below", 0.84, True), ("below", 0.85, False)],
)
def test_a_goal_is_met_beyond_its_limit(side: str, value: float, passed: bool) -> None:
    [verdict] = judged([Goal("SSIM", side, 0.85)], [Figure(name="SSIM", value=value, n=3)])
    assert verdict.passed is passed
    assert not verdict.sure


def test_a_verdict_is_sure_where_the_whole_interval_agrees() -> None:
    goals = [Goal("FID", "below", 50)]
    [narrow] = judged(goals, [Figure(name="FID", value=40, n=9, low=30, high=49)])
    [wide] = judged(goals, [Figure(name="FID", value=40, n=9, low=30, high=50)])
    [failed] = judged(goals, [Figure(name="FID", value=60, n=9, low=55, high=70)])
    assert [verdict.sure for verdict in (narrow, wide, failed)] == [True, False, True]
    assert not failed.passed


def test_what_was_not_measured_neither_passes_nor_fails() -> None:
    figures = [Figure(name="LPIPS", value=None, n=0, missing="no weights"), Figure(name="SSIM, inside", value=0.9, n=1)]
    verdicts = judged(QUALITY_GOALS, figures)
    assert [verdict.passed for verdict in verdicts] == [None, None, None]
    assert [verdict.reason for verdict in verdicts] == ["not measured", "no weights", "not measured"]


def test_the_goals_are_those_that_were_asked_for() -> None:
    goals = {(goal.figure, goal.side, goal.limit) for goal in (*QUALITY_GOALS, *MASK_GOALS)}
    assert goals == {
        ("SSIM", "above", 0.85),
        ("LPIPS", "below", 0.15),
        ("FID", "below", 50),
        ("IoU", "above", 0.80),
        ("pixel accuracy", "above", 0.90),
        ("F1", "above", 0.85),
    }
