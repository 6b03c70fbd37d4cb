"""How alike a frame is to the next: flicker *and* motion, which cannot be told apart without a flow.

Often reported as steadiness, or as identity that is kept. It is neither: a still camera scores well whatever is done to
faces, and a tool that shows a new face in every frame may score better than one that keeps a face while the camera
pans. Read it beside the original's own, and `temporal.py` for flicker alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate.figures import of_clips
from passerby.evaluate.quality import ssim
from passerby.evaluate.statistics import Figure

Picture = NDArray[np.uint8]
"""RGB (H, W, 3), or (H, W)."""
Measure = Callable[[Picture, Picture], float]


def still(first: Picture, second: Picture) -> float:
    """1 - the mean of |second - first| / 255, in [0, 1]; 1 is no change at all."""
    return 1 - float(np.abs(second.astype(np.float64) - first).mean()) / 255


def stillness(frames: Iterable[Picture]) -> float:
    """The mean of `still` over consecutive frames: "temporal flickering" of VBench (Huang et al., 2024).

    It is meant for scenes in which nothing moves. Note the sign: more flicker is less.

    Raises:
        NotMeasurable: there are fewer than two frames.
    """
    values = [still(first, second) for first, second in pairwise(frames)]
    if not values:
        raise NotMeasurable("stillness needs two frames at least; give a longer clip")
    return math.fsum(values) / len(values)


@dataclass(slots=True)
class Consecutive:
    """Takes frames in order, clip after clip, and remembers numbers alone."""

    measures: Mapping[str, Measure] = field(default_factory=lambda: {"stillness": still, "SSIM": ssim})
    """What to take of each frame and the next, by name; `Lpips.distance` for one."""
    _values: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    _clips: list[str] = field(default_factory=list)
    _last: tuple[str, Picture, Picture] | None = None

    def add(self, clip: str, original: Picture, other: Picture) -> None:
        """The next frame of `clip` before and after."""
        last, self._last = self._last, (clip, original, other)
        if last is None or last[0] != clip or last[1].shape != original.shape:
            return
        self._clips.append(clip)
        for name, measure in self.measures.items():
            pair = measure(last[1], original), measure(last[2], other)
            self._values.setdefault(name, []).append(pair)

    def figures(self) -> list[Figure]:
        """Of each measure '<name> of consecutive frames (flicker and motion)', and that of the original behind it."""
        return [
            self._mean(f"{name} of consecutive frames (flicker and motion){ending}", name, column)
            for name in self.measures
            for column, ending in ((1, ""), (0, ", original"))
        ]

    def _mean(self, title: str, name: str, column: int) -> Figure:
        values = np.array(self._values.get(name, []), np.float64).reshape(-1, 2)[:, column]
        return of_clips(
            title,
            self._clips,
            lambda rows: float(values[rows].mean()),
            protocol="mean over each frame and the next, no flow",
            missing="no clip has two frames",
        )
