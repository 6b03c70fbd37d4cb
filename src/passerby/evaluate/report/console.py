"""What a command prints of an evaluation."""

from __future__ import annotations

from passerby.evaluate.findings import Evaluation
from passerby.evaluate.report.shareable import shareable
from passerby.evaluate.report.words import answers, state


def summary(evaluation: Evaluation) -> list[str]:
    """A line for every answer, its section and state in columns; an invalid run says so first."""
    told = shareable(evaluation)
    rows = [(section.name, state(section).word, answer) for section in told.sections for answer in answers(section)]
    rows += [("compared", "", line) for line in told.compared]
    rows += [("missing", "", line) for line in told.missing]
    wide = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    lines = [f"{name:<{wide[0]}}  {word:<{wide[1]}}  {said}" for name, word, said in rows] or ["nothing was measured"]
    broken = [f"{section.name}: {reason}" for section in told.sections for reason in section.broken]
    return [*(f"INVALID, a control failed: {reason}" for reason in broken), *lines]
