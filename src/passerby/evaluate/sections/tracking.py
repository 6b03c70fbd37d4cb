"""Were people followed as the truth follows them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from passerby.core.errors import NotMeasurable
from passerby.evaluate import tracking
from passerby.evaluate.clip import Clip
from passerby.evaluate.findings import Section
from passerby.evaluate.sections.answer import Answer, Asking
from passerby.evaluate.statistics import Figure

QUESTION = "Does the plan follow people as the truth does?"


def tracks(clips: Sequence[Clip], asking: Asking) -> Answer:
    """The plan's tracks against the true ones, of every label that both have; each clip on its own."""
    figures: list[Figure] = []
    missing = []
    for clip in clips:
        if clip.plan is None or clip.truth is None:
            continue
        rows = clip.plan.rows()
        for label in sorted({*rows.labels.tolist()} & {*clip.truth.labels.tolist()}):
            true, planned = clip.truth[clip.truth.labels == label], rows[rows.labels == label]
            try:
                found = tracking.compare(true, planned).figures()
            except NotMeasurable as error:
                missing.append(f"tracking of {clip.name}: {error}")
                continue
            ending = f", {label}" + (f", {clip.name}" if len(clips) > 1 else "")
            figures += [replace(figure, name=f"{figure.name}{ending}") for figure in found]
    if not figures:
        return Answer(None, tuple(missing))
    headline = tuple(one.name for one in figures if one.name.startswith(("IDF1", "HOTA")))
    return Answer(Section(name="tracking", question=QUESTION, figures=tuple(figures), headline=headline))
