"""What the tracker remembers: things that go on, frames that are past, and what it has to say of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.core.runs import Runs
from passerby.core.tracks import Origin, Sightings, masks_of

Box = NDArray[np.float32]
RETRY = 3
"""Frames from one look at a track in doubt to the next."""
FILLS = 0.15
"""Share of its box that the pixels of a thing fill, at least: a person who spreads their limbs fills a quarter."""
SHORT = 0.05
"""Share of a box's side by which its thing may be short of the edge: the box was drawn around all of it."""
STRETCH = 1.15
"""A box up to so many times as large or small as another one holds the same thing, in the same way."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A thing as a look found it."""

    box: Box
    mask: Runs | None = None
    """Its pixels, where they are known."""

    @staticmethod
    def of(box: Box, mask: Mask | None, frame: Frame) -> Seen:
        """What a detector says; a `mask` that can hardly be all of what is in the box does not count."""
        return Seen(box, Runs.of(mask, frame.size) if mask is not None and _likely(mask, box, frame.size) else None)

    def at(self, box: Box) -> Runs | None:
        """Its pixels when it is at `box`: moved with it.

        None, which is the whole box, where that is much larger or smaller: it may hold more places than one.
        """
        if self.mask is None:
            return None
        ratio = (box[2:] - box[:2]) / np.maximum(self.box[2:] - self.box[:2], 1e-6)
        if ratio.max() > STRETCH or ratio.min() < 1 / STRETCH:
            return None
        moved = self.mask.mapped(self.box, box)
        return moved if moved.area else None


@dataclass(slots=True, eq=False)
class Live:
    """A track that goes on. Boxes are in pixels of the frame."""

    id: int
    label: str
    box: Box
    seen: int
    """Frame of its last detection, -1 before the first one; and what it was there."""
    seen_as: Seen
    looked: NDArray[np.uint8]
    """The picture in which it was last where `box` says: how it looks."""
    speed: NDArray[np.float32] = field(default_factory=lambda: np.zeros(2, np.float32))
    """(2,) pixels per frame, from the last step."""
    traced: Box = field(default_factory=lambda: np.zeros(4, np.float32))
    """(4,) where it was when it was last traced back."""
    times: int = 0
    """Looks that found it."""
    sure: bool = False
    """It has had a detection that is no doubt a face, or several that may be one."""
    lost: int = 0
    """Frames in a row in which it could not be followed."""
    likeness: float = 1.0
    """Of the last step."""
    tried: int = -RETRY
    """Frame in which it was last looked at because it was in doubt."""


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """A past frame, as far as following needs it."""

    frame: Frame
    luma: NDArray[np.uint8]
    seen: list[tuple[Live, Box]] = field(default_factory=list)
    """The tracks that were found or surely followed there, and where."""

    @property
    def index(self) -> int:
        return self.frame.index


class Rows:
    """Sightings in the making."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, Box, float, int, str]] = []
        self._masks: dict[int, Runs] = {}
        """By row."""

    def add(self, track: Live, frame: int, box: Box, score: float, origin: Origin, seen: Seen | None = None) -> None:
        """One row; `seen` is what of the track's looks went with the box, None where that is in doubt."""
        mask = seen.at(box) if seen is not None else None
        if mask is not None:
            self._masks[len(self._rows)] = mask
        self._rows.append((track.id, frame, box, score, int(origin), track.label))

    def sightings(self) -> Sightings:
        if not self._rows:
            return Sightings.none()
        columns: Iterable[tuple[object, ...]] = zip(*self._rows, strict=True)
        ids, frames, boxes, scores, origins, labels = columns
        return Sightings(
            np.array(ids, np.int64),
            np.array(frames, np.int64),
            np.stack(boxes).astype(np.float32),  # type: ignore[arg-type]
            np.array(scores, np.float32),
            np.array(origins, np.uint8),
            np.array(labels, np.str_),
            masks_of(len(self._rows), self._masks),
        )


def _likely(mask: Mask, box: Box, size: tuple[int, int]) -> bool:
    """Whether `mask` fills its box and reaches the sides of it, or of the frame, as the pixels of the thing would."""
    inside = bx.clip(box[None], size)[0]
    across, down = np.flatnonzero(mask.alpha.any(axis=0)), np.flatnonzero(mask.alpha.any(axis=1))
    if not len(across) or np.count_nonzero(mask.alpha) < FILLS * bx.area(inside[None])[0]:
        return False
    extent = mask.x + across[0], mask.y + down[0], mask.x + across[-1] + 1, mask.y + down[-1] + 1
    short = np.array([1, 1, -1, -1]) * (np.array(extent) - inside)
    sides = np.tile(inside[2:] - inside[:2], 2)
    return bool((short <= np.maximum(SHORT * sides, 2)).all())


def shifted(box: Box, by: NDArray[np.float32]) -> Box:
    return np.array([box[0] + by[0], box[1] + by[1], box[2] + by[0], box[3] + by[1]], np.float32)


def swept(box: Box, by: NDArray[np.float32]) -> Box:
    """The box around all places on the way from `box` to where it is shifted to."""
    return np.concatenate([box[:2] + np.minimum(by, 0), box[2:] + np.maximum(by, 0)])
