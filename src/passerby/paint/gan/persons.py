"""What a generator of persons is told: where somebody is, what of the crop is to be made up, and which spot is which.

The rules of the original; a *silhouette* is a boolean picture, True where a person is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan import boxes as rules
from passerby.paint.gan.boxes import Box, Size
from passerby.paint.gan.cutting import as_mask, cut
from passerby.paint.gan.resizing import nearest

Silhouette = NDArray[np.bool_]
DILATION = 0.02
"""Radius by which a silhouette is widened, as a share of the root of the crop's area."""
SAME = 0.4
"""Silhouettes of two detectors whose IoU is this or more are of one person."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a person is cut out, and what of the crop is known."""

    box: Box
    """May reach over the picture's edges."""
    known: NDArray[np.bool_]
    """`size` of the crop; False for the person and a little more."""
    body_known: NDArray[np.bool_]
    """The same for the person alone."""
    widened: Box
    """The smallest box of the picture around what is not known."""


def place(silhouette: Silhouette, size: Size, box: Box | None = None) -> Place | None:
    """Where the person of `silhouette` (H, W) is cut out for a generator of `size` (height, width).

    `box` is the smallest one around the person, where more is known of it than the silhouette. None where the person
    is too small, or not there at all: somebody else has to hide them.
    """
    picture = silhouette.shape[0], silhouette.shape[1]
    tight = around(silhouette) if box is None else box
    if tight is None:
        return None
    expanded = rules.person(tight, int(silhouette.sum()), picture, size[0] / size[1])
    if not rules.large_enough(expanded):
        return None
    body = cut(silhouette, expanded, size, as_mask)
    wide = dilated(body, radius(size))
    _clear_padding(wide, expanded, picture)
    return Place(expanded, ~wide, ~body, _back(wide, expanded))


def around(silhouette: Silhouette) -> Box | None:
    """The smallest box around what is True; None where nothing is."""
    rows, columns = np.flatnonzero(silhouette.any(1)), np.flatnonzero(silhouette.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def joined(a: Box, b: Box) -> Box:
    """The smallest box around two."""
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def radius(size: Size) -> int:
    """By how many pixels of a crop a silhouette is widened."""
    return int(math.sqrt(size[0] * size[1]) * DILATION)


def disk(radius: int) -> NDArray[np.uint8]:
    """What a silhouette is widened with."""
    steps = np.arange(-radius, radius + 1)
    return np.asarray(steps[:, None] ** 2 + steps**2 <= radius**2, np.uint8)


def dilated(silhouette: Silhouette, radius: int) -> Silhouette:
    """True wherever a disk touches what is True."""
    return cv2.dilate(silhouette.astype(np.uint8), disk(radius), borderValue=0).astype(bool)


def _clear_padding(silhouette: Silhouette, box: Box, picture: Size) -> None:
    """Nobody is outside of the picture."""
    height, width = silhouette.shape
    across, down = width / (box[2] - box[0]), height / (box[3] - box[1])
    silhouette[: int(max(-box[1], 0) * down)] = False
    silhouette[:, : int(max(-box[0], 0) * across)] = False
    silhouette[height - int(max(box[3] - picture[0], 0) * down) :] = False
    silhouette[:, width - int(max(box[2] - picture[1], 0) * across) :] = False


def _back(silhouette: Silhouette, box: Box) -> Box:
    """The smallest box of the picture around what a crop of `box` shows."""
    x0, y0, x1, y1 = around(silhouette) or (0, 0, 0, 0)
    across, down = (box[2] - box[0]) / silhouette.shape[1], (box[3] - box[1]) / silhouette.shape[0]
    return int(x0 * across) + box[0], int(y0 * down) + box[1], int(x1 * across) + box[0], int(y1 * down) + box[1]


# Two detectors


def pasted(spots: NDArray[np.uint8], box: Box, picture: Size) -> Silhouette:
    """The silhouette in a picture that a detector gives as a small square (h, w) for `box`, True where it is not 0."""
    whole = np.zeros(picture, bool)
    x0, y0, x1, y1 = box
    whole[y0:y1, x0:x1] = nearest(spots, (y1 - y0, x1 - x0)) > 0
    return whole


def overlaps(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> NDArray[np.float32]:
    """IoU of every pair of silhouettes (N, H, W) and (M, H, W), (N, M)."""
    mine, other = (masks.reshape(len(masks), -1).astype(np.float32) for masks in (ours, theirs))
    shared = mine @ other.T
    union = mine.sum(1)[:, None] + other.sum(1) - shared
    return np.asarray(shared / np.maximum(union, 1), np.float32)


def matched(iou: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Which of two detectors' persons are the same, (row, column) of `iou` (N, M): first come, first served."""
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for row, values in enumerate(iou >= SAME):
        column = next((int(column) for column in np.flatnonzero(values) if int(column) not in taken), None)
        if column is not None:
            taken.add(column)
            pairs.append((row, column))
    return pairs


# Faces and persons


def inside(faces: NDArray[np.int64], bodies: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of `faces` (N, 4) lie wholly within one of `bodies` (M, 4), and do not touch its sides: (N,)."""
    starts = (faces[:, None, :2] > bodies[None, :, :2]).all(2)
    ends = (faces[:, None, 2:] < bodies[None, :, 2:]).all(2)
    return np.asarray(np.logical_and(starts, ends).any(1), np.bool_)


def with_keypoints(faces: NDArray[np.int64], keypoints: NDArray[np.float32]) -> list[int | None]:
    """Whose keypoints (M, K, 2) belong to each of `faces` (N, 4): the first free ones with nose and eyes in the box.

    Nose and eyes are the first three. None where nobody's are: such a face needs a generator that does without.
    """
    answer: list[int | None] = []
    points = keypoints[:, :3]
    for face in faces:
        within = ((points >= face[:2]) & (points <= face[2:])).all((1, 2))
        answer.append(next((int(i) for i in np.flatnonzero(within) if int(i) not in answer), None))
    return answer
