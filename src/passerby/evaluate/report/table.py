"""A table of targets for the console: what is wanted, what came of it, and of what."""

from __future__ import annotations

from passerby.evaluate.findings import Evaluation, Section
from passerby.evaluate.goals import Verdict
from passerby.evaluate.report.shareable import shareable
from passerby.evaluate.report.words import number

HEAD = ("target", "wanted", "measured", "result", "of")
SIDES = {"above": ">", "below": "<"}


def targets(evaluation: Evaluation) -> list[str]:
    """A row for each goal of each section, the figures that are reported apart, and what could not be asked."""
    told = shareable(evaluation)
    missing = [f"missing: {line}" for line in told.missing]
    return [line for section in told.sections for line in _table(section)] + missing


def _table(section: Section) -> list[str]:
    rows = [HEAD, *(_row(verdict) for verdict in section.verdicts)]
    wide = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    lines = [
        "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row[:-1], wide, strict=True)), row[-1]]) for row in rows
    ]
    beside = [figure for figure in section.figures if _apart(figure.name)]
    return lines + [f"apart, without a target: {figure.name}: {number(figure) or figure.missing}" for figure in beside]


def _apart(name: str) -> bool:
    return name.startswith("KID") or name.endswith((", inside", ", outside"))


def _row(verdict: Verdict) -> tuple[str, str, str, str, str]:
    goal, figure = verdict.goal, verdict.figure
    unit = f" {figure.unit}" if figure is not None and figure.unit else ""
    wanted = f"{SIDES[goal.side]} {goal.limit:g}{unit}"
    if figure is None or figure.value is None:
        return goal.figure, wanted, "-", "not measurable here", verdict.reason
    result = "pass" if verdict.passed else "fail"
    machines = [note for note in figure.notes if note.startswith("on ")]
    return goal.figure, wanted, number(figure), result, ", ".join([f"{figure.n:,} cases", *machines])
