"""The same people cut out of an original and of what became of it, by the original's boxes.

So nobody is spared for not being found in the output, and nobody's number depends on who else was found: an identity
is that of the track (or of the truth) that a box is of, in both videos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.errors import InputError, NotMeasurable
from passerby.core.frame import Frame
from passerby.evaluate.embedders import Crop, CropEmbedder
from passerby.evaluate.people import Appearances, some

MOST = 20
"""Crops of one person: neighbouring frames tell nothing new, and cost as much as others."""
LEAST_PX = 8
"""Shorter side of a box from which it is cut out: below, models see what resizing made of it."""

FACE_SIDE, FACE_RISE = 1.2, 0.05
"""MobileFaceNet knows originals better by these than by the plain square, and little beside the face is taken in."""

Around = Callable[[bx.Boxes], bx.Boxes]
"""From boxes (N, 4) to those that are cut out."""


def whole(boxes: bx.Boxes) -> bx.Boxes:
    """The boxes themselves: for persons, whom networks take stretched."""
    return boxes


def squared(boxes: bx.Boxes) -> bx.Boxes:
    """Squares around the boxes of faces, which must not be stretched, about as recognizers are shown them.

    `FACE_SIDE` of the longer side, and moved up by `FACE_RISE` of that: so the eyes come where they lie in faces that
    are aligned by them.
    """
    side = FACE_SIDE * (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    middle = bx.centre(boxes) - side * np.array([0, FACE_RISE], np.float32)
    return np.concatenate([middle - side / 2, middle + side / 2], axis=1).astype(np.float32)


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

    @property
    def same(self) -> NDArray[np.bool_]:
        """The pairs of rows of one person, (N, N)."""
        return np.asarray(self.identities[:, None] == self.identities[None], np.bool_)

    def too_near(self, gap_frames: int) -> NDArray[np.bool_]:
        """The pairs of rows of one person less than `gap_frames` apart, and each with itself, (N, N).

        To find those is no recognizing: neighbouring frames are nearly the same picture.
        """
        return np.asarray(self.same & (np.abs(self.frames[:, None] - self.frames[None]) < max(gap_frames, 1)), np.bool_)


def thinned(people: Appearances, most: int = MOST) -> Appearances:
    """At most `most` sure boxes of everyone, spread evenly over their time; tiny ones left out."""
    good = _good(people)
    kept = []
    for person in np.unique(people.people[good]):
        rows = np.flatnonzero(good & (people.people == person))
        kept.append(rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))])
    return some(people, np.sort(np.concatenate(kept)) if kept else np.empty(0, np.intp))


def every(people: Appearances, step: int) -> Appearances:
    """The sure boxes of every `step`-th frame, tiny ones left out: what `drift.along` follows."""
    return some(people, np.flatnonzero(_good(people) & (people.frames % step == 0)))


def _good(people: Appearances) -> NDArray[np.bool_]:
    sides = (people.boxes[:, 2:] - people.boxes[:, :2]).min(axis=1, initial=np.inf)
    return np.asarray(people.sure & (sides >= LEAST_PX), np.bool_)


def places(people: Appearances, around: Around = whole) -> NDArray[np.intp]:
    """What is cut out for every box of `people`, (N, 4): x0 y0 x1 y1 in whole pixels, half-open, within the picture."""
    return np.rint(bx.clip(around(people.boxes), people.size)).astype(np.intp)


def cut(original: Iterable[Frame], anonymized: Iterable[Frame], people: Appearances, around: Around = whole) -> Views:
    """Every box of `people`, thinned beforehand, out of both videos; what reaches over the edge is cut off.

    Row i of what comes is row i of `people`, so that `residual.hits(people, …)` tells what is detected of them.

    Raises:
        InputError: the videos differ in size or in the number of frames, or are not those that `people` tells of; or a
            box has no pixel in the picture.
        NotMeasurable: there is no box in it.
    """
    if not len(people.frames):
        raise NotMeasurable("nobody is to be seen large enough to be cut out; give boxes of people")
    if (np.diff(people.frames) < 0).any():
        raise ValueError("frames fall where they must rise; sort the rows by frame")
    boxes = places(people, around)
    if not (boxes[:, 2:] > boxes[:, :2]).all():
        raise InputError("a box has no pixel in the picture; leave out what is tiny, as `thinned` does")
    before: list[Crop] = []
    after: list[Crop] = []
    for index, (one, other) in enumerate(_together(original, anonymized, people)):
        mine = boxes[people.frames == index]
        if len(mine):
            for frame, crops in ((one, before), (other, after)):
                picture = pixels.rgb(frame)
                crops += [picture[y0:y1, x0:x1].copy() for x0, y0, x1, y1 in mine]
    return Views(people.people, people.frames, tuple(before), tuple(after))


def _together(
    original: Iterable[Frame], anonymized: Iterable[Frame], people: Appearances
) -> Iterator[tuple[Frame, Frame]]:
    """Both videos frame by frame, checked."""
    count, others = 0, iter(anonymized)
    for count, one in enumerate(original, 1):
        other = next(others, None)
        if other is None:
            raise InputError(f"the anonymized video ends after {count - 1} frames, the original goes on; give a pair")
        if not one.size == other.size == people.size:
            sizes = f"{one.size}, {other.size} and {people.size}"
            raise InputError(f"original, anonymized and boxes are of sizes {sizes}; give all at the original's size")
        yield one, other
    if next(others, None) is not None or count != people.count:
        raise InputError(f"the original has {count} frames, and the anonymized video or the boxes others; give a pair")


def embed(views: Views, embedder: CropEmbedder, detected: NDArray[np.bool_] | None = None) -> Embedded:
    """Both sides of `views` through one model."""
    sides = embedder.embed(views.originals), embedder.embed(views.anonymized)
    return Embedded(views.identities, views.frames, *sides, embedder.model, detected)
