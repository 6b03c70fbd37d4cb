"""Which face of a frame is which of the frames before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.track.associate import match

PATIENCE = 15
"""Frames that a face may go unseen and still be the same."""


class Seen(NamedTuple):
    """Who is in a frame."""

    ids: NDArray[np.int64]
    """(N,) the number of each face that was found."""
    held: NDArray[np.int32]
    """(M, 4) where faces were that are not found again, and are still to be hidden."""
    held_ids: NDArray[np.int64]
    """(M,)"""


class Faces:
    """Gives faces numbers that last from frame to frame. Positions only, no likeness: nothing biometric is kept."""

    def __init__(self, hold: int = 0) -> None:
        """`hold`: frames for which a face that is not found again is still to be hidden."""
        self._hold = hold
        self._boxes = np.empty((0, 4), np.int32)
        self._ids = np.empty(0, np.int64)
        self._unseen = np.empty(0, np.int64)
        self._next = 1

    def forget(self) -> None:
        """The next frame has nothing to do with those before. Numbers are never given twice."""
        self._boxes, self._ids, self._unseen = self._boxes[:0], self._ids[:0], self._unseen[:0]

    @property
    def known(self) -> list[int]:
        """The numbers that may come again."""
        return [int(track) for track in self._ids]

    def step(self, boxes: NDArray[np.int32]) -> Seen:
        """Who the faces in the next frame are, by their `boxes` (N, 4)."""
        known, labels = self._boxes.astype(np.float32), np.full(len(self._boxes), "face")
        pairs = match(known, labels, boxes.astype(np.float32), np.full(len(boxes), "face"))
        ids = np.zeros(len(boxes), np.int64)
        for row, column in pairs:
            ids[column] = self._ids[row]
        new = ids == 0
        count = int(np.count_nonzero(new))
        ids[new] = np.arange(self._next, self._next + count)
        self._next += count
        lost = np.setdiff1d(np.arange(len(self._ids)), [row for row, _ in pairs])
        lost = lost[self._unseen[lost] < max(PATIENCE, self._hold)]
        held = lost[self._unseen[lost] < self._hold]
        seen = Seen(ids, self._boxes[held], self._ids[held])
        self._boxes = np.concatenate([boxes, self._boxes[lost]])
        self._ids = np.concatenate([ids, self._ids[lost]])
        self._unseen = np.concatenate([np.zeros(len(boxes), np.int64), self._unseen[lost] + 1])
        return seen
