"""An evaluation for programs: report.json, whose keys docs/evaluate-report.md explains."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import passerby
from passerby.evaluate.findings import Curve, Evaluation, Medium, Section
from passerby.evaluate.goals import Verdict
from passerby.evaluate.report.words import answers, state
from passerby.evaluate.statistics import CONFIDENCE, Figure

FORMAT = "passerby evaluation"
VERSION = 1
"""Grows when a key changes its meaning or goes; new keys may come without it."""

_HASHED = re.compile(r"(.*) sha256 ([0-9a-f]{64})(.*)")


def record(evaluation: Evaluation, plots: Mapping[Curve, Sequence[str]]) -> bytes:
    """The same bytes for the same evaluation, in UTF-8; `plots` are the files drawn of its curves.

    It holds no pictures. Where a line of a curve is broken, its numbers are null.
    """
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "passerby": passerby.__version__,
        "valid": evaluation.valid,
        "confidence": CONFIDENCE,
        "pairs": [{"original": _medium(original), "anonymized": _medium(made)} for original, made in evaluation.pairs],
        "compared": list(evaluation.compared),
        "hidden_by": [_model(line) for line in evaluation.hidden_by],
        "sections": [_section(section, plots) for section in evaluation.sections],
        "missing": list(evaluation.missing),
    }
    return (json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _medium(medium: Medium) -> dict[str, Any]:
    width, height = medium.size
    return {
        "name": medium.name,
        "sha256": medium.sha256,
        "frames": medium.frames,
        "width": width,
        "height": height,
    }


def _model(said: str) -> dict[str, str | None] | None:
    """Name and sha256 apart, as `model_files.fingerprint` puts them together; what is said behind goes to the name."""
    if not said:
        return None
    hashed = _HASHED.fullmatch(said)
    return {"name": hashed[1] + hashed[3], "sha256": hashed[2]} if hashed else {"name": said, "sha256": None}


def _section(section: Section, plots: Mapping[Curve, Sequence[str]]) -> dict[str, Any]:
    return {
        "name": section.name,
        "question": section.question,
        "state": state(section).word,
        "answers": answers(section),
        "headline": list(section.headline),
        "broken": list(section.broken),
        "figures": [_figure(figure) for figure in section.figures],
        "goals": [_goal(verdict) for verdict in section.verdicts],
        "curves": [_curve(curve, plots.get(curve, ())) for curve in section.curves],
        "stills": [
            {"frame": int(each.frame), "time_s": float(each.time_s), "said": each.said} for each in section.stills
        ],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "value": _number(figure.value),
        "low": _number(figure.low),
        "high": _number(figure.high),
        "n": int(figure.n),
        "unit": figure.unit,
        "protocol": figure.protocol,
        "model": _model(figure.model),
        "missing": figure.missing,
        "notes": list(figure.notes),
    }


def _number(value: float | None) -> float | None:
    """One that JSON knows, where numpy's came in."""
    return None if value is None else float(value)


def _goal(verdict: Verdict) -> dict[str, Any]:
    return {
        "figure": verdict.goal.figure,
        "side": verdict.goal.side,
        "limit": verdict.goal.limit,
        "passed": None if verdict.passed is None else bool(verdict.passed),
        "sure": bool(verdict.sure),
        "missing": verdict.reason,
    }


def _curve(curve: Curve, files: Sequence[str]) -> dict[str, Any]:
    return {
        "title": curve.title,
        "x_label": curve.x_label,
        "y_label": curve.y_label,
        "explained": curve.explained,
        "points": curve.points,
        "files": list(files),
        "lines": [{"name": line.name, "x": _numbers(line.x), "y": _numbers(line.y)} for line in curve.lines],
    }


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [value if known else None for value, known in zip(values.tolist(), np.isfinite(values), strict=True)]
