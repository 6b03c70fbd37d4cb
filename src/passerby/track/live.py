"""What the tracker remembers: things that go on, frames that are past, and what it has to say of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from passerby.core.frame import Frame
from passerby.core.tracks import Origin, Sightings

Box = NDArray[np.float32]
RETRY = 3
"""Frames from one look at a track in doubt to the next."""


@dataclass(slots=True, eq=False)
class Live:
    """A track that goes on. Boxes are in pixels of the frame."""

    id: int
    label: str
    box: Box
    seen: int
    """Frame of its last detection, -1 before the first one; and its box there."""
    seen_box: Box
    looked: NDArray[np.uint8]
    """The picture in which it was last where `box` says: how it looks."""
    speed: NDArray[np.float32] = field(default_factory=lambda: np.zeros(2, np.float32))
    """(2,) pixels per frame, from the last step."""
    sure: bool = False
    """It has had a detection that is no doubt a face."""
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

    def add(self, track: Live, frame: int, box: Box, score: float, origin: Origin) -> None:
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
        )


def shifted(box: Box, by: NDArray[np.float32]) -> Box:
    return np.array([box[0] + by[0], box[1] + by[1], box[2] + by[0], box[3] + by[1]], np.float32)


def swept(box: Box, by: NDArray[np.float32]) -> Box:
    """The box around all places on the way from `box` to where it is shifted to."""
    return np.concatenate([box[:2] + np.minimum(by, 0), box[2:] + np.maximum(by, 0)])
