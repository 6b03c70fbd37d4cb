"""What stirs in a picture: whether anything has changed in a place, and whether somebody may have come up at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.frame import Frame
from passerby.core.pixels import Box
from passerby.detect.areas import GRID, square
from passerby.track.cuts import Marked

CELL = 8
"""Pixels of the small picture, across and down, whose mean tells whether anything has changed there."""
CHANGE = 8
"""Grey levels by which such a mean changes when something has come or gone; noise does not reach it."""
MARGIN = 2
"""Cells around what has changed that are looked at with it: a face that moves changes at its edges first."""
SUDDEN = 24
"""Grey levels by which such a mean changes from one frame to the next when something else has taken its place."""
STARTLING, TIMES = 16, 3
"""Cells that change so at once, at least, and how many times more than lately, when somebody may have come up."""
LATELY = 25
"""Frames that tell how much changes anyway."""
RISE, CALM = 16, 12
"""Grey levels by which cells change at once where somebody comes up, and frames for which they hardly did before."""
LARGEST, PLACES = 16, 4
"""Cells across and down of such a place, and such places that are looked at in one frame, at most."""
STEP = 4 * GRID
"""Pixels in whole steps of which they grow: a model plans anew for every size."""

Cells = NDArray[np.int16]
"""The mean light of every cell of a picture, (rows, columns)."""


def cells_of(light: NDArray[np.uint8]) -> Cells:
    """The cells of a picture's small `light`."""
    height, width = (max(side // CELL, 1) for side in light.shape)
    whole = light[: height * CELL, : width * CELL]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.int16)


def changed(before: Cells, now: Cells) -> NDArray[np.bool_]:
    """In which cells something has come or gone."""
    return np.asarray(np.abs(now - before) > CHANGE)


@dataclass(frozen=True, slots=True)
class Startle:
    """By what somebody is noticed who comes up at once."""

    everywhere: bool = False
    """Far more changes than did in the frames before, and not the light alone."""
    places: tuple[Box, ...] = ()
    """Around what changes all at once in the midst of what was calm; who walks in moves in from beside."""


class Calm:
    """How calm a shot has been, frame by frame: where little changes, whoever comes up is noticed at once."""

    def __init__(self) -> None:
        self._before: Cells | None = None
        self._stirs: deque[int] = deque(maxlen=3)
        """Cells that changed suddenly in this frame and the two before it."""
        self._lately: deque[int] = deque(maxlen=LATELY)
        """How many did in each of three frames in a row: of what moves many do, of what comes up and goes none."""
        self._moves: deque[NDArray[np.bool_]] = deque(maxlen=CALM)
        """Which cells changed in the frames before."""

    def broken(self, item: Marked) -> Startle:
        """Whether and where somebody may have come up. To be asked of every frame of the shot, once."""
        cells, before = cells_of(item.light), self._before
        self._before = cells
        if before is None:
            return Startle()
        # Light that flickers changes every cell, and brings nobody.
        lit = before * (cells.mean() / max(before.mean(), 1))
        change = np.minimum(np.abs(cells - before), np.abs(cells - lit))
        return Startle(self._everywhere(change), self._places(item.frame, change, CELL * item.scale))

    def _everywhere(self, change: NDArray[np.float64]) -> bool:
        self._stirs.append(int(np.count_nonzero(change > SUDDEN)))
        if len(self._stirs) == 1:
            # Of the first two pictures of a shot nobody can say how much changes in it; the first one is looked at.
            return False
        usual = max(self._stirs[-2], *self._lately, 0)
        self._lately.append(min(self._stirs))
        return self._stirs[-1] >= STARTLING and self._stirs[-1] > TIMES * usual

    def _places(self, frame: Frame, change: NDArray[np.float64], cell: int) -> tuple[Box, ...]:
        """Boxes around cells that change at once, most of them far from any that did lately; the largest first.

        A cell is `cell` pixels of the frame across and down.
        """
        before = list(self._moves)
        self._moves.append(change > CHANGE)
        if not before or not (change > RISE).any():
            return ()
        moved = np.logical_or.reduce(before)
        restless = cv2.dilate(moved.astype(np.uint8), np.ones((3, 3), np.uint8))
        count, blobs, found, _ = cv2.connectedComponentsWithStats((change > RISE).astype(np.uint8), connectivity=8)
        unrest = np.bincount(blobs.ravel(), weights=restless.ravel(), minlength=count)
        risen = (2 * unrest <= found[:, 4]) & (found[:, 2:4].max(axis=1) <= LARGEST)
        risen[0] = False  # what does not change
        places = sorted(found[risen].tolist(), key=lambda blob: -blob[4])[:PLACES]
        boxes = [np.array([x, y, x + width, y + height], np.float32) * cell for x, y, width, height, _ in places]
        sides = [(max(width, height) + 2 * MARGIN) * cell for _, _, width, height, _ in places]
        return tuple(square(frame, box, -(-side // STEP) * STEP) for box, side in zip(boxes, sides, strict=True))
