"""The same people cut out of an original and of what became of it, by the original's boxes.

So nobody is spared for not being found in the output, and nobody's number depends on who else was found: an identity
is that of the track (or of the truth) that a box is of, in both videos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.errors import InputError, NotMeasurable
from passerby.core.frame import Frame
from passerby.evaluate.embedders import Crop, Embedder
from passerby.evaluate.people import Appearances

MOST = 20
"""Crops of one person: neighbouring frames tell nothing new, and cost as much as others."""
LEAST_PX = 8
"""Shorter side of a box from which it is cut out: below, models see what resizing made of it."""

Around = Callable[[bx.Boxes], bx.Boxes]
"""From boxes (N, 4) to those that are cut out."""


def whole(boxes: bx.Boxes) -> bx.Boxes:
    """The boxes themselves: for persons, whom networks take stretched."""
    return boxes


def squared(boxes: bx.Boxes) -> bx.Boxes:
    """The squares around the middles of the boxes, of their longer side: for faces, which must not be stretched."""
    middle, half = bx.centre(boxes), (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Crops of both videos; row i of each is the same box of the same frame."""

    identities: NDArray[np.int64]
    """(N,)"""
    frames: NDArray[np.int64]
    """(N,) rising."""
    originals: tuple[Crop, ...]
    anonymized: tuple[Crop, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """What a model makes of `Views`; row i of every array is the same box of the same frame."""

    identities: NDArray[np.int64]
    """(N,)"""
    frames: NDArray[np.int64]
    """(N,)"""
    originals: NDArray[np.float32]
    """(N, D)"""
    anonymized: NDArray[np.float32]
    """(N, D)"""
    model: str = ""
    """Name and sha256 of the embedder."""
    detected: NDArray[np.bool_] | None = None
    """(N,) whether a detector finds somebody there in the anonymized video; None where nobody looked."""

    def __post_init__(self) -> None:
        lengths = {len(self.identities), len(self.frames), len(self.originals), len(self.anonymized)}
        if self.detected is not None:
            lengths.add(len(self.detected))
        if len(lengths) > 1:
            raise ValueError(f"columns have {sorted(lengths)} rows; give one row for each box")


def thinned(people: Appearances, most: int = MOST) -> Appearances:
    """At most `most` sure boxes of everyone, spread evenly over their time; tiny ones left out."""
    sides = (people.boxes[:, 2:] - people.boxes[:, :2]).min(axis=1, initial=np.inf)
    good = people.sure & (sides >= LEAST_PX)
    kept = []
    for person in np.unique(people.people[good]):
        rows = np.flatnonzero(good & (people.people == person))
        kept.append(rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))])
    rows = np.sort(np.concatenate(kept)) if kept else np.empty(0, np.intp)
    return replace(
        people,
        frames=people.frames[rows],
        people=people.people[rows],
        boxes=people.boxes[rows],
        sure=people.sure[rows],
    )


def cut(original: Iterable[Frame], anonymized: Iterable[Frame], people: Appearances, around: Around = whole) -> Views:
    """Every box of `people`, thinned beforehand, out of both videos; what reaches over the edge is cut off.

    Raises:
        InputError: the videos differ in size or in the number of frames, or are not those that `people` tells of.
        NotMeasurable: there is no box in it.
    """
    if not len(people.frames):
        raise NotMeasurable("nobody is to be seen large enough to be cut out; give boxes of people")
    boxes = np.rint(bx.clip(around(people.boxes), people.size)).astype(int)
    rows, before, after = [], [], []
    for index, (one, other) in enumerate(_together(original, anonymized, people)):
        mine = [row for row in np.flatnonzero(people.frames == index) if _has_area(boxes[row])]
        if mine:
            pictures = pixels.rgb(one), pixels.rgb(other)
            rows += mine
            before += [_part(pictures[0], boxes[row]) for row in mine]
            after += [_part(pictures[1], boxes[row]) for row in mine]
    chosen = np.array(rows, np.intp)
    return Views(people.people[chosen], people.frames[chosen], tuple(before), tuple(after))


def _together(
    original: Iterable[Frame], anonymized: Iterable[Frame], people: Appearances
) -> Iterator[tuple[Frame, Frame]]:
    """Both videos frame by frame, checked."""
    count, others = 0, iter(anonymized)
    for count, one in enumerate(original, 1):
        other = next(others, None)
        if other is None:
            raise InputError(
                f"the anonymized video ends after {count - 1} frames and the original goes on; cut neither"
            )
        if not one.size == other.size == people.size:
            sizes = f"{one.size}, {other.size} and {people.size}"
            raise InputError(
                f"original, anonymized video and boxes are of sizes {sizes}; give all at the original's size"
            )
        yield one, other
    if next(others, None) is not None or count != people.count:
        raise InputError(f"the original has {count} frames, and the anonymized video or the boxes others; give a pair")


def _has_area(box: NDArray[np.int_]) -> bool:
    return bool((box[2:] > box[:2]).all())


def _part(picture: Crop, box: NDArray[np.int_]) -> Crop:
    x0, y0, x1, y1 = box
    return picture[y0:y1, x0:x1].copy()


def embed(views: Views, embedder: Embedder, detected: NDArray[np.bool_] | None = None) -> Embedded:
    """Both sides of `views` through one model."""
    sides = embedder.embed(views.originals), embedder.embed(views.anonymized)
    return Embedded(views.identities, views.frames, *sides, embedder.model, detected)
