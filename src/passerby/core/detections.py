"""What a detector found in one frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Rows
from passerby.core.errors import StageError
from passerby.core.regions import Mask


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What was found in one frame; row i of every array is the same object."""

    boxes: NDArray[np.float32]
    """(N, 4) x0 y0 x1 y1 in pixels of the upright frame, half-open (see `boxes.py`)."""
    scores: NDArray[np.float32]
    """(N,) in [0, 1]."""
    labels: NDArray[np.str_]
    """(N,) what each is: 'face', 'plate', …"""
    landmarks: NDArray[np.float32] | None = None
    """(N, K, 2) x y in the same pixels, or None."""
    masks: tuple[Mask | None, ...] | None = None
    """(N,) the pixels of each thing, or None where nothing but its box is known; None where that is so of all."""

    def __post_init__(self) -> None:
        """Refuse at once what would leave something uncovered later: NaN, a wrong shape, a missing row."""
        n = len(self.scores)
        if self.boxes.shape != (n, 4) or self.labels.shape != (n,):
            raise StageError(
                f"detections have boxes {self.boxes.shape} and labels {self.labels.shape} for {n} scores; "
                f"wanted ({n}, 4) and ({n},)"
            )
        if self.landmarks is not None and (self.landmarks.ndim != 3 or len(self.landmarks) != n):
            raise StageError(f"landmarks have shape {self.landmarks.shape}; wanted ({n}, K, 2)")
        if self.masks is not None and len(self.masks) != n:
            raise StageError(f"there are {len(self.masks)} masks for {n} scores; wanted one each, or None for each")
        for mask in self.masks or ():
            if mask is not None and (mask.alpha.ndim != 2 or mask.alpha.dtype != np.uint8):
                raise StageError(f"a mask is {mask.alpha.dtype} {mask.alpha.shape}; wanted uint8 (h, w)")
        if not (np.isfinite(self.boxes).all() and np.isfinite(self.scores).all()):
            raise StageError("the detector returned a box or a score that is not a number; nothing can be trusted")

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, rows: Rows) -> Detections:
        """Some of the rows, in the order chosen."""
        return Detections(
            self.boxes[rows],
            self.scores[rows],
            self.labels[rows],
            None if self.landmarks is None else self.landmarks[rows],
            None if self.masks is None else tuple(self.masks[i] for i in np.arange(len(self))[rows]),
        )

    @staticmethod
    def none() -> Detections:
        """An empty answer: looked, and nothing was there."""
        return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.str_))

    @staticmethod
    def concat(parts: Sequence[Detections]) -> Detections:
        """All rows of `parts` in order; landmarks are kept only when every part has them, masks wherever they are."""
        if not parts:
            return Detections.none()
        columns = {f.name: [getattr(part, f.name) for part in parts] for f in fields(Detections)}
        marks, masks = columns.pop("landmarks"), columns.pop("masks")
        whole = {name: np.concatenate(values) for name, values in columns.items()}
        return Detections(
            **whole,
            landmarks=None if any(m is None for m in marks) else np.concatenate(marks),
            masks=None
            if all(m is None for m in masks)
            else tuple(mask for part in parts for mask in part.masks or (None,) * len(part)),
        )
