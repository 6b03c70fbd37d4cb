"""COCO's average precision, of boxes and of poses: how well a detector still finds people in the anonymized video.

As pycocotools counts it: greedy matching from the best score down, IoU thresholds .50:.05:.95, precision read at 101
recalls, mean over classes that occur.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passerby.core.detections import Detections
from passerby.core.errors import NotMeasurable
from passerby.evaluate.figures import of_clips
from passerby.evaluate.statistics import Figure

Floats = NDArray[np.float64]

THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
RECALLS: Floats = np.linspace(0, 1, 101)
MOST_BOXES, MOST_POSES = 100, 20
"""Detections of one class in one picture that count, best first."""

SIGMAS: Floats = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89], np.float64) / 1000
"""How far COCO's annotators differ on nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles."""


@dataclass(frozen=True, slots=True, eq=False)
class Matchable:
    """One class in one picture: how alike everything found and everything true is."""

    similarity: Floats
    """(D, G) IoU or OKS, in [0, 1]."""
    scores: Floats
    """(D,)."""
    ignored: NDArray[np.bool_]
    """(G,) truths that are neither to be found nor wrong to find: crowds, and poses without a visible point."""
    crowd: NDArray[np.bool_]
    """(G,) truths that any number of detections may match."""

    def __post_init__(self) -> None:
        found, true = self.similarity.shape
        if self.scores.shape != (found,) or {self.ignored.shape, self.crowd.shape} - {(true,)}:
            raise ValueError(
                f"{self.similarity.shape} similarities go with {self.scores.shape} scores and "
                f"{self.ignored.shape} truths; wanted (D, G), (D,) and (G,)"
            )


_NOTHING = Matchable(np.zeros((0, 0)), np.zeros(0), np.zeros(0, bool), np.zeros(0, bool))


def by_label(found: Detections, true: Detections) -> dict[str, Matchable]:
    """What a detector found in one picture and what is there, by IoU and label, for labels of either.

    Where nobody knows what is there, what the detector finds in the original with a good score may stand for it: mAP
    then says how far it agrees with itself. Its mAP before is then no accuracy.
    """
    answer = {}
    for label in sorted({*found.labels.tolist(), *true.labels.tolist()}):
        ours, theirs = found[found.labels == label], true[true.labels == label]
        regular = np.zeros(len(theirs), bool)
        alike = box_overlaps(ours.boxes, theirs.boxes, regular)
        answer[label] = Matchable(alike, ours.scores.astype(np.float64), regular, regular)
    return answer


def gathered(pictures: Sequence[Mapping[str, Matchable]]) -> dict[str, list[Matchable]]:
    """Pictures of classes as classes of pictures; a picture without a class has nothing of it, found or true."""
    labels = sorted({label for picture in pictures for label in picture})
    return {label: [picture.get(label, _NOTHING) for picture in pictures] for label in labels}


@dataclass(frozen=True, slots=True)
class Precision:
    """Averages over classes, in [0, 1]."""

    ap: float
    """Over all thresholds: 'mAP', AP@[.50:.95]."""
    ap50: float
    ap75: float
    truths: int
    """Things that were to be found."""


def box_overlaps(found: NDArray[Any], true: NDArray[Any], crowd: NDArray[np.bool_]) -> Floats:
    """IoU of boxes (D, 4) and (G, 4), x0 y0 x1 y1; of a crowd, the share of the found box that lies in it. (D, G)."""
    a, b = found.astype(np.float64).reshape(-1, 4), true.astype(np.float64).reshape(-1, 4)
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    shared = np.maximum(sides, 0).prod(axis=2)
    area_a, area_b = ((x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b))
    whole = np.where(crowd[None], area_a[:, None], area_a[:, None] + area_b[None] - shared)
    return np.asarray(shared / np.maximum(whole, 1e-12), np.float64)


