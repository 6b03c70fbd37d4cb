"""Whether a frame was made of another one, however much of it is hidden."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame

SIDE, PARTS = 64, 8
"""Frames are compared as so many pixels across and down, in so many parts."""
DETAIL = 1.0
"""Mean square of what differs from the surroundings, of 0..255, from which a part has something to compare."""
ALIKE = 0.9
"""Correlation of that from which a part is as it was. Of frames of different films no part ever came to it."""


class Resemblance:
    """Takes frames of two films side by side, and tells whether one can have been made of the other."""

    def __init__(self) -> None:
        self._compared = self._alike = 0

    def add(self, before: Frame, after: Frame) -> None:
        """Compare one frame of each; where half of the original is flat, nothing can be told."""
        one, other = _parts(before), _parts(after)
        energy = (one * one).sum(axis=1), (other * other).sum(axis=1)
        detailed = energy[0] > DETAIL * one.shape[1]
        if 2 * np.count_nonzero(detailed) < len(detailed):
            return
        correlation = (one * other).sum(axis=1) / np.sqrt(np.maximum(energy[0] * energy[1], 1e-9))
        self._compared += 1
        self._alike += bool((correlation[detailed] >= ALIKE).any())

    @property
    def none(self) -> bool:
        """Whether no part of any frame is as it was, though there was much to compare."""
        return self._compared > 0 and not self._alike


def _parts(frame: Frame) -> NDArray[np.float64]:
    """What differs from the surroundings, without its mean in each part, (PARTS², pixels of one)."""
    light = pixels.luma(frame, (SIDE, SIDE)).astype(np.float64)
    fine = light - cv2.GaussianBlur(light, (0, 0), 2)
    side = SIDE // PARTS
    parts = fine.reshape(PARTS, side, PARTS, side).transpose(0, 2, 1, 3).reshape(PARTS * PARTS, -1)
    return np.asarray(parts - parts.mean(axis=1, keepdims=True), np.float64)
