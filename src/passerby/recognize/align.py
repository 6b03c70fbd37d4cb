"""Faces upright and of one size, as recognition models were shown them in training."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame

SIDE = 112
"""Pixels of an aligned face, across and down."""
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
"""(5, 2) x y of the eye on the left of the picture, the other one, the tip of the nose and the corners of the mouth in
an aligned face: the points that ArcFace was trained on (Deng et al., 2019), and most models since."""


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """A turn, a scale and a shift, from pixels of a frame to those of an aligned face."""

    matrix: NDArray[np.float64]
    """(2, 3)"""
    scale: float
    """Pixels of the aligned face per pixel of the frame; above 1 the face is smaller than that in the frame."""
    off_px: float
    """How far the points lie from the template's, root of the mean square, in pixels of the aligned face."""


def similarity(points: NDArray[np.float32]) -> Similarity:
    """What brings `points` (5, 2), in the template's order, closest to it by least squares.

    The closed form of Umeyama, "Least-squares estimation of transformation parameters between two point patterns"
    (1991). Points that all lie in one place have a scale that is not finite.
    """
    there = points.astype(np.float64)
    middle, wanted = there.mean(axis=0), TEMPLATE.mean(axis=0)
    here, target = there - middle, TEMPLATE - wanted
    left, spread, right = np.linalg.svd(target.T @ here / len(here))
    # A mirror image is no turn: where it would fit better, the axis that matters less is flipped back.
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    turn = left @ np.diag(signs) @ right
    variance = (here**2).sum() / len(here)
    scale = float(spread @ signs / variance) if variance > 0 else np.inf
    matrix = np.column_stack([scale * turn, wanted - scale * turn @ middle]) if variance > 0 else np.zeros((2, 3))
    off = there @ matrix[:, :2].T + matrix[:, 2] - TEMPLATE
    return Similarity(matrix, scale, float(np.sqrt((off**2).sum(axis=1).mean())))


def aligned(frame: Frame, fit: Similarity) -> NDArray[np.uint8]:
    """The face as RGB uint8 (112, 112, 3); black where it lies outside of `frame`."""
    corners = np.array([[0, 0], [SIDE, 0], [0, SIDE], [SIDE, SIDE]], np.float64)
    wide = fit.matrix[:, :2] * (float(frame.sample_aspect), 1)
    back = cv2.invertAffineTransform(np.column_stack([wide, fit.matrix[:, 2]]))
    seen = corners @ back[:, :2].T + back[:, 2]
    low, high = np.floor(seen.min(axis=0)) - 2, np.ceil(seen.max(axis=0)) + 2
    box = pixels.aligned(frame, (int(low[0]), int(low[1]), int(high[0]), int(high[1])))
    if box[0] >= box[2] or box[1] >= box[3]:
        return np.zeros((SIDE, SIDE, 3), np.uint8)
    picture = pixels.rgb(pixels.cut(frame, box))
    # Fewer pixels than there are would be skipped by the warp below, and make edges where the face has none.
    shrink = max(1.0, 1 / fit.scale)
    size = max(round(picture.shape[1] / shrink), 1), max(round(picture.shape[0] / shrink), 1)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if shrink > 1 else picture
    share = np.array([picture.shape[1] / size[0], picture.shape[0] / size[1]])
    # From a small pixel's middle to the frame's pixels, to the aligned face's, to its pixels' middles.
    turn = wide * share
    shift = wide @ (np.array(box[:2]) + share / 2) + fit.matrix[:, 2] - 0.5
    return np.asarray(cv2.warpAffine(small, np.column_stack([turn, shift]), (SIDE, SIDE)), np.uint8)
