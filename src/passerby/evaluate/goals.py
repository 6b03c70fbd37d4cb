"""What figures are held against, and how they came out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from passerby.evaluate import cost
from passerby.evaluate.statistics import Figure


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure of that name is wanted to be. The limit itself is no pass."""

    figure: str
    side: Literal["above", "below"]
    limit: float

    def met_by(self, value: float) -> bool:
        return value > self.limit if self.side == "above" else value < self.limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one goal came out: a row of the table."""

    goal: Goal
    figure: Figure | None
    passed: bool | None
    """None where there is no figure of that name, or where it has no value."""
    sure: bool
    """Whether the whole of the figure's interval says so too; never where it has none."""

    @property
    def reason(self) -> str:
        """Why there is no verdict; '' where there is one."""
        return "not measured" if self.figure is None else self.figure.missing


QUALITY_GOALS = (Goal("SSIM", "above", 0.85), Goal("LPIPS", "below", 0.15), Goal("FID", "below", 50.0))
"""Of the whole frame. They reward a picture that changed little, so they say nothing of privacy."""
COST_GOALS = (Goal("time a frame", "below", 100.0), Goal("throughput", "above", 30.0), Goal(cost.VRAM, "below", 8000.0))
"""In ms, frames a second and MiB of a graphics card."""
MASK_GOALS = (Goal("IoU", "above", 0.80), Goal("pixel accuracy", "above", 0.90), Goal("F1", "above", 0.85))


def judged(goals: Sequence[Goal], figures: Iterable[Figure]) -> list[Verdict]:
    """Each of `goals` beside the figure of exactly its name."""
    named = {figure.name: figure for figure in figures}
    return [_judged(goal, named.get(goal.figure)) for goal in goals]


def _judged(goal: Goal, figure: Figure | None) -> Verdict:
    if figure is None or figure.value is None:
        return Verdict(goal, figure, None, False)
    passed = goal.met_by(figure.value)
    ends = (figure.low, figure.high)
    return Verdict(goal, figure, passed, all(end is not None and goal.met_by(end) == passed for end in ends))
