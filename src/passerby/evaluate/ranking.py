"""Looking somebody up: whom of a gallery a query resembles most, and how often that is the right one.

In every formula a *query* is looked up in a *gallery*; both have identities. The lower a rank, the better for the
attacker. Whatever is uncertain here is decided for the attacker: who anonymizes must not gain by a tie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby.core.errors import NotMeasurable

TIE = 1e-6
"""Distances that differ by less are the same: single precision does not tell them apart."""

Distances = NDArray[np.float64]
"""(Q, G), from every query to every entry of the gallery."""


def cosine(queries: ArrayLike, gallery: ArrayLike) -> Distances:
    """1 - cos of every pair of rows of (Q, D) and (G, D), (Q, G) in [0, 2].

    Raises:
        NotMeasurable: a row has no direction (all zeros).
    """
    return 1 - unit(queries) @ unit(gallery).T


def squared(queries: ArrayLike, gallery: ArrayLike) -> Distances:
    """The squared Euclidean distance |a - b|² of every pair of rows of (Q, D) and (G, D), (Q, G).

    Of unit vectors it is 2 - 2 cos, so that it ranks as `cosine` does.
    """
    a, b = _rows(queries), _rows(gallery)
    spread = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None] - 2 * a @ b.T
    return np.asarray(np.maximum(spread, 0), np.float64)


def unit(embeddings: ArrayLike) -> NDArray[np.float64]:
    """Rows (N, D) made one long, in double precision.

    Raises:
        NotMeasurable: a row has no direction (all zeros).
    """
    rows = _rows(embeddings)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if (lengths == 0).any():
        raise NotMeasurable(
            f"{int((lengths == 0).sum())} embeddings are all zeros and resemble nobody; check the model"
        )
    return np.asarray(rows / lengths, np.float64)


def _rows(embeddings: ArrayLike) -> NDArray[np.float64]:
    rows = np.asarray(embeddings, np.float64)
    if rows.ndim != 2:
        raise ValueError(f"embeddings have shape {rows.shape}, wanted (N, D)")
    if not np.isfinite(rows).all():
        raise NotMeasurable("an embedding has numbers that are not finite; check the model and its input")
    return rows


def junk(
    query_ids: ArrayLike, gallery_ids: ArrayLike, query_cameras: ArrayLike, gallery_cameras: ArrayLike
) -> NDArray[np.bool_]:
    """The pairs that Market-1501 leaves out, (Q, G): the same identity seen by the same camera.

    For galleries of several cameras, where finding the very same scene again is no achievement. Where both sides come
    from one video it leaves out every true match, and `rank` raises.
    """
    pairs = (query_ids, gallery_ids), (query_cameras, gallery_cameras)
    person, camera = (np.asarray(queries)[:, None] == np.asarray(gallery)[None] for queries, gallery in pairs)
    return np.asarray(person & camera, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """How the valid queries fared: those with a true match in the gallery. Row i of every array is one of them."""

    queries: NDArray[np.int64]
    """(V,) which row of the distances it is."""
    identities: NDArray[np.generic]
    """(V,) whose it is."""
    first: NDArray[np.int64]
    """(V,) the rank of its first true match, from 1."""
    last: NDArray[np.int64]
    """(V,) the rank of its last, the hardest one."""
    precision: NDArray[np.float64]
    """(V,) average precision."""
    matches: NDArray[np.int64]
    """(V,) entries of its identity, those left out not counted."""
    entries: NDArray[np.int64]
    """(V,) entries it was looked up in."""
    degenerate: NDArray[np.bool_]
    """(V,) all its entries are equally far, several identities among them: the rank is the tie's, not the model's."""
    skipped: int
    """Queries without a true match; they count nowhere else."""

    def cmc(self, most: int) -> NDArray[np.float64]:
        """The share of queries with a true match among the first k, for k = 1 to `most`, (most,)."""
        return np.asarray((self.first[:, None] <= np.arange(1, most + 1)).mean(axis=0), np.float64)

    @property
    def mean_precision(self) -> float:
        """mAP, the mean of `precision`."""
        return float(self.precision.mean())

    @property
    def inverse_penalty(self) -> NDArray[np.float64]:
        """(V,) INP, matches / rank of the hardest one (Ye et al., AGW, 2021); its mean is mINP."""
        return np.asarray(self.matches / self.last, np.float64)

    def chance(self, k: int = 1) -> float:
        """What `cmc` at k would be for a model that guesses: the mean of 1 - C(G-m, k) / C(G, k).

        With one entry an identity it is k / G: 1/gallery for k = 1.
        """
        tried = np.arange(k)
        wrong = self.entries[:, None] - self.matches[:, None] - tried
        left = np.maximum(self.entries[:, None] - tried, 1)
        return float(1 - (np.maximum(wrong, 0) / left).prod(axis=1).mean())


def nobody(skipped: int) -> Ranking:
    """The ranking of queries of which none has a true match; figures of it are missing."""
    whole, part = np.empty(0, np.int64), np.empty(0, np.float64)
    return Ranking(whole, whole, whole, whole, part, whole, whole, np.empty(0, bool), skipped)


def rank(
    distances: ArrayLike,
    query_ids: ArrayLike,
    gallery_ids: ArrayLike,
    ignored: ArrayLike | None = None,
    *,
    tie: float = TIE,
) -> Ranking:
    """Look every query up by `distances` (Q, G), smallest first.

    `ignored` (Q, G) says which pairs are left out as if they were not in the gallery: see `junk`. The average precision
    is Market-1501's as its users compute it: the mean, over true matches, of the precision at their ranks, as
    sklearn's `average_precision_score` has it. Of entries that are equally far (to within `tie`) the true matches come
    first, so that embeddings that are all alike count as found, the worst for privacy; see `Ranking.degenerate`.

    Raises:
        NotMeasurable: no query has a true match: 0 % would look like perfect privacy, and means nothing.
    """
    far, people, gallery = np.asarray(distances, np.float64), np.asarray(query_ids), np.asarray(gallery_ids)
    if far.shape != (len(people), len(gallery)):
        raise ValueError(f"distances have shape {far.shape} for {len(people)} queries and {len(gallery)} entries")
    if not np.isfinite(far).all():
        raise NotMeasurable("a distance is not finite; check the model and its input")
    counted = np.ones(far.shape, bool) if ignored is None else ~np.asarray(ignored, bool)
    valid = np.flatnonzero((counted & (people[:, None] == gallery[None])).any(axis=1))
    if not len(valid):
        rule = "" if ignored is None else f" ({int((~counted).sum())} pairs are left out by the rule for junk)"
        raise NotMeasurable(f"none of {len(people)} queries has a true match in the gallery{rule}; look at the rule")
    columns = zip(*(_one(far[q, counted[q]], gallery[counted[q]] == people[q], tie) for q in valid), strict=True)
    first, last, precision, matches, entries, degenerate = (np.array(column) for column in columns)
    skipped = len(people) - len(valid)
    return Ranking(valid, people[valid], first, last, precision, matches, entries, degenerate, skipped)


def _one(far: Distances, same: NDArray[np.bool_], tie: float) -> tuple[int, int, float, int, int, bool]:
    """One row of a `Ranking` but for its query."""
    order = np.argsort(np.where(same, far - tie, far), kind="stable")
    ranks = np.flatnonzero(same[order]) + 1
    precision = float((np.arange(1, len(ranks) + 1) / ranks).mean())
    alike = bool(np.ptp(far) <= tie) and not same.all()
    return int(ranks[0]), int(ranks[-1]), precision, len(ranks), len(far), alike
