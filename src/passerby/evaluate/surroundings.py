"""What of a cut-out face was left as it was: hair, collar, the wall behind, by which people of one clip are told apart.

An attacker who is shown no more than that says how much of what the others achieve is told by the face at all.
"""

from __future__ import annotations

import cv2
import numpy as np

from passerby.evaluate.embedders import Crop

GREY = 128
DIFFERS = 16
"""Of 0..255, in one of the colours: more than an encoder of good quality does."""
NOISE = 3
"""Sides of the spots that do not count, in pixels."""


def surroundings(original: Crop, anonymized: Crop) -> Crop:
    """`original` with all that is another in `anonymized` painted grey, and what lies between; of one size."""
    difference = cv2.absdiff(original, anonymized).max(axis=2)
    # A pixel alone is an encoder's doing.
    other = cv2.morphologyEx((difference > DIFFERS).astype(np.uint8), cv2.MORPH_OPEN, np.ones((NOISE, NOISE), np.uint8))
    points = cv2.findNonZero(other)
    left = original.copy()
    if points is not None:
        # The whole between: some cells of a mosaic look as the face did.
        cv2.fillConvexPoly(left, cv2.convexHull(points), (GREY, GREY, GREY))
    return left
