"""Evaluations made by hand: what a report is written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from passerby.evaluate.findings import Curve, Evaluation, Line, Medium, Section, Still
from passerby.evaluate.goals import QUALITY_GOALS, judged
from passerby.evaluate.statistics import Figure

MODEL = f"sface.onnx sha256 {'ab12' * 16}"
HIDER = f"centerface.onnx sha256 {'77' * 32}"


def found(value: float = 0.03, low: float | None = 0.01, high: float | None = 0.06) -> tuple[Figure, ...]:
    """Who is found again, beside the originals and guessing."""
    protocol = "re-identification, face, cross-time"
    return (
        Figure(name="Rank-1, anonymized", value=value, n=240, low=low, high=high, protocol=protocol, model=MODEL),
        Figure(name="Rank-1, originals", value=0.97, n=240, low=0.95, high=0.99, protocol=protocol, model=MODEL),
        Figure(name="Rank-1, chance", value=0.025, n=240, protocol=protocol),
    )


def reid(figures: Sequence[Figure] = (), broken: tuple[str, ...] = ()) -> Section:
    figures = tuple(figures) or found()
    ranks = np.arange(1, 6.0)
    return Section(
        name="reid",
        question="Is anybody found again?",
        figures=figures,
        headline=("Rank-1, anonymized",),
        curves=(curve(Line("anonymized", ranks, ranks / 40), Line("originals", ranks, np.ones(5))),),
        broken=broken,
    )


def quality() -> Section:
    """One goal is met, one missed, one could not be judged."""
    figures = (
        Figure(name="SSIM", value=0.91, n=300, low=0.88, high=0.94, protocol="Gaussian 11x11"),
        Figure(name="LPIPS", value=None, n=0, protocol="LPIPS", missing="no network was given"),
        Figure(name="FID", value=62.0, n=300, protocol="clean resize", notes=("a high FID is not privacy",)),
        Figure(name="PSNR, pooled", value=31.24, n=300, low=30.0, unit="dB", protocol="pooled"),
    )
    return Section(
        name="quality",
        question="How good is the picture?",
        figures=figures,
        headline=("SSIM",),
        verdicts=tuple(judged(QUALITY_GOALS, figures)),
        stills=(Still(12, 0.48, "a face is hidden by half", np.full((60, 1000, 3), 90, np.uint8)),),
    )


def unmeasured() -> Section:
    figure = Figure(name="top-1 after", value=None, n=0, missing="no video model is here")
    return Section(name="utility", question="Can actions be told?", figures=(figure,), headline=("top-1 after",))


def curve(*lines: Line) -> Curve:
    return Curve("CMC", "rank", "share found", lines, "How many are found again.")


def evaluation(*sections: Section) -> Evaluation:
    """One pair of files, and `sections`; by default one of every kind."""
    original = Medium("street.mp4", "1f" * 32, 300, (1920, 1080))
    return Evaluation(
        pairs=((original, replace(original, name="street_anonymized.mp4", sha256="2e" * 32)),),
        sections=sections or (reid(), quality(), unmeasured()),
        missing=("LPIPS: passerby models pull lpips_alex",),
        hidden_by=(HIDER,),
    )
