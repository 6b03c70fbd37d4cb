"""Faces of an anonymized video against the original's: verification and identification, as figures of a report.

Thresholds, and what a model is good for, come from the originals alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate import ranking, statistics, verification
from passerby.evaluate.figures import of_clips
from passerby.evaluate.pairs import Embedded
from passerby.evaluate.reid import GAP_FRAMES
from passerby.evaluate.statistics import Figure

PROTOCOL = "faces, {what}; crops by the original's boxes"


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One side looked up among the originals."""

    scores: NDArray[np.float64]
    """(N, N) cosine of row i of this side to row j of the originals."""
    ranks: ranking.Ranking
    searches: verification.Searches


def figures(faces: Embedded, *, gap_frames: int = GAP_FRAMES) -> tuple[Figure, ...]:
    """TAR at every one of `verification.FARS`, AUC, EER, Rank-1/5/10 and TPIR at FPIR 1 %, of originals and anonymized.

    Faces of one person are compared from `gap_frames` on: those of neighbouring frames are nearly the same picture.
    What cannot be computed is there with the reason. Anonymized faces that a detector does not find are in all of
    them (an embedder does not ask a detector), counted by a figure of their own, and TAR is given for the others, too.

    Raises:
        NotMeasurable: nobody is there twice so far apart, there is one person only, or the model gives all originals
            the same.
    """
    whose, same, too_near = faces.identities, faces.same, faces.too_near(gap_frames)
    genuine = same & ~too_near
    if not genuine.any():
        raise NotMeasurable(f"nobody is to be seen twice, {gap_frames} frames apart or more; give a longer clip")
    before, after = (_side(faces, rows, too_near) for rows in (faces.originals, faces.anonymized))
    upper = np.triu(np.ones(same.shape, bool), 1)
    impostors = np.sort(before.scores[upper & ~same])
    if np.ptp(impostors) <= ranking.TIE:
        raise NotMeasurable(f"degenerate: all pairs of different people score {impostors[0]:.6g}; use another model")
    sides = {
        "originals": (before.scores, upper & genuine),
        "anonymized": (after.scores, genuine),
    }
    if faces.detected is not None:
        found = np.asarray(faces.detected, bool)
        sides["anonymized, detected"] = (after.scores, sides["anonymized"][1] & found[:, None])
    answer = []
    for name, (scores, pairs) in sides.items():
        owners = np.broadcast_to(whose[:, None], scores.shape)[pairs]
        answer += [_accepted(name, scores[pairs], owners, impostors, far, faces.model) for far in verification.FARS]
        answer += _curve(name, scores[pairs], owners, impostors, faces.model)
    for name, side in (("originals", before), ("anonymized", after)):
        answer += [_rank(name, side, k, faces.model) for k in (1, 5, 10)]
        answer.append(_open_set(name, side, before, whose, faces.model))
    rule = f"one person only from {gap_frames} frames apart"
    answer = [replace(figure, protocol=f"{figure.protocol}; {rule}") for figure in answer]
    if faces.detected is not None:
        undetected = ~np.asarray(faces.detected, bool)
        answer.append(statistics.mean("undetected, anonymized", undetected, whose, protocol="face detector"))
    return tuple(answer)


def _side(faces: Embedded, rows: NDArray[np.float32], too_near: NDArray[np.bool_]) -> _Side:
    distances = ranking.cosine(rows, faces.originals)
    ranks = ranking.rank(distances, faces.identities, faces.identities, too_near)
    searches = verification.search(1 - distances, faces.identities, faces.identities, too_near)
    return _Side(1 - distances, ranks, searches)


def _accepted(
    side: str,
    scores: NDArray[np.float64],
    owners: NDArray[np.int64],
    impostors: NDArray[np.float64],
    far: float,
    model: str,
) -> Figure:
    name, protocol = f"TAR at FAR {far:g}, {side}", PROTOCOL.format(what="verification")
    try:
        at = verification.threshold(impostors, far)
    except NotMeasurable as error:
        return Figure(name=name, value=None, n=0, protocol=protocol, model=model, missing=str(error))
    return statistics.mean(name, scores > at, owners, protocol=protocol, model=model)


def _curve(
    side: str, scores: NDArray[np.float64], owners: NDArray[np.int64], impostors: NDArray[np.float64], model: str
) -> tuple[Figure, Figure]:
    """AUC and EER."""
    protocol = PROTOCOL.format(what="verification")
    outscored = verification.placements(scores, impostors) if len(scores) else scores
    auc = statistics.mean(f"AUC, {side}", outscored, owners, protocol=protocol, model=model)
    eer = of_clips(
        f"EER, {side}",
        [str(owner) for owner in owners],
        lambda rows: verification.equal_error_rate(scores[rows], impostors),
        protocol=protocol,
        model=model,
        drawn="person",
    )
    return auc, eer


def _rank(side: str, looked: _Side, k: int, model: str) -> Figure:
    ranks, protocol = looked.ranks, PROTOCOL.format(what="identification")
    figure = statistics.mean(f"Rank-{k}, {side}", ranks.first <= k, ranks.identities, protocol=protocol, model=model)
    return replace(figure, notes=(f"guessing gives {ranks.chance(k):.3g}", *figure.notes))


def _open_set(side: str, looked: _Side, originals: _Side, whose: NDArray[np.int64], model: str) -> Figure:
    name, protocol = f"TPIR at FPIR 0.01, {side}", PROTOCOL.format(what="open-set identification")
    try:
        at = verification.threshold(originals.searches.rivals, 0.01)
    except NotMeasurable as error:
        return Figure(name=name, value=None, n=0, protocol=protocol, model=model, missing=str(error))
    found = verification.identified(looked.searches, at)
    return statistics.mean(name, found, whose[looked.searches.queries], protocol=protocol, model=model)
