"""How far a detector that judges can be believed: what it takes for faces may be posters, sleeves and hair.

Whoever it sees counts as exposed unless hidden. So that its mistakes do not pass for leaks, the same is told of those
whom it sees clearly at least once, and how many it never does. Where there is a truth, its mistakes are counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.core.detections import Detections
from passerby.evaluate import residual, statistics
from passerby.evaluate.figures import of_clips
from passerby.evaluate.leaks import leaks
from passerby.evaluate.people import Appearances
from passerby.evaluate.statistics import Figure

CLEAR = 0.8
"""Score that somebody has to reach once in the original to be clearly a face."""
BARE = 0.5
"""Share of a face that is hidden, below which it is bare: above, what shows may be hair."""
PROTOCOL = f"of people whom the detector gives {CLEAR:g} or more at least once in the original"


def clearly(faces: Appearances, scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows of `faces` (N,) are of somebody who scores `CLEAR` or more in one of them; of told ones, all.

    `scores` (N,) are those of the detector that found them, NaN where nobody found but told them.
    """
    sure = faces.people[~(scores < CLEAR)]
    return np.asarray(np.isin(faces.people, sure), np.bool_)


def figures(faces: Appearances, shares: NDArray[np.float32], scores: NDArray[np.float32]) -> tuple[Figure, ...]:
    """Who leaks among those who are clearly faces, who of them is bare, and how many finds may be none.

    `shares` (N,) of each box is hidden, as in `leaks`.
    """
    clear = clearly(faces, scores)
    total, everyone = leaks(faces, shares, clear), leaks(faces, shares)
    # Whoever is hidden by less than half is bare; the same count with what is less than enough moved to that.
    bare = leaks(faces, np.where(shares < BARE, 0, 1).astype(np.float32), clear)
    doubtful = everyone.people - total.people
    return (
        _share("any-leak rate, clear faces", total.leaking, total.people, PROTOCOL),
        _share(
            "bare at least once, clear faces", bare.leaking, bare.people, f"{PROTOCOL}; less than {BARE:.0%} hidden"
        ),
        _share(
            "finds that may be no face",
            doubtful,
            everyone.people,
            f"people whom the detector never gives {CLEAR:g} in the original",
        ),
    )


def mistakes(clips: Sequence[str], truths: Sequence[Appearances], found: Sequence[Sequence[Detections]]) -> Figure:
    """The share of a judge's finds in the originals that are on nobody, by the truth of each clip."""
    names: list[str] = []
    nobody: list[float] = []
    for name, faces, frames in zip(clips, truths, found, strict=True):
        for index, finds in enumerate(frames):
            there = faces.boxes[faces.frames == index]
            on = residual.holds(there, finds.boxes).T | residual.holds(finds.boxes, there)
            names += [name] * len(finds)
            nobody += [float(not row.any()) for row in on]
    wrong = np.array(nobody)
    return of_clips(
        "judge's finds on nobody",
        names,
        lambda rows: float(wrong[rows].mean()),
        protocol="finds in the originals that the truth has no face for; a truth that lacks some makes it too high",
        missing="the judge found nothing",
    )


def _share(name: str, hits: int, n: int, protocol: str) -> Figure:
    if not n:
        return Figure(name=name, value=None, n=0, protocol=protocol, missing="nobody is clearly to be seen in it")
    ends = statistics.clopper_pearson(hits, n) if hits else statistics.Interval(0.0, statistics.none_of(n))
    return Figure(name=name, value=hits / n, n=n, low=ends.low, high=ends.high, protocol=protocol)
