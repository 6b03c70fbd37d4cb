"""What leaks: how much of each face is hidden, and what that means for the people. Needs no model of identity.

A face stands for whatever is to be hidden: a plate, a person. Where it is comes from the truth, or from a detector that
is not the one that did the hiding, which would not see what it missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core.regions import Mask
from passerby.evaluate import statistics
from passerby.evaluate.people import Appearances
from passerby.evaluate.statistics import Figure

ENOUGH = 0.9
"""Share of a face's box that has to be hidden."""
HIDDEN = 255
"""What alpha is where nothing of the picture is left."""


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """What of a clip is hidden."""

    shares: NDArray[np.float32]
    """(N,) of each face's box, in [0, 1]."""
    hidden_px: int
    """Over all frames."""
    face_px: int
    """In the boxes of all faces, those that are not sure included: to hide them is no excess."""
    outside_px: int
    """Hidden pixels outside all of these boxes."""
    pixels: int
    """Of all frames."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """Who can be seen, among some faces of a clip or of several."""

    faces: int = 0
    """Boxes, over all frames."""
    exposed: int = 0
    """Of these, boxes of which less than `ENOUGH` is hidden."""
    people: int = 0
    leaking: int = 0
    """People who are exposed in at least one frame."""
    longest: int = 0
    """Exposure gap: in so many sightings in a row is the same person exposed, at most."""
    inside: int = 0
    """Exposed boxes of somebody who is hidden both before and after."""

    def __add__(self, other: Leaks) -> Leaks:
        """Of both together."""
        return Leaks(
            self.faces + other.faces,
            self.exposed + other.exposed,
            self.people + other.people,
            self.leaking + other.leaking,
            max(self.longest, other.longest),
            self.inside + other.inside,
        )


@dataclass(frozen=True, slots=True)
class Exposure:
    """Somebody who can be seen in one frame."""

    frame: int
    person: int
    box: tuple[float, ...]
    share: float
    """Of the box, in [0, 1], that is hidden."""


def cover(faces: Appearances, hidden: Iterable[Sequence[Mask]]) -> Cover:
    """How much of `faces` is under the masks of `hidden`, which are given frame by frame.

    Raises:
        ValueError: `hidden` has more or fewer frames than the clip.
    """
    shares = np.zeros(len(faces.frames), np.float32)
    boxes = np.rint(faces.boxes).astype(int)
    count = hidden_px = outside_px = 0
    for index, masks in enumerate(hidden):
        count += 1
        canvas = _union(masks, faces.size)
        hidden_px += int(np.count_nonzero(canvas))
        for row in np.flatnonzero(faces.frames == index):
            x0, y0, x1, y1 = boxes[row]
            part = canvas[y0:y1, x0:x1]
            shares[row] = part.mean() if part.size else 1
        for x0, y0, x1, y1 in boxes[faces.frames == index]:
            canvas[y0:y1, x0:x1] = False
        outside_px += int(np.count_nonzero(canvas))
    if count != faces.count:
        raise ValueError(f"hidden in {count} frames, but the clip has {faces.count}: they cannot be compared")
    sides = boxes[:, 2:] - boxes[:, :2]
    face_px, pixels = int(sides.prod(axis=1).sum()), count * faces.size[0] * faces.size[1]
    return Cover(shares, hidden_px, face_px, outside_px, pixels)


def _union(masks: Sequence[Mask], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels of a frame of `size` are hidden by any of `masks`, (H, W)."""
    width, height = size
    canvas = np.zeros((height, width), np.bool_)
    for mask in masks:
        x0, y0, x1, y1 = mask.box
        left, top = max(x0, 0), max(y0, 0)
        right, bottom = min(x1, width), min(y1, height)
        if left < right and top < bottom:
            canvas[top:bottom, left:right] |= mask.alpha[top - y0 : bottom - y0, left - x0 : right - x0] == HIDDEN
    return canvas


