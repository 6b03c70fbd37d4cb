"""Whether a video is still good for action recognition: one frozen model's answers before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate.figures import of_clips
from passerby.evaluate.statistics import Figure, wilson


@dataclass(frozen=True, slots=True)
class Retention:
    """Paired counts of clips: right before and after, before alone, after alone, never."""

    both: int
    lost: int
    gained: int
    neither: int

    @property
    def n(self) -> int:
        return self.both + self.lost + self.gained + self.neither

    @property
    def before(self) -> float:
        """Top-1 accuracy on the originals."""
        return self._of(self.both + self.lost, self.n)

    @property
    def after(self) -> float:
        """Top-1 accuracy on the anonymized clips."""
        return self._of(self.both + self.gained, self.n)

    @property
    def ratio(self) -> float:
        """`after` / `before`. Clips gained by luck make up for those lost; `kept` does not let them."""
        return self._of(self.both + self.gained, self.both + self.lost)

    @property
    def kept(self) -> float:
        """Of the clips that were right before, the share that still is."""
        return self._of(self.both, self.both + self.lost)

    @property
    def p(self) -> float:
        """`mcnemar` of the clips that changed."""
        return mcnemar(self.lost, self.gained)

    def _of(self, part: int, whole: int) -> float:
        if not whole:
            raise NotMeasurable("no clip was recognised before; use a model that knows these actions")
        return part / whole


def retention(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Retention:
    """Counts from whether each clip was right before and after, (N,) both.

    Raises:
        ValueError: they are not of the same clips.
    """
    one, other = np.asarray(before, bool), np.asarray(after, bool)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"there are answers for {one.shape} and {other.shape} clips; give one each, in the same order")
    counts = (int(np.count_nonzero(kind)) for kind in (one & other, one & ~other, ~one & other, ~one & ~other))
    return Retention(*counts)


def mcnemar(lost: int, gained: int) -> float:
    """The exact two-sided p of McNemar's test: how often chance alone moves `lost` + `gained` clips as unevenly.

    min(1, 2 P(X ≤ min)), X binomial of lost + gained tries at 1/2; 1 where nothing changed (McNemar 1947). Not the
    chi-squared form, which is wrong for fewer than about 25 changes. A large p is no proof that nothing was lost.
    """
    n = lost + gained
    tail = sum(comb(n, k) for k in range(min(lost, gained) + 1))
    return min(1.0, 2 * tail / (1 << n))


def figures(counts: Retention, *, model: str = "", truth: Literal["labels", "original"] = "labels") -> list[Figure]:
    """Top-1 before and after, its ratio, what was kept, and McNemar's p, of clips that are independent of each other.

    With `truth` 'original' the answers before were taken as right (nobody knows the labels), so that 'before' is 1.
    """
    protocol = {
        "labels": "top-1 against labels, one frozen model",
        "original": "top-1 against the model's own answers on the originals: agreement, not accuracy",
    }[truth]
    right_before, right_after = counts.both + counts.lost, counts.both + counts.gained
    shares = [("top-1 before", right_before, counts.n), ("top-1 after", right_after, counts.n)]
    shares.append(("still right of those right before", counts.both, right_before))
    rows = [_share(name, hits, n, protocol, model) for name, hits, n in shares]
    rows.append(_ratio(counts, protocol, model))
    rows.append(
        Figure(
            name="McNemar p",
            value=counts.p,
            n=counts.lost + counts.gained,
            protocol="exact, two-sided",
            model=model,
            notes=(f"{counts.lost} clips lost, {counts.gained} gained", "a large p is no proof that nothing was lost"),
        )
    )
    return rows


def _ratio(counts: Retention, protocol: str, model: str) -> Figure:
    """`Retention.ratio`, with an interval from drawing clips again."""
    pairs = np.array([(1, 1), (1, 0), (0, 1), (0, 0)])
    right = pairs.repeat([counts.both, counts.lost, counts.gained, counts.neither], axis=0)

    def ratio(rows: NDArray[np.intp]) -> float:
        before, after = right[rows].sum(axis=0).tolist()
        return after / before if before else math.inf

    return of_clips(
        "top-1 after / before",
        [str(clip) for clip in range(counts.n)] if counts.both + counts.lost else [],
        ratio,
        protocol=protocol,
        model=model,
        missing="no clip was recognised before",
    )


def _share(name: str, hits: int, n: int, protocol: str, model: str) -> Figure:
    if not n:
        return Figure(name=name, value=None, n=0, protocol=protocol, model=model, missing="there is no such clip")
    low, high = wilson(hits, n)
    return Figure(name=name, value=hits / n, n=n, low=low, high=high, protocol=protocol, model=model)
