"""Whether somebody stays the same along an anonymized track: embeddings through time, and pseudonyms that switch.

Staying the same is no privacy, and changing is none either: read it beside re-identification. A replaced face that
changes shows the seams of the replacement; one that comes closer to the original over time gives it away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate import ranking
from passerby.evaluate.figures import of_clips
from passerby.evaluate.statistics import Figure
from passerby.evaluate.tracking import known

PROTOCOL = "identity drift along tracks"


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """One track, its frames rising; row i of `frames`, `anchored` and `original` is one frame in which it was seen."""

    track: int
    frames: NDArray[np.int64]
    """(T,)"""
    pairs: NDArray[np.int64]
    """(P, 2) rows that follow each other without a gap."""
    consecutive: NDArray[np.float64]
    """(P,) cosine of every one of `pairs`, in [-1, 1]."""
    anchored: NDArray[np.float64]
    """(T,) cosine to the anchor, the first frame, where it is 1."""
    together: float | None
    """The mean cosine of all pairs of frames, also those that do not follow each other; None for a single frame."""
    original: NDArray[np.float64] | None
    """(T,) cosine distance to the same frame of the original, 0 where nothing changed; None where it is not known."""

    @property
    def lowest(self) -> float:
        """The least cosine to the anchor: how far the identity ever went."""
        return float(self.anchored.min())


def along(
    track: int, frames: ArrayLike, embeddings: ArrayLike, originals: ArrayLike | None = None, *, step: int = 1
) -> Drift:
    """How the `embeddings` (T, D) of one track change over its `frames` (T,), in any order.

    Frames in which the track was not seen have no row: two rows follow each other only where their frames are exactly
    `step` apart (every `step`-th frame was looked at), so no change is made up across a gap. `originals` (T, D) are of
    the same places of the original video.

    Raises:
        NotMeasurable: there is no row, or an embedding is of no use (see `ranking.unit`).
    """
    times, rows = np.asarray(frames, np.int64), ranking.unit(embeddings)
    if len(times) != len(rows) or len(np.unique(times)) != len(times):
        raise ValueError(f"track {track} has {len(rows)} embeddings for {len(np.unique(times))} frames; give one each")
    if not len(times):
        raise NotMeasurable(f"track {track} is seen in no frame; there is nothing that could change")
    order = np.argsort(times)
    times, rows = times[order], rows[order]
    after = np.flatnonzero(np.diff(times) == step)
    alike = np.clip(rows @ rows.T, -1, 1)
    upper = alike[np.triu_indices(len(rows), 1)]
    original = None
    if originals is not None:
        original = np.maximum(1 - (rows * ranking.unit(originals)[order]).sum(axis=1), 0)
    return Drift(
        track,
        times,
        np.stack([after, after + 1], axis=1),
        alike[after, after + 1],
        alike[0],
        float(upper.mean()) if len(upper) else None,
        original,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Pseudonyms:
    """Whom every row of a video resembles most, of the tracks as they begin."""

    tracks: NDArray[np.int64]
    """(N,) whose the row is."""
    taken_for: NDArray[np.int64]
    """(N,) the track whose anchor it resembles most."""
    switches: int
    """IDSW: rows of a track that are taken for somebody else than its row before, gaps or not."""
    idf1: float
    """2 IDTP / 2N of tracks against pseudonyms, as in `tracking`; 1 when everyone keeps their own."""


def pseudonyms(tracks: ArrayLike, frames: ArrayLike, embeddings: ArrayLike) -> Pseudonyms:
    """For whom somebody is taken who knows every track by its first frame; rows (N,) and (N, D), in any order.

    Where a row resembles several anchors alike (to within `ranking.TIE`), it is taken for its own track: people who
    all look the same switch nothing. With one track alone there is nobody to be taken for.

    Raises:
        NotMeasurable: there are fewer than two tracks.
    """
    whose, times, rows = np.asarray(tracks, np.int64), np.asarray(frames, np.int64), ranking.unit(embeddings)
    if not len(whose) == len(times) == len(rows):
        raise ValueError(f"there are {len(whose)} tracks and {len(times)} frames for {len(rows)} embeddings")
    ids, own = np.unique(whose, return_inverse=True)
    if len(ids) < 2:
        raise NotMeasurable(f"{len(ids)} track cannot be taken for another; pseudonyms need two tracks at least")
    order = np.lexsort((times, own))
    first = order[np.flatnonzero(np.diff(own[order], prepend=-1))]
    alike = rows @ rows[first].T
    alike[np.arange(len(rows)), own] += ranking.TIE
    taken = np.argmax(alike, axis=1)
    same_track = np.diff(own[order]) == 0
    switches = int((np.diff(taken[order]) != 0)[same_track].sum())
    together = np.zeros((len(ids), len(ids)), np.int64)
    np.add.at(together, (own, taken), 1)
    return Pseudonyms(whose, ids[taken], switches, known(together) / len(rows))


def figures(drifts: list[Drift], model: str = "") -> tuple[Figure, ...]:
    """Means over tracks, every track counting the same, with an interval from drawing tracks again."""
    columns: dict[str, list[float]] = {
        "cosine of consecutive frames": [float(d.consecutive.mean()) for d in drifts if len(d.pairs)],
        "least cosine to the first frame": [d.lowest for d in drifts],
        "mean cosine of all pairs of frames": [d.together for d in drifts if d.together is not None],
        "distance to the original": [float(d.original.mean()) for d in drifts if d.original is not None],
    }
    return tuple(_over_tracks(name, values, model) for name, values in columns.items())


def _over_tracks(name: str, values: list[float], model: str) -> Figure:
    each = np.array(values, np.float64)
    return of_clips(
        name,
        # Every clip counts its tracks from 0: their numbers do not tell them apart.
        [str(place) for place in range(len(each))],
        lambda picked: float(each[picked].mean()),
        protocol=PROTOCOL,
        model=model,
        missing="no track has what it is computed from",
        drawn="track",
    )
