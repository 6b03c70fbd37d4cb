"""Which faces are judged, by size; what leaks of them is `passerby.evaluate.leaks`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from truth import Faces

from passerby.evaluate.leaks import ENOUGH, HIDDEN, Cover, Exposure, Leaks, cover, exposures, leaks

__all__ = ["ENOUGH", "HIDDEN", "Cover", "Exposure", "Leaks", "cover", "exposures", "leaks"]

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
