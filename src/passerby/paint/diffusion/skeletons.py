"""Skeletons as the openpose ControlNet was trained with: 18 joints and 17 limbs in colours of their own, on black.

A skeleton says how somebody stands and nothing of what they look like. The joints, their order and how they are drawn
are those of OpenPose (Cao et al., 2019) as ControlNet v1.1 was shown them (Zhang et al., 2023).
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan import pose
from passerby.paint.gan.boxes import Box

SURE = 0.3
"""Visibility from which a keypoint is believed."""
COCO = (
    *(pose.NOSE, pose.NECK),
    *(pose.RIGHT_SHOULDER, pose.RIGHT_ELBOW, pose.RIGHT_WRIST),
    *(pose.LEFT_SHOULDER, pose.LEFT_ELBOW, pose.LEFT_WRIST),
    *(pose.RIGHT_HIP, pose.RIGHT_KNEE, pose.RIGHT_ANKLE),
    *(pose.LEFT_HIP, pose.LEFT_KNEE, pose.LEFT_ANKLE),
    *(pose.RIGHT_EYE, pose.LEFT_EYE, pose.RIGHT_EAR, pose.LEFT_EAR),
)
"""Of each of OpenPose's 18 joints, the number of COCO's keypoint; the neck is half-way between the shoulders."""
JOINTS = len(COCO)
LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7)),
    *((1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13)),
    *((1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
"""From joint to joint, in the order in which they are drawn and coloured."""
COLOURS = tuple(tuple(round(255 * part) for part in colorsys.hsv_to_rgb(i / JOINTS, 1, 1)) for i in range(JOINTS))
"""RGB of joint i, and, darker, of limb i: once around the wheel of hues."""
LIMB = 0.6
"""Share of its colour that a limb has."""
STICK = 4 / 512
"""Half the width of a limb and the radius of a joint, as a share of the picture's side."""


def joints(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """OpenPose's joints (18, 3) of COCO's keypoints (17, 3): x, y and visibility, which is 0 where one is unsure."""
    shoulders = keypoints[[pose.LEFT_SHOULDER, pose.RIGHT_SHOULDER]]
    neck = np.append(shoulders[:, :2].mean(axis=0), shoulders[:, 2].min())
    answer = np.concatenate([keypoints, neck[None]])[list(COCO)].astype(np.float32)
    answer[~(answer[:, 2] >= SURE), 2] = 0
    return answer


def drawn(people: Sequence[NDArray[np.float32]], box: Box, side: int) -> NDArray[np.uint8]:
    """What a ControlNet is shown of a square `box`: (side, side, 3) RGB, black but for skeletons.

    Args:
        people: COCO's keypoints (17, 3) of each, x and y in pixels of the whole picture, and visibility in [0, 1].
        box: x0 y0 x1 y1 in pixels of the whole picture; what lies beyond it is cut off.
        side: of the crop.
    """
    canvas = np.zeros((side, side, 3), np.uint8)
    thick = max(round(side * STICK), 1)
    scale = side / (box[2] - box[0])
    skeletons = [joints(keypoints) for keypoints in people]
    for marks in skeletons:
        marks[:, :2] = (marks[:, :2] - np.array(box[:2], np.float32)) * scale
        for (a, b), colour in zip(LIMBS, COLOURS, strict=False):
            if marks[a, 2] > 0 and marks[b, 2] > 0:
                _limb(canvas, marks[a, :2], marks[b, :2], thick, colour)
    canvas = np.asarray(canvas * LIMB, np.uint8)
    for marks in skeletons:
        for (x, y, seen), colour in zip(np.rint(marks).tolist(), COLOURS, strict=True):
            if seen:
                cv2.circle(canvas, (int(x), int(y)), thick, colour, -1)
    return canvas


def _limb(
    canvas: NDArray[np.uint8], a: NDArray[np.float32], b: NDArray[np.float32], thick: int, colour: Sequence[int]
) -> None:
    """An ellipse from one joint to the other."""
    middle, apart = (a + b) / 2, b - a
    axes = int(np.hypot(*apart) / 2), thick
    angle = int(np.degrees(np.arctan2(apart[1], apart[0])))
    centre = int(middle[0]), int(middle[1])
    cv2.fillConvexPoly(canvas, np.asarray(cv2.ellipse2Poly(centre, axes, angle, 0, 360, 1)), colour)
