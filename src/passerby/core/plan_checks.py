"""What a plan may not be: checked whenever one is made, so that no other place has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from passerby.core.errors import PlanError
from passerby.core.tracks import Origin, Sightings

if TYPE_CHECKING:
    from passerby.core.plan import Plan

FARTHEST = 1e6
"""Pixels from the picture's corner to that of a box, at most: numbers beyond are damage, and may overflow."""


def check(plan: Plan) -> None:
    """Refuse what would leave something uncovered later.

    Raises:
        PlanError: something in it contradicts something else.
    """
    media = plan.media
    ids = [track.id for track in plan.tracks]
    counts = np.array([len(track.frames) for track in plan.tracks], np.int64)
    problem = None
    if ids != sorted(set(ids)) or (ids and ids[0] < 0):
        problem = "its tracks' ids are not unique and rising"
    elif len(plan.times) not in (0, media.frames) or (np.diff(plan.times) < 0).any():
        problem = f"it has {len(plan.times)} times for {media.frames} frames, or they do not rise"
    elif (np.diff(plan.cuts) <= 0).any() or ((plan.cuts < 0) | (plan.cuts >= media.frames)).any():
        problem = "its cuts are not among its frames"
    elif (counts == 0).any() or not all(track.label for track in plan.tracks):
        problem = "a track has no box or no label"
    elif any(
        track.boxes.shape != (count, 4)
        or not track.scores.shape == track.origins.shape == (count,)
        or (track.masks is not None and track.masks.shape != (count,))
        for track, count in zip(plan.tracks, counts, strict=True)
    ):
        problem = "a track's columns are not of one length"
    elif any(mask.size != media.size for track in plan.tracks for mask in track.known_masks()):
        problem = "a mask is of a picture of another size"
    elif plan.tracks:
        problem = _problem_of_rows(plan.rows(), media.frames)
    if problem is not None:
        raise PlanError(f"this plan of {media.name} cannot be trusted: {problem}; analyze the input again")


def _problem_of_rows(rows: Sightings, frames: int) -> str | None:
    """What is wrong with boxes sorted by track, or None."""
    same = np.diff(rows.tracks) == 0
    if ((rows.frames < 0) | (rows.frames >= frames)).any() or (np.diff(rows.frames)[same] <= 0).any():
        return f"a track's frames do not rise from 0 up to {frames - 1}"
    if not (np.abs(rows.boxes) <= FARTHEST).all() or (rows.boxes[:, 2:] < rows.boxes[:, :2]).any():
        return "a box is not one"
    if ((rows.scores < 0) | (rows.scores > 1)).any() or np.isinf(rows.scores).any():
        return "a score is not in 0..1"
    if (rows.origins > max(Origin)).any():
        return "a box came to be in an unknown way"
    return None
