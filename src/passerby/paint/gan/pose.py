"""A pose as planes for a network: where each keypoint is, and which limbs run where."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

KEYPOINTS = 17
"""Of COCO, in its order: nose, eyes, ears, shoulders, elbows, wrists, hips, knees and ankles, the left one first."""
NOSE, LEFT_EYE, RIGHT_EYE, LEFT_EAR, RIGHT_EAR = range(5)
LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_ELBOW, RIGHT_ELBOW, LEFT_WRIST, RIGHT_WRIST = range(5, 11)
LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE, LEFT_ANKLE, RIGHT_ANKLE = range(11, 17)
NECK, MIDDLE_HIP = 17, 18
"""Half-way between the shoulders, and between the hips."""
HEAD, LEFT_ARM, RIGHT_ARM, TORSO, LEFT_LEG, RIGHT_LEG = range(1, 7)
LIMBS = (
    (NOSE, LEFT_EYE, HEAD),
    (NOSE, RIGHT_EYE, HEAD),
    (NOSE, NECK, HEAD),
    (LEFT_EYE, RIGHT_EYE, HEAD),
    (LEFT_EYE, LEFT_EAR, HEAD),
    (RIGHT_EYE, RIGHT_EAR, HEAD),
    (LEFT_SHOULDER, RIGHT_SHOULDER, TORSO),
    (LEFT_SHOULDER, LEFT_ELBOW, LEFT_ARM),
    (LEFT_SHOULDER, LEFT_HIP, TORSO),
    (RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_ARM),
    (RIGHT_SHOULDER, RIGHT_HIP, TORSO),
    (LEFT_ELBOW, LEFT_WRIST, LEFT_ARM),
    (RIGHT_ELBOW, RIGHT_WRIST, RIGHT_ARM),
    (LEFT_HIP, RIGHT_HIP, TORSO),
    (LEFT_HIP, LEFT_KNEE, LEFT_LEG),
    (RIGHT_HIP, RIGHT_KNEE, RIGHT_LEG),
    (LEFT_KNEE, LEFT_ANKLE, LEFT_LEG),
    (RIGHT_KNEE, RIGHT_ANKLE, RIGHT_LEG),
    (NECK, MIDDLE_HIP, TORSO),
    (NECK, NOSE, HEAD),
)
"""Lines in the order in which they are drawn: from, to, class. A later one goes over an earlier one."""
PLANES = KEYPOINTS + RIGHT_LEG


def points(keypoints: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A plane for each of `keypoints` (K, 3), x y in [0, 1] and visibility, with a 1 where it is: (K, *size).

    `size` is (height, width) in pixels; what lies outside is at the edge.
    """
    planes = np.zeros((len(keypoints), *size), np.float32)
    columns, rows = _pixels(keypoints, size).T
    seen = np.flatnonzero(np.rint(keypoints[:, 2]) == 1)
    planes[seen, np.clip(rows[seen], 0, size[0] - 1), np.clip(columns[seen], 0, size[1] - 1)] = 1
    return planes


def limbs(keypoints: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Lines between the visible ones of `keypoints` (17, 3): the class of every pixel, 0 for none, `size`."""
    marks = np.concatenate([keypoints, np.zeros((2, 3), np.float32)])
    for middle, a, b in ((NECK, LEFT_SHOULDER, RIGHT_SHOULDER), (MIDDLE_HIP, LEFT_HIP, RIGHT_HIP)):
        if marks[a, 2] > 0 and marks[b, 2] > 0:
            marks[middle] = (marks[a] + marks[b]) / 2
    canvas = np.zeros(size, np.uint8)
    pixels = _pixels(marks, size).tolist()
    for a, b, kind in LIMBS:
        if marks[a, 2] > 0 and marks[b, 2] > 0:
            cv2.line(canvas, pixels[a], pixels[b], kind)
    return canvas


def planes(keypoints: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """What a network is told of `keypoints` (17, 3): their planes, and one for each class of limbs, (23, *size)."""
    return np.concatenate([points(keypoints, size), separate(limbs(keypoints, size))])


def separate(classes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A plane for each class of limbs in a picture of them (H, W): (6, H, W)."""
    return np.asarray(classes == np.arange(HEAD, RIGHT_LEG + 1)[:, None, None], np.float32)


def _pixels(keypoints: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.int64]:
    """Where keypoints are in whole pixels, (K, 2) x y."""
    return np.rint(keypoints[:, :2] * np.array([size[1], size[0]], np.float32)).astype(np.int64)
