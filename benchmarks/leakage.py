"""What leaks: how much of each face is hidden, and what that means for the people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from truth import Faces

from passerby.core.regions import Mask

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


def cover(faces: Faces, hidden: Iterable[Sequence[Mask]]) -> Cover:
    """How much of `faces` is under the masks of `hidden`, which are given frame by frame.

    Raises:
        ValueError: `hidden` has more or fewer frames than the clip.
    """
    shares = np.zeros(len(faces.frames), np.float32)
    boxes = np.rint(faces.boxes).astype(int)
    count = hidden_px = 0
    for index, masks in enumerate(hidden):
        count += 1
        canvas = _union(masks, faces.size)
        hidden_px += int(np.count_nonzero(canvas))
        for row in np.flatnonzero(faces.frames == index):
            x0, y0, x1, y1 = boxes[row]
            part = canvas[y0:y1, x0:x1]
            shares[row] = part.mean() if part.size else 1
    if count != faces.count:
        raise ValueError(f"hidden in {count} frames, but the clip has {faces.count}: they cannot be compared")
    sides = boxes[:, 2:] - boxes[:, :2]
    return Cover(shares, hidden_px, int(sides.prod(axis=1).sum()), count * faces.size[0] * faces.size[1])


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


def leaks(faces: Faces, shares: NDArray[np.float32], chosen: NDArray[np.bool_] | None = None) -> Leaks:
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


def exposures(faces: Faces, shares: NDArray[np.float32], chosen: NDArray[np.bool_]) -> tuple[Exposure, ...]:
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


# Sizes

BANDS = ((0, 20), (20, 32), (32, 64), (64, 128), (128, 1 << 30))
"""Least side included, and excluded: the longer side of a face in pixels of the frame."""
LEAST_AT_1080P = 20


def sides(faces: Faces) -> NDArray[np.float32]:
    """The longer side of every face, (N,), in pixels of the frame."""
    return np.asarray((faces.boxes[:, 2:] - faces.boxes[:, :2]).max(axis=1, initial=0), np.float32)


def large_enough(faces: Faces) -> NDArray[np.bool_]:
    """Which faces would have `LEAST_AT_1080P` pixels or more if the picture were made 1080 pixels high (or wide)."""
    return sides(faces) * (1080 / min(faces.size)) >= LEAST_AT_1080P


def in_band(faces: Faces, band: tuple[int, int]) -> NDArray[np.bool_]:
    """Which faces are of a band of sizes."""
    side = sides(faces)
    return (band[0] <= side) & (side < band[1])
