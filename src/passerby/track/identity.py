"""Which tracks are one person, who was away for a while. In doubt they stay two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.core.tracks import Track

LEAST = 3
"""Faces that a track needs to be told."""
MARGIN = 0.1
"""By which two tracks have to be more alike than `same`, and more than either is like anybody beside the other."""


def linked(
    tracks: Sequence[Track], faces: Mapping[int, NDArray[np.float32]], same: float
) -> tuple[tuple[int, ...], ...]:
    """Groups of tracks' ids that are one person each, in rising order; who is alone is in none.

    Two tracks are one person when they never share a frame, the middle cosine of all pairs of their faces is `same`
    and a margin, and neither is nearly as much like a track that shares a frame with the other. Of a group that is so
    of every two.

    Args:
        tracks: those of one label; any others are never linked.
        faces: (M, D) unit vectors of each track, by its id.
        same: cosine from which two faces are of one person.
    """
    known = [track for track in tracks if len(faces.get(track.id, ())) >= LEAST]
    alike = np.array([[_alike(faces[a.id], faces[b.id]) for b in known] for a in known]).reshape(len(known), len(known))
    together = np.array([[_meet(a, b) for b in known] for a in known], bool).reshape(alike.shape)
    np.fill_diagonal(together, False)
    one = ~together & (alike >= same + MARGIN) & _unrivalled(alike, together)
    groups = [{i} for i in range(len(known))]
    pairs = np.argwhere(np.triu(one, 1))
    for i, j in sorted(pairs.tolist(), key=lambda pair: -alike[pair[0], pair[1]]):
        mine, theirs = (next(group for group in groups if row in group) for row in (i, j))
        if mine is not theirs and one[np.ix_(sorted(mine), sorted(theirs))].all():
            groups.remove(theirs)
            mine |= theirs
    return tuple(tuple(sorted(known[i].id for i in group)) for group in groups if len(group) > 1)


def _unrivalled(alike: NDArray[np.float64], together: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of which pairs neither is nearly as much like somebody who was there together with the other."""
    rival = np.array([[np.max(row[mates], initial=-1) for mates in together] for row in alike]).reshape(alike.shape)
    return np.asarray((alike >= rival + MARGIN) & (alike >= rival.T + MARGIN))


def _alike(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.median(a @ b.T))


def _meet(a: Track, b: Track) -> bool:
    """Whether both are in one frame."""
    return a.label != b.label or bool(np.isin(a.frames, b.frames).any())
