"""From sightings to what is hidden: refining only ever adds coverage."""

from __future__ import annotations

import numpy as np

from passerby.core.boxes import Boxes
from passerby.core.tracks import Sightings, Track

GRID = np.float32(16)
"""Settled boxes lie on whole parts of a pixel: so many to a pixel."""


def settled(rows: Sightings) -> Sightings:
    """One row per track and frame, its box around all the boxes that were known; sorted by track, then frame.

    The best-founded origin stays (detected before followed, …), with the highest score.
    """
    if not len(rows):
        return rows
    order = np.lexsort((rows.origins, rows.frames, rows.tracks))
    rows = rows[order]
    starts = np.flatnonzero((np.diff(rows.tracks, prepend=-1) != 0) | (np.diff(rows.frames, prepend=-1) != 0))
    # On a grid that decimal text holds exactly, so that a plan read back hides the very same pixels.
    low = np.floor(np.minimum.reduceat(rows.boxes[:, :2], starts) * GRID) / GRID
    high = np.ceil(np.maximum.reduceat(rows.boxes[:, 2:], starts) * GRID) / GRID
    best = np.fmax.reduceat(rows.scores, starts)
    return Sightings(
        rows.tracks[starts],
        rows.frames[starts],
        np.concatenate([low, high], axis=1),
        best,
        rows.origins[starts],
        rows.labels[starts],
    )


def between(first: Boxes, last: Boxes, steps: int) -> Boxes:
    """The `steps` boxes that lie evenly between box `first` (4,) and box `last` (4,), (steps, 4)."""
    share = (np.arange(1, steps + 1, dtype=np.float32) / (steps + 1))[:, None]
    return np.asarray((1 - share) * first + share * last, np.float32)


def tracks(rows: Sightings) -> tuple[Track, ...]:
    """Settled sightings as one `Track` per id."""
    rows = settled(rows)
    ids, starts = np.unique(rows.tracks, return_index=True)
    ends = np.append(starts, len(rows))[1:]
    return tuple(
        Track(int(i), str(rows.labels[a]), rows.frames[a:b], rows.boxes[a:b], rows.scores[a:b], rows.origins[a:b])
        for i, a, b in zip(ids, starts, ends, strict=True)
    )
