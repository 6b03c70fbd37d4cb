"""Who is where and when: sightings as they become known, and the tracks they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Rows
from passerby.core.runs import Runs

Masks = NDArray[np.object_]
"""(N,) the pixels of each thing, as `Runs`; None where nothing but its box is known."""


class Origin(IntEnum):
    """How a box of a track came to be."""

    DETECTED = 0
    """The detector found it in that frame."""
    FOLLOWED = 1
    """It was followed from a neighbouring frame by what it looks like."""
    FILLED = 2
    """It lies on the line between two frames in which it was seen."""
    EXTENDED = 3
    """It was last seen shortly before, or is first seen shortly after."""
    DRAWN = 4
    """A person drew it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Where tracks are, as rows in no particular order; row i of every array belongs together.

    A track may have several rows for one frame: all of them are hidden.
    """

    tracks: NDArray[np.int64]
    """(N,) track ids."""
    frames: NDArray[np.int64]
    """(N,) frame indices."""
    boxes: NDArray[np.float32]
    """(N, 4) x0 y0 x1 y1 in pixels of the upright frame (see `boxes.py`)."""
    scores: NDArray[np.float32]
    """(N,) in [0, 1]; NaN where nothing was measured."""
    origins: NDArray[np.uint8]
    """(N,) values of `Origin`."""
    labels: NDArray[np.str_]
    """(N,) what each is: 'face', …"""
    masks: Masks | None = None
    """None where no row has any."""

    def __len__(self) -> int:
        return len(self.tracks)

    def __getitem__(self, rows: Rows) -> Sightings:
        """Some of the rows, in the order chosen."""
        masks = None if self.masks is None else self.masks[rows]
        return Sightings(**{name: getattr(self, name)[rows] for name in _COLUMNS}, masks=masks)

    @staticmethod
    def none() -> Sightings:
        return Sightings(
            np.empty(0, np.int64),
            np.empty(0, np.int64),
            np.empty((0, 4), np.float32),
            np.empty(0, np.float32),
            np.empty(0, np.uint8),
            np.empty(0, np.str_),
        )

    @staticmethod
    def concat(parts: Sequence[Sightings]) -> Sightings:
        """All rows of `parts`, in order."""
        if not parts:
            return Sightings.none()
        whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
        return Sightings(**whole, masks=_joined([(part.masks, len(part)) for part in parts]))


_COLUMNS = tuple(column.name for column in fields(Sightings) if column.name != "masks")


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One thing through time; row i of every array is one frame."""

    id: int
    label: str
    frames: NDArray[np.int64]
    """(T,) rising."""
    boxes: NDArray[np.float32]
    """(T, 4)"""
    scores: NDArray[np.float32]
    """(T,) in [0, 1]; NaN where nothing was measured."""
    origins: NDArray[np.uint8]
    """(T,) values of `Origin`."""
    masks: Masks | None = None
    """None where no row has any."""

    @staticmethod
    def of(rows: Sightings, id: int) -> Track:
        """Sightings of one thing, with rising frames, as a track of this `id`."""
        masks = some_masks(rows.masks)
        return Track(id, str(rows.labels[0]), rows.frames, rows.boxes, rows.scores, rows.origins, masks)

    def known_masks(self) -> list[Runs]:
        """The masks that there are."""
        return [] if self.masks is None else [mask for mask in self.masks if mask is not None]

    def rows(self) -> Sightings:
        """The same as sightings."""
        ids, labels = np.full(len(self.frames), self.id, np.int64), np.full(len(self.frames), self.label)
        return Sightings(ids, self.frames, self.boxes, self.scores, self.origins, labels, self.masks)


def _joined(parts: Sequence[tuple[Masks | None, int]]) -> Masks | None:
    """The masks of several columns of known lengths, one behind the other."""
    if all(masks is None for masks, _ in parts):
        return None
    return np.concatenate([np.full(count, None) if masks is None else masks for masks, count in parts])


def masks_of(count: int, known: Mapping[int, Runs]) -> Masks | None:
    """A column of so many rows, of which some are `known`; None where none is."""
    if not known:
        return None
    masks = np.full(count, None)
    for row, mask in known.items():
        masks[row] = mask
    return masks


def some_masks(masks: Masks | None) -> Masks | None:
    """`masks`, or None where none of them is one."""
    return None if masks is None or all(mask is None for mask in masks) else masks


def united(rows: Sightings, starts: NDArray[np.intp]) -> Sightings:
    """One row for every group of `rows` that begins at one of `starts`: all that any of the group holds.

    The box goes around all of them, the score is the best one, all else is the first one's. The mask is all of theirs
    together; but a row without one is hidden as a box, and so is then its group.
    """
    low = np.minimum.reduceat(rows.boxes[:, :2], starts)
    high = np.maximum.reduceat(rows.boxes[:, 2:], starts)
    return replace(
        rows[starts],
        boxes=np.concatenate([low, high], axis=1),
        scores=np.fmax.reduceat(rows.scores, starts),
        masks=_united(rows.masks, starts),
    )


def _united(masks: Masks | None, starts: NDArray[np.intp]) -> Masks | None:
    if masks is None:
        return None
    answer = np.full(len(starts), None)
    for i, group in enumerate(np.split(masks, starts[1:])):
        known: list[Runs] = [mask for mask in group if mask is not None]
        answer[i] = Runs.union(known) if len(known) == len(group) else None
    return some_masks(answer)
