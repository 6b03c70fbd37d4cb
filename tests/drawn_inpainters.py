"""Stand-ins for diffusion models: as moody as these, and quick."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.diffusion.contract import Crop


class Moody:
    """Draws what belongs to the seed, in the colour of what it sees, and some that another pixel would change.

    That is how diffusion models are: the same noise gives much the same picture, in other details for other
    surroundings. It remembers what it was shown.
    """

    batch = 4

    def __init__(self, *, mood: float = 15) -> None:
        """How many levels belong to the surroundings alone."""
        self.mood = mood
        self.crops: list[Crop] = []
        self.calls: list[int] = []

    def inpaint(self, crops: Sequence[Crop]) -> list[NDArray[np.uint8]]:
        self.calls.append(len(crops))
        self.crops += crops
        return [self._drawn(crop) for crop in crops]

    def _drawn(self, crop: Crop) -> NDArray[np.uint8]:
        known = crop.picture[~crop.hole]
        colour = known.mean(0) if len(known) else np.full(3, 128)
        content = hashlib.blake2b(crop.picture.tobytes() + crop.hole.tobytes(), digest_size=8).digest()
        side = len(crop.picture)
        drawn = colour + _blots(crop.seed, side, 40) + _blots(int.from_bytes(content), side, self.mood)
        return np.asarray(np.where(crop.hole[..., None], drawn.clip(0, 255), crop.picture), np.uint8)


def _blots(seed: int, side: int, levels: float) -> NDArray[np.float32]:
    coarse = np.random.default_rng(seed).normal(0, levels, (16, 16, 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
