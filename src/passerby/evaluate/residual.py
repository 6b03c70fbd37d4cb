"""Whether a detector still finds faces where there were some: bad news of a redaction, good news of a replacement.

What a detector finds is no measure of privacy by itself: a mosaic may be found and tell nothing, and a face that no
detector finds may be known to everyone. The sign depends on what was to be done, see `Mode`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.evaluate import statistics
from passerby.evaluate.people import SURE, Appearances
from passerby.evaluate.statistics import Figure


class Mode(Enum):
    """What was done to the faces, and so which rate is good."""

    REDACTION = "lower is better, towards 0: whatever is still found may be somebody"
    REPLACEMENT = "kept as in the original is better: a replaced face is to be found as the original is"


def hits(faces: Appearances, found: Sequence[Detections], *, score: float = SURE) -> NDArray[np.bool_]:
    """For which rows of `faces` a detector finds something there in its frame, (N,).

    `found` has one answer per frame of the clip. A find counts for a face that holds its middle, or whose middle it
    holds, when it scores `score` or more: an outline that is a little off is still found. One find may count for
    several faces that overlap.

    Raises:
        ValueError: there are more or fewer answers than frames.
    """
    if len(found) != faces.count:
        raise ValueError(
            f"there are answers for {len(found)} frames, but the clip has {faces.count}; look at every one"
        )
    answer = np.zeros(len(faces.frames), bool)
    for index, detections in enumerate(found):
        rows = np.flatnonzero(faces.frames == index)
        finds = detections.boxes[detections.scores >= score]
        answer[rows] = (holds(faces.boxes[rows], finds) | holds(finds, faces.boxes[rows]).T).any(axis=1)
    return answer


def holds(boxes: bx.Boxes, others: bx.Boxes) -> NDArray[np.bool_]:
    """Which of `boxes` (N, 4) hold the middle of which of `others` (M, 4), (N, M)."""
    middle = bx.centre(others)[None]
    inside = np.all((boxes[:, None, :2] <= middle) & (middle < boxes[:, None, 2:]), axis=2)
    return np.asarray(inside, np.bool_)


def figures(
    faces: Appearances, before: Sequence[Detections], after: Sequence[Detections], mode: Mode, model: str = ""
) -> tuple[Figure, Figure, Figure]:
    """The face detection rate of the original and of the output by the same detector, and the output's share of it.

    Rates are of sure boxes of `faces`, with intervals by person; the share, of boxes that it finds in the original.
    """
    sure = faces.sure
    whose, found = faces.people[sure], hits(faces, before)[sure]
    left = hits(faces, after)[sure]
    protocol = f"face detection rate, {mode.name.lower()}: {mode.value}"
    return (
        statistics.mean("faces found in the original", found, whose, protocol=protocol, model=model),
        statistics.mean("faces found in the output", left, whose, protocol=protocol, model=model),
        statistics.mean("of those found in the original", left[found], whose[found], protocol=protocol, model=model),
    )
