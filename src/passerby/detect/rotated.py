"""A detector that looks at turned frames as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.stages import Detector

SAME = 0.4
"""Two finds in a picture turned this way and that are of one thing when their IoU is larger."""


@dataclass(frozen=True)
class Rotated:
    """A detector that looks at turned frames as well, for those who lie down or stand on their heads.

    It costs as many looks as there are turns, and one for the frame as it is. What a landmark is called is told by
    the thing, not by the picture: the left eye of a face that lies is the one that was on the left when it stood.
    """

    detector: Detector
    quarters: tuple[int, ...] = (1, 2, 3)
    """Quarter turns clockwise, besides none."""

    def __post_init__(self) -> None:
        if not self.quarters or len({0, *self.quarters}) <= len(self.quarters) or not {*self.quarters} <= {1, 2, 3}:
            raise OptionError(f"quarters are some of 1, 2 and 3, each once, got {self.quarters}; (1, 3) sees who lies")

    @property
    def labels(self) -> frozenset[str]:
        return self.detector.labels

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        answers = [self.detector.detect(frames)]
        for quarters in self.quarters:
            found = self.detector.detect([_turned(frame, quarters) for frame in frames])
            answers.append([_upright(part, quarters, frame) for part, frame in zip(found, frames, strict=True)])
        return [_surest(Detections.concat(parts)) for parts in zip(*answers, strict=True)]


def _surest(found: Detections) -> Detections:
    """Of every two finds of a label whose IoU is above `SAME`, the one of the better score.

    Not the larger one: turned the wrong way, a thing is seen too, but its box and its landmarks are off.
    """
    kept = []
    for label in np.unique(found.labels):
        rows = np.flatnonzero(found.labels == label)
        kept.append(rows[bx.suppress(found.boxes[rows], found.scores[rows], SAME)])
    return found[np.sort(np.concatenate(kept))] if kept else found


def _turned(frame: Frame, quarters: int) -> Frame:
    """`frame` turned by `quarters` clockwise: views, no copies."""
    shared = frame.format
    (width, height), (across, down) = frame.size, shared.phase
    step_x, step_y = (max(plane[axis] for plane in shared.subsampling) for axis in (0, 1))
    # A side that is turned end to end begins with what its last chroma sample served beyond the frame.
    beyond_x, beyond_y = -(width + across) % step_x, -(height + down) % step_y
    phase = ((across, down), (beyond_y, across), (beyond_x, beyond_y), (down, beyond_x))[quarters]
    swap = quarters % 2 == 1
    steps = tuple((sy, sx) if swap else (sx, sy) for sx, sy in shared.subsampling)
    return replace(
        frame,
        planes=tuple(np.rot90(plane, -quarters) for plane in frame.planes),
        format=replace(shared, subsampling=steps, phase=phase),
        turn=(frame.turn + quarters) % 4,
        sample_aspect=1 / frame.sample_aspect if swap else frame.sample_aspect,
        depth=None if frame.depth is None else np.rot90(frame.depth, -quarters),
    )


def _upright(found: Detections, quarters: int, frame: Frame) -> Detections:
    """What was `found` in `frame` turned by `quarters` clockwise, in pixels of `frame`."""
    corners = _turned_back(found.boxes.reshape(-1, 2, 2), quarters, frame.size)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    landmarks = None if found.landmarks is None else _turned_back(found.landmarks, quarters, frame.size)
    return Detections(boxes, found.scores, found.labels, landmarks)


def _turned_back(points: NDArray[np.float32], quarters: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """`points` (…, 2) of a picture turned by `quarters` clockwise, in the picture of `size` as it was."""
    x, y = points[..., 0], points[..., 1]
    width, height = np.array(size, np.float32)
    back = ((x, y), (y, height - x), (width - x, height - y), (width - y, x))[quarters]
    return np.stack(back, axis=-1)
