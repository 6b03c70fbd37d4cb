"""From a model's rows to what was found in a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import OptionError

BLOCK = 256
"""Finds compared with each other at a time: a square matrix of thousands would take gigabytes."""


def checked_share(name: str, value: float) -> float:
    """`value`, which has to lie between 0 and 1.

    Raises:
        OptionError: it does not.
    """
    if not 0 < value < 1:
        raise OptionError(f"{name} is a number between 0 and 1, got {value}")
    return value


def corners(boxes: Boxes) -> Boxes:
    """Boxes (N, 4) given as centre and size, x y w h, as x0 y0 x1 y1."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def distinct(boxes: Boxes, scores: NDArray[np.float32], overlap: float) -> NDArray[np.intp]:
    """The rows to keep, best first, when of every two whose IoU is above `overlap` the better one stays.

    The same answer as `boxes.suppress` in one go, block by block.
    """
    order = np.argsort(-scores, kind="stable")
    kept = order[:0]
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        block = block[(bx.iou(boxes[block], boxes[kept]) <= overlap).all(axis=1)]
        kept = np.concatenate([kept, block[bx.suppress(boxes[block], scores[block], overlap)]])
    return kept


def distinct_of_each(
    boxes: Boxes, scores: NDArray[np.float32], labels: NDArray[np.str_], overlap: float
) -> NDArray[np.intp]:
    """The same, where only two of one label are compared."""
    kept = [np.empty(0, np.intp)]
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        kept.append(rows[distinct(boxes[rows], scores[rows], overlap)])
    rows = np.concatenate(kept)
    return rows[np.argsort(-scores[rows], kind="stable")]


def seen(boxes: Boxes, labels: NDArray[np.str_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which of `boxes` (N, 4) have a label and lie, with a part at least, in a frame of `size`."""
    cut = bx.clip(boxes, size)
    return np.asarray((labels != "") & (cut[:, 2:] > cut[:, :2]).all(axis=1))


def on_frame(boxes: Boxes, scores: NDArray[np.float32], labels: NDArray[np.str_], size: tuple[int, int]) -> Detections:
    """Finds with boxes (N, 4) in pixels of a frame of `size`: those that are `seen`, and the part of them that is."""
    rows = seen(boxes, labels, size)
    return Detections(bx.clip(boxes[rows], size), np.clip(scores[rows], 0, 1).astype(np.float32), labels[rows])