def leaks(faces: Appearances, shares: NDArray[np.float32], chosen: NDArray[np.bool_] | None = None) -> Leaks:
    """Who leaks among the rows `chosen` of `faces`, where the share `shares` of each is hidden; only sure ones count.

    Frames in which somebody is not among them neither end nor lengthen a gap.
    """
    rows = faces.sure if chosen is None else faces.sure & chosen
    total = Leaks()
    for person in np.unique(faces.people[rows]):
        mine = np.flatnonzero(rows & (faces.people == person))
        bare = shares[mine[np.argsort(faces.frames[mine], kind="stable")]] < ENOUGH
        hidden = np.flatnonzero(~bare)
        between = bare[hidden[0] : hidden[-1]].sum() if len(hidden) else 0
        total += Leaks(len(bare), int(bare.sum()), 1, int(bare.any()), _longest(bare), int(between))
    return total


def exposures(faces: Appearances, shares: NDArray[np.float32], chosen: NDArray[np.bool_]) -> tuple[Exposure, ...]:
    """What `Leaks.exposed` counts, one by one, frames rising."""
    rows = np.flatnonzero(faces.sure & chosen & (shares < ENOUGH))
    return tuple(
        Exposure(
            int(faces.frames[row]),
            int(faces.people[row]),
            tuple(round(float(side), 1) for side in faces.boxes[row]),
            round(float(shares[row]), 3),
        )
        for row in rows
    )


def _longest(bare: NDArray[np.bool_]) -> int:
    """The most true ones in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], bare, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


# For a report

PROTOCOL = f"leaks: a box is hidden when {ENOUGH:.0%} of it is"


def figures(faces: Appearances, covered: Cover) -> tuple[Figure, ...]:
    """Coverage, misses, gap, people who leak, and over-hiding; only sure boxes count, but for over-hiding.

    - recall: the share of boxes of which `ENOUGH` or more is hidden; the miss rate is 1 - recall. Intervals by person.
    - coverage per person: the mean hidden share of a person's boxes, its mean over people.
    - exposure gap: `Leaks.longest`. Any-leak rate: people with one exposed box or more, of all; Clopper-Pearson, and
      for none of them 1 - 0.05^(1/n), one-sided.
    - over-hiding: of the hidden pixels, the share outside all boxes. A margin around boxes is over-hiding as well, and
      wanted: compare it with other tools', not with 0.
    """
    mine, shares, whose = faces.sure, covered.shares[faces.sure], faces.people[faces.sure]
    if not mine.any():
        names = "recall", "miss rate", "coverage per person", "exposure gap", "any-leak rate"
        nobody = "nobody is surely to be seen in it"
        alone = tuple(Figure(name=name, value=None, n=0, protocol=PROTOCOL, missing=nobody) for name in names)
        return *alone, _over_hiding(covered)
    total = leaks(faces, covered.shares)
    hidden = (shares >= ENOUGH).astype(np.float64)
    people, inverse = np.unique(whose, return_inverse=True)
    means = np.bincount(inverse, shares) / np.bincount(inverse)
    any_leak = statistics.Interval(0.0, statistics.none_of(total.people))
    if total.leaking:
        any_leak = statistics.clopper_pearson(total.leaking, total.people)
    return (
        statistics.mean("recall", hidden, whose, protocol=PROTOCOL),
        statistics.mean("miss rate", 1 - hidden, whose, protocol=PROTOCOL),
        statistics.mean("coverage per person", np.minimum(means, 1), people, protocol=PROTOCOL),
        Figure(
            name="exposure gap",
            value=float(total.longest),
            n=total.faces,
            unit="sightings",
            protocol=PROTOCOL,
            notes=("in a row in which one person is exposed, at most; frames in which nobody sees them do not count",),
        ),
        Figure(
            name="any-leak rate",
            value=total.leaking / total.people,
            n=total.people,
            low=any_leak.low,
            high=any_leak.high,
            protocol=PROTOCOL,
        ),
        _over_hiding(covered),
    )


def _over_hiding(covered: Cover) -> Figure:
    name = "over-hiding"
    if not covered.hidden_px:
        return Figure(name=name, value=None, n=0, protocol=PROTOCOL, missing="nothing is hidden at all")
    value = covered.outside_px / covered.hidden_px
    return Figure(name=name, value=value, n=covered.hidden_px, unit="share of hidden pixels", protocol=PROTOCOL)
