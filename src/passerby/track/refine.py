"""From sightings to what is hidden: refining only ever adds coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from passerby.core.boxes import Boxes
from passerby.core.tracks import Sightings, Track, united

GRID = np.float32(16)
"""Settled boxes lie on whole parts of a pixel: so many to a pixel."""


def settled(rows: Sightings) -> Sightings:
    """One row per track and frame, its box around all the boxes that were known; sorted by track, then frame.

    The best-founded origin stays (detected before followed, …), with the highest score. The mask is all that were
    known together; where one of the boxes had none, the whole is hidden as a box.
    """
    if not len(rows):
        return rows
    order = np.lexsort((rows.origins, rows.frames, rows.tracks))
    rows = rows[order]
    starts = np.flatnonzero((np.diff(rows.tracks, prepend=-1) != 0) | (np.diff(rows.frames, prepend=-1) != 0))
    whole = united(rows, starts)
    # On a grid that decimal text holds exactly, so that a plan read back hides the very same pixels.
    low, high = np.floor(whole.boxes[:, :2] * GRID) / GRID, np.ceil(whole.boxes[:, 2:] * GRID) / GRID
    return replace(whole, boxes=np.concatenate([low, high], axis=1))


def between(first: Boxes, last: Boxes, steps: int) -> Boxes:
    """The `steps` boxes that lie evenly between box `first` (4,) and box `last` (4,), (steps, 4)."""
    share = (np.arange(1, steps + 1, dtype=np.float32) / (steps + 1))[:, None]
    return np.asarray((1 - share) * first + share * last, np.float32)


def tracks(rows: Sightings) -> tuple[Track, ...]:
    """Settled sightings as one `Track` per id."""
    rows = settled(rows)
    ids, starts = np.unique(rows.tracks, return_index=True)
    ends = np.append(starts, len(rows))[1:]
    return tuple(Track.of(rows[a:b], int(i)) for i, a, b in zip(ids, starts, ends, strict=True))
