"""Which detection belongs to which track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.boxes import Boxes


def match(
    tracks: Boxes, track_labels: NDArray[np.str_], found: Boxes, found_labels: NDArray[np.str_], least: float = 0.2
) -> list[tuple[int, int]]:
    """Pairs (track row, detection row), every row at most once, best overlap first.

    A pair shares its label and overlaps by an IoU of `least`, or has its centres within half a box of each other:
    small things move further than their own size.
    """
    if not len(tracks) or not len(found):
        return []
    closeness = bx.iou(tracks, found)
    away = np.linalg.norm(bx.centre(tracks)[:, None] - bx.centre(found)[None], axis=2)
    size = np.sqrt(np.minimum(bx.area(tracks)[:, None], bx.area(found)[None]))
    # Overlapping pairs come first; pairs that are only near each other rank below them all, nearest first.
    near = least * np.clip(1 - away / np.maximum(size, 1e-6), 0, 1)
    closeness = np.where(closeness >= least, closeness, np.where(away < size / 2, near, 0))
    closeness[track_labels[:, None] != found_labels[None]] = 0
    pairs = []
    for flat in np.argsort(-closeness, axis=None, kind="stable"):
        row, column = (int(i) for i in np.unravel_index(flat, closeness.shape))
        if closeness[row, column] <= 0:
            continue  # never were a pair, or one of them has found a better one
        pairs.append((row, column))
        closeness[row, :] = closeness[:, column] = 0
    return pairs