def oks(
    found: NDArray[Any],
    true: NDArray[Any],
    visible: NDArray[np.bool_],
    areas: NDArray[Any],
    boxes: NDArray[Any],
    sigmas: Floats = SIGMAS,
) -> Floats:
    """Object keypoint similarity, (D, G): the mean of exp(-d² / (2 s² k²)) over points visible in the truth.

    d is the distance in pixels, s² the truth's area (COCO: of its outline, not of its box), k = 2 sigma. A truth
    without a visible point is compared by how far points lie outside of twice its box; it is to be ignored.

    Args:
        found: (D, K, 2) x y.
        true: (G, K, 2) x y.
        visible: (G, K).
        areas: (G,) square pixels.
        boxes: (G, 4) x0 y0 x1 y1 of the truths.
        sigmas: (K,).
    """
    apart = found.astype(np.float64)[:, None] - true.astype(np.float64)[None]
    corners = boxes.astype(np.float64).reshape(-1, 2, 2)
    side = corners[:, 1] - corners[:, 0]
    low, high = (corners[:, 0] - side)[:, None], (corners[:, 1] + side)[:, None]
    points = found.astype(np.float64)[:, None]
    outside = np.maximum(low - points, 0) + np.maximum(points - high, 0)
    seen: NDArray[np.bool_] = np.asarray(visible.any(axis=1), np.bool_)
    squares = np.square(np.where(seen[None, :, None, None], apart, outside)).sum(axis=3)
    sizes = np.maximum(areas.astype(np.float64), 1e-12)[None, :, None]
    alike = np.exp(-squares / (2 * sizes * np.square(2 * sigmas)))
    counts = np.where(seen[:, None], visible, True)
    return np.asarray((alike * counts).sum(axis=2) / counts.sum(axis=1), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Matches:
    """One class in one picture, after matching; detections from the best score down."""

    scores: Floats
    hits: NDArray[np.bool_]
    """(T, D) found at each threshold."""
    wrong: NDArray[np.bool_]
    """(T, D) matches nothing; what matches something ignored is neither."""
    truths: int


def average_precision(classes: Mapping[str, Sequence[Matchable]], most: int = MOST_BOXES) -> Precision:
    """AP of all pictures of every class; a class without a truth does not count.

    `most` detections of a class and picture count: `MOST_BOXES` or `MOST_POSES`. Lin et al., "Microsoft COCO", 2014,
    and pycocotools, area range 'all'.

    Raises:
        NotMeasurable: there is nothing to be found.
    """
    return _averaged([[_matched(picture, most) for picture in pictures] for pictures in classes.values()])


def retention(
    before: Mapping[str, Sequence[Matchable]],
    after: Mapping[str, Sequence[Matchable]],
    clips: Sequence[str],
    *,
    what: str = "box",
    most: int = MOST_BOXES,
    model: str = "",
) -> list[Figure]:
    """'<what> mAP before', 'after' and 'after / before' of one frozen detector; intervals from drawing clips again.

    Drawn are those clips in which there is something to be found. In the others all finds are false: they count every
    time, and are no cases.

    Args:
        before, after: every class's pictures, as many as `clips`, against the same truths.
        clips: (N,) which clip each picture is of.
        what: 'box', or 'pose' with OKS.
        most: see `average_precision`.
        model: file and sha256.
    """
    if any(len(rows) != len(clips) for rows in (*before.values(), *after.values())):
        raise ValueError(f"classes have other numbers of pictures; wanted {len(clips)} of each, before and after")
    one, other = ([[_matched(picture, most) for picture in rows] for rows in run.values()] for run in (before, after))
    truths = [sum(picture.truths for pictures in run for picture in pictures) for run in (one, other)]
    if truths[0] != truths[1]:
        raise ValueError(f"there are {truths[0]} truths before and {truths[1]} after; hold both against the same")
    protocol = f"COCO {'OKS' if what == 'pose' else 'IoU'} .50:.05:.95, area all, {most} detections"
    there = {clip for pictures in one for clip, picture in zip(clips, pictures, strict=True) if picture.truths}
    drawn = np.flatnonzero([clip in there for clip in clips])
    rest = np.flatnonzero([clip not in there for clip in clips])
    found = bool(there) and _averaged(one).ap > 0

    def precision(run: list[list[_Matches]], rows: NDArray[np.intp]) -> float:
        return _ap(run, np.concatenate([drawn[rows], rest]))

    def ratio(rows: NDArray[np.intp]) -> float:
        whole = precision(one, rows)
        return precision(other, rows) / whole if whole else math.inf

    return [
        of_clips(
            f"{what} mAP {name}",
            [clip for clip in clips if clip in there] if usable else [],
            statistic,
            protocol=protocol,
            model=model,
            missing=missing,
        )
        for name, usable, statistic, missing in [
            ("before", bool(there), lambda rows: precision(one, rows), "there is nothing to be found"),
            ("after", bool(there), lambda rows: precision(other, rows), "there is nothing to be found"),
            ("after / before", found, ratio, "the detector found nothing before"),
        ]
    ]


def _ap(classes: list[list[_Matches]], rows: NDArray[np.intp]) -> float:
    """AP of some pictures; 0 where none of them holds anything to be found."""
    chosen = [[pictures[row] for row in rows] for pictures in classes]
    return _averaged(chosen).ap if any(one.truths for pictures in chosen for one in pictures) else 0.0


def _averaged(classes: list[list[_Matches]]) -> Precision:
    true = [pictures for pictures in classes if any(picture.truths for picture in pictures)]
    if not true:
        raise NotMeasurable("there is nothing to be found in any picture; give truths of these classes")
    means = np.mean([_class_precision(pictures) for pictures in true], axis=0)
    at = [int(np.argmin(np.abs(THRESHOLDS - limit))) for limit in (0.5, 0.75)]
    truths = sum(picture.truths for pictures in true for picture in pictures)
    return Precision(float(means.mean()), float(means[at[0]]), float(means[at[1]]), truths)


def _class_precision(pictures: Sequence[_Matches]) -> Floats:
    """(T,) the mean over recalls of the highest precision at that recall or beyond."""
    order = np.argsort(-np.concatenate([picture.scores for picture in pictures]), kind="stable")
    hits = np.concatenate([picture.hits for picture in pictures], axis=1)[:, order].cumsum(axis=1)
    wrong = np.concatenate([picture.wrong for picture in pictures], axis=1)[:, order].cumsum(axis=1)
    recalls = hits / sum(picture.truths for picture in pictures)
    precisions = hits / np.maximum(hits + wrong, 1)
    # What a better recall keeps of precision, a lower one could have had.
    highest = np.maximum.accumulate(precisions[:, ::-1], axis=1)[:, ::-1]
    padded = np.concatenate([highest, np.zeros((len(THRESHOLDS), 1))], axis=1)
    read = [row[np.searchsorted(reached, RECALLS, side="left")] for row, reached in zip(padded, recalls, strict=True)]
    return np.asarray(np.mean(read, axis=1), np.float64)


def _matched(picture: Matchable, most: int) -> _Matches:
    """Each detection, best first, takes the most similar free truth; an ignored one only where no other will do."""
    order = np.argsort(-picture.scores, kind="stable")[:most]
    shape = (len(THRESHOLDS), len(order))
    hits, wrong = np.zeros(shape, bool), np.ones(shape, bool)
    for row, threshold in enumerate(THRESHOLDS):
        free = np.ones(len(picture.ignored), bool)
        for place, similarity in enumerate(picture.similarity[order]):
            fits = (free | picture.crowd) & (similarity >= min(threshold, 1 - 1e-10))
            regular = fits & ~picture.ignored
            choice = regular if regular.any() else fits
            if choice.any():
                # Of several alike, the last, as in pycocotools.
                best = len(choice) - 1 - int(np.argmax(np.where(choice, similarity, -1)[::-1]))
                free[best] = False
                wrong[row, place] = False
                hits[row, place] = not picture.ignored[best]
    return _Matches(picture.scores[order], hits, wrong, int(np.count_nonzero(~picture.ignored)))
