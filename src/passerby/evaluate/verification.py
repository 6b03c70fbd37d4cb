"""Faces compared in pairs: is it the same person? Thresholds come from the originals, which an attacker has.

A *score* is a similarity (a cosine): a pair is accepted when its score is above the threshold, s > t. *Genuine* pairs
are of one person, *impostor* pairs of two. As ISO/IEC 19795-1 has them: FAR is the share of impostor pairs accepted,
TAR that of genuine pairs (TAR = 1 - FRR).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby.core.errors import NotMeasurable

FARS = (1e-2, 1e-3, 1e-4)
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")

Scores = NDArray[np.float64]


def threshold(impostors: ArrayLike, far: float) -> float:
    """The smallest threshold that accepts `far` of the `impostors` (N,) at the most: the (⌊far · N⌋ + 1)-th highest.

    Raises:
        NotMeasurable: there are fewer scores than 1 / far: a rate of one in a hundred cannot be seen in ten.
    """
    scores = np.sort(_scores(impostors, "impostor"))
    if not 0 < far < 1:
        raise ValueError(f"a false acceptance rate lies between 0 and 1, got {far}")
    # 0.29 of 100 is 28.999… in floating point.
    allowed = int(np.floor(far * len(scores) + 1e-9))
    if allowed < 1:
        need = int(np.ceil(1 / far - 1e-9))
        raise NotMeasurable(
            f"a false acceptance rate of {far:g} needs {need} scores of different people at least, got {len(scores)}; "
            "compare more people"
        )
    return float(scores[-allowed - 1])


def accepted(scores: ArrayLike, at: float) -> float:
    """The share of `scores` (N,) above the threshold `at`: TAR of genuine pairs, FAR of impostors."""
    return float((_scores(scores, "such") > at).mean())


def placements(genuine: ArrayLike, impostors: ArrayLike) -> Scores:
    """Of every genuine pair, the share of `impostors` (M,) that it outscores, equal ones counting half, (N,).

    Their mean is AUC.
    """
    same, other = _scores(genuine, "genuine"), np.sort(_scores(impostors, "impostor"))
    below, upto = (np.searchsorted(other, same, side=side) for side in _SIDES)
    return np.asarray((below + upto) / 2 / len(other), np.float64)


def area_under_curve(genuine: ArrayLike, impostors: ArrayLike) -> float:
    """AUC: how often a genuine pair scores higher than an impostor pair, equal ones counting half (Mann-Whitney).

    0.5 is chance. Says little of the few pairs that matter: read it beside TAR at a low FAR.
    """
    return float(placements(genuine, impostors).mean())


def equal_error_rate(genuine: ArrayLike, impostors: ArrayLike) -> float:
    """EER: where FAR and FRR are equal, on straight lines between the points of the ROC. 0.5 is chance."""
    # Sorted already when it is drawn again and again: a stable sort is quick then.
    same = np.sort(_scores(genuine, "genuine"), kind="stable")
    other = np.sort(_scores(impostors, "impostor"), kind="stable")

    def rates(level: float) -> tuple[float, float]:
        """(FAR, FRR) when scores from `level` on are accepted."""
        false = len(other) - int(np.searchsorted(other, level, side="left"))
        return false / len(other), int(np.searchsorted(same, level, side="left")) / len(same)

    def too_strict(level: float) -> bool:
        false, missed = rates(level)
        return false < missed

    # The curve crosses between two neighbours among all scores: the last level that is not too strict, and the next.
    first = [bisect_left(scores, True, key=too_strict) for scores in (same, other)]
    low = max(scores[index - 1] for scores, index in zip((same, other), first, strict=True) if index)
    high = min(
        (scores[index] for scores, index in zip((same, other), first, strict=True) if index < len(scores)),
        default=np.inf,
    )
    (false, missed), (less_false, more_missed) = rates(low), rates(high)
    over, under = false - missed, more_missed - less_false
    return less_false + under / (over + under) * (false - less_false)


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Open-set searches in a gallery: of people who are in it, and of the same people with themselves taken out."""

    mated: Scores
    """(V,) the highest score of the true identity."""
    rivals: Scores
    """(V,) the highest score of anybody else; also what a search for somebody who is not there would find."""
    queries: NDArray[np.int64]
    """(V,) which query it is: those whose identity is in the gallery, and somebody else's as well."""


def search(
    scores: ArrayLike, query_ids: ArrayLike, gallery_ids: ArrayLike, ignored: ArrayLike | None = None
) -> Searches:
    """Search every query in a gallery by `scores` (Q, G), higher being more alike; `ignored` (Q, G) pairs are left out.

    Raises:
        NotMeasurable: no query has both its own identity and another one in the gallery.
    """
    far = np.asarray(scores, np.float64)
    if not np.isfinite(far).all():
        raise NotMeasurable("a score is not finite; check the model and its input")
    same = np.asarray(query_ids)[:, None] == np.asarray(gallery_ids)[None]
    counted = np.ones(far.shape, bool) if ignored is None else ~np.asarray(ignored, bool)
    own, others = counted & same, counted & ~same
    queries = np.flatnonzero(own.any(axis=1) & others.any(axis=1))
    if not len(queries):
        raise NotMeasurable("no query has itself and somebody else in the gallery; give a gallery of two people")
    mated, rivals = (np.where(of, far, -np.inf).max(axis=1)[queries] for of in (own, others))
    return Searches(mated, rivals, queries)


def identified(searches: Searches, at: float) -> NDArray[np.bool_]:
    """Which searches find the true identity first, above the threshold `at`, (V,); their share is TPIR, rank 1.

    A tie for the first place is the attacker's. A threshold at which a search of somebody who is not there gives an
    answer in `fpir` of all cases is `threshold(originals.rivals, fpir)`.
    """
    return (searches.mated >= searches.rivals) & (searches.mated > at)


def _scores(values: ArrayLike, kind: str) -> Scores:
    scores = np.asarray(values, np.float64)
    if scores.ndim != 1 or not len(scores):
        raise NotMeasurable(f"there are no {kind} pairs; compare more people")
    if not np.isfinite(scores).all():
        raise NotMeasurable("a score is not finite; check the model and its input")
    return scores
