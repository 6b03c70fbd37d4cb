"""Following a box from one picture to the next by what it looks like.

Normalized cross-correlation of small pictures: measured at 64 us per face and frame, and as good as optical flow at
keeping a face covered between two detections.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SAMPLES = 24
"""Samples across a template, at most: larger things are looked at more coarsely."""
SMALLEST = 6
"""Pixels of a template's side, at least: smaller things are followed with what is around them."""
NEAR, FAR = 0.5, 2.0
"""Share of a thing's longer side within which it is looked for, at first and then."""
FOUND = 0.7
"""Likeness from which the first place will do."""
FOUND_FAR = 0.75
"""Likeness from which a place further away will: among many places one is always a little alike."""
FLAT = 2.0
"""Standard deviation of grey levels below which there is nothing to recognize."""


def follow(
    before: NDArray[np.uint8], after: NDArray[np.uint8], box: NDArray[np.float32], guess: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """By how much the thing in `box` of one picture has moved in another.

    It is looked for near the guess, and where it is not found there, further away.

    Args:
        before, after: light of the two pictures, uint8 (H, W).
        box: (4,) in pixels of these pictures.
        guess: (4,) where to look first.

    Returns:
        Its shift (2,), and how alike the two places look, from -1 to 1; where that is low the shift means nothing.
    """
    near = _search(before, after, box, guess, NEAR)
    if near[1] >= FOUND:
        return near
    far = _search(before, after, box, guess, FAR)
    return far if far[1] >= FOUND_FAR else near


def _search(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    box: NDArray[np.float32],
    guess: NDArray[np.float32],
    share: float,
) -> tuple[NDArray[np.float32], float]:
    """(shift (2,), likeness) of the best place within a `share` of the box's side around the guess."""
    height, width = before.shape
    x0, y0, x1, y1 = _whole(box, (width, height))
    side = max(x1 - x0, y1 - y0)
    nothing = np.zeros(2, np.float32), 0.0
    if min(x1 - x0, y1 - y0) < SMALLEST:
        return nothing
    step = -(-side // SAMPLES)
    template = before[y0:y1:step, x0:x1:step]
    if cv2.meanStdDev(template)[1].item() < FLAT:
        return nothing
    # The guess may lie a fraction of a pixel beside the template.
    reach = max(int(side * share), SMALLEST)
    dx, dy = (round(float(guess[i] - box[i])) for i in (0, 1))
    left, top = max(x0 + dx - reach, 0), max(y0 + dy - reach, 0)
    right, bottom = min(x1 + dx + reach, width), min(y1 + dy + reach, height)
    search = after[top:bottom:step, left:right:step]
    if search.shape[0] < template.shape[0] or search.shape[1] < template.shape[1]:
        return nothing
    likeness = cv2.matchTemplate(search, template, cv2.TM_CCOEFF_NORMED)
    _, best, _, (column, row) = cv2.minMaxLoc(likeness)
    # Between whole pixels: what they are off would add up from frame to frame.
    across, down = column + _peak(likeness[row], column), row + _peak(likeness[:, column], row)
    shift = np.array([left + across * step - x0, top + down * step - y0], np.float32)
    return shift, float(best) if np.isfinite(best) else 0.0


def _peak(line: NDArray[Any], highest: int) -> float:
    """By how much the peak lies beside the `highest` number of a line: that of the parabola through it and those next
    to it, in -0.5..0.5.
    """
    if not 0 < highest < len(line) - 1:
        return 0.0
    before, at, after = (float(value) for value in line[highest - 1 : highest + 2])
    bend = before - 2 * at + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _whole(box: NDArray[np.float32], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """`box` in whole pixels, no smaller than a template may be, cut to a picture of `size` (width, height)."""
    sides = []
    for axis in (0, 1):
        low, high = float(box[axis]), float(box[axis + 2])
        lack = max(SMALLEST - (high - low), 0) / 2
        low, high = low - lack, high + lack
        sides.append((min(max(int(np.floor(low)), 0), size[axis]), max(min(int(np.ceil(high)), size[axis]), 0)))
    (x0, x1), (y0, y1) = sides
    return x0, y0, x1, y1
