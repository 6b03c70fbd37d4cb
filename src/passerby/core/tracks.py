"""Who is where and when: sightings as they become known, and the tracks they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Rows


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

    def __len__(self) -> int:
        return len(self.tracks)

    def __getitem__(self, rows: Rows) -> Sightings:
        """Some of the rows, in the order chosen."""
        return Sightings(*(getattr(self, f.name)[rows] for f in fields(self)))

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
        return Sightings(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Sightings)))


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
