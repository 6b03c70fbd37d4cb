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
    tracks: Sequence[Track], faces: Mapping[int, NDArray[np.float32]], same: float, other: float
) -> tuple[tuple[int, ...], ...]:
    """Groups of tracks' ids that are one person each, in rising order; who is alone is in none.

    Two tracks are one person when they never share a frame, the mean directions of their faces have a cosine of `same`
    and a margin, and neither is nearly as much like a track that shares a frame with the other. Of a group that is so
    of every two. A track whose own faces do not agree is nobody in particular.

    Args:
        tracks: those without faces are never linked.
        faces: (M, D) unit vectors of each track of faces, by its id.
        same, other: as in `core.stages.Embedder`.
    """
    means = {id: _mean(mine) for id, mine in faces.items() if len(mine) >= LEAST}
    known = [t for t in tracks if t.id in means and (faces[t.id] @ means[t.id]).min() >= other]
    if len(known) < 2:
        return ()
    directions = np.stack([means[track.id] for track in known])
    alike = directions @ directions.T
    together = _together(known)
    one = ~together & (alike >= same + MARGIN) & _unrivalled(alike, together)
    groups = [{i} for i in range(len(known))]
    pairs = np.argwhere(np.triu(one, 1))
    for i, j in sorted(pairs.tolist(), key=lambda pair: -alike[pair[0], pair[1]]):
        mine, theirs = (next(group for group in groups if row in group) for row in (i, j))
        if mine is not theirs and one[np.ix_(sorted(mine), sorted(theirs))].all():
            groups.remove(theirs)
            mine |= theirs
    return tuple(tuple(sorted(known[i].id for i in group)) for group in groups if len(group) > 1)


def _unrivalled(alike: NDArray[np.float32], together: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of which pairs neither is nearly as much like somebody who was there together with the other."""
    rival = np.stack([alike[:, beside].max(axis=1, initial=-1) for beside in together], axis=1)
    return np.asarray((alike >= rival + MARGIN) & (alike >= rival.T + MARGIN))


def _mean(faces: NDArray[np.float32]) -> NDArray[np.float32]:
    middle = faces.mean(axis=0)
    return np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-9), np.float32)


def _together(tracks: Sequence[Track]) -> NDArray[np.bool_]:
    """Which pairs are in one frame, (N, N); nothing is together with itself."""
    frames = np.concatenate([track.frames for track in tracks])
    rows = np.repeat(np.arange(len(tracks)), [len(track.frames) for track in tracks])
    order = np.argsort(frames, kind="stable")
    together = np.zeros((len(tracks), len(tracks)), bool)
    for there in np.split(rows[order], np.flatnonzero(np.diff(frames[order])) + 1):
        together[np.ix_(there, there)] = True
    np.fill_diagonal(together, False)
    return together
