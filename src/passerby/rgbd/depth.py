"""Depth pictures: what their numbers mean, where a head is in them, and how its shape is hidden.

Depth is (H, W), uint16 in steps of a unit or float in metres; 0 and less, NaN and infinity stand for no reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.core.regions import Mask
from passerby.rgbd.areas import Area, Bits

Depth = NDArray[Any]

MILLIMETRE = 0.001

NEAREST_M, FARTHEST_M = 0.1, 20.0
"""A head at another distance is an error of units or of the sensor."""
LEAST_READINGS = 0.3
"""Share of the middle of a face that must have readings."""
LEAST_AGREEING = 0.7
"""Share of these readings that must lie at the head's distance."""
MOST_BEHIND = 0.4
"""Share of a face's readings beyond which its distance is taken for that of something in front of it."""
HEAD_M = 0.25
"""From the front of a face to what is behind its head, at least."""
MOST_HEAD_M = 0.6
SPECK = 5
"""Holes in a wall that are narrower than so many pixels are part of it."""
GRAINS = 16
"""Grains of noise across and down a face: coarse enough not to be smoothed away, fine enough to hide a nose."""
BOUND = 3
"""Noise goes no further than so many standard deviations."""


def checked(depth: object, size: tuple[int, int]) -> Depth:
    """`depth` as (H, W) for a picture of `size` (width, height).

    Raises:
        OptionError: it is no depth, or of another size.
    """
    if not isinstance(depth, np.ndarray):
        raise OptionError(
            f"depth is an array (H, W) or None, got {type(depth).__name__}; read it with cv2.imread(…, -1)"
        )
    if depth.ndim == 3 and depth.shape[2] == 1:
        depth = depth[..., 0]
    if depth.ndim != 2:
        raise OptionError(f"depth is an array (H, W), got {depth.shape}; read it with cv2.imread(…, -1)")
    if depth.dtype != np.uint16 and depth.dtype not in (np.float32, np.float64):
        raise OptionError(f"depth is uint16 millimetres or float metres, got {depth.dtype}; convert it first")
    if depth.shape[::-1] != size:
        (width, height), (wide, high) = depth.shape[::-1], size
        raise OptionError(f"depth has {width}x{height} pixels and colour {wide}x{high}; align depth to colour first")
    return depth


def metres(depth: Depth, unit_m: float) -> NDArray[np.float32]:
    """`depth` in metres, 0 where there is no reading."""
    if depth.dtype == np.uint16:
        return depth * np.float32(unit_m)
    with np.errstate(invalid="ignore", over="ignore"):
        known = np.isfinite(depth) & (depth > 0) & (depth < np.finfo(np.float32).max)
    return np.where(known, depth, 0).astype(np.float32)


def _median(values: NDArray[np.float32]) -> float:
    """The upper one of two in the middle: without their mean, twice as fast."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


# Where a head is


def guided(mask: Mask, box: NDArray[np.int32], depth: Depth, unit_m: float) -> tuple[Mask, str]:
    """`mask` without what depth says lies behind the head, and why depth was not used; '' where it was.

    What has no reading stays hidden, since hair and glasses give none; so does what is in front of the head, and the
    oval that fills the face's own `box` (4,), whatever depth says: sensors err most at edges. Where depth is not to be
    trusted, `mask` comes back as it is.
    """
    height, width = depth.shape
    left, top, right, bottom = (max(mask.x, 0), max(mask.y, 0), min(mask.box[2], width), min(mask.box[3], height))
    known = metres(depth[top:bottom, left:right], unit_m)
    x0, y0, x1, y1 = (int(side) for side in box)
    face = known[y0 - top : y1 - top, x0 - left : x1 - left]
    inner = (x1 - x0) // 4, (y1 - y0) // 4
    middle = face[inner[1] : y1 - y0 - inner[1], inner[0] : x1 - x0 - inner[0]]
    readings = middle[middle > 0]
    if readings.size <= LEAST_READINGS * middle.size:
        share = readings.size / max(middle.size, 1)
        return mask, f"only {share:.0%} of its middle have a reading"
    front = _median(readings)
    if not NEAREST_M <= front <= FARTHEST_M:
        return mask, f"it would be {front:.3g} m away: check the unit of depth"
    away = np.abs(readings - front)
    # Errors grow with the square of the distance in every stereo and structured-light sensor.
    reach = min(max(HEAD_M, 4.5 * _median(away)) + 0.005 * front**2, MOST_HEAD_M)
    if np.count_nonzero(away <= reach) < LEAST_AGREEING * readings.size:
        return mask, "its middle lies at several distances"
    if np.count_nonzero(face > front + reach) > MOST_BEHIND * np.count_nonzero(face):
        return mask, "most of it lies behind its middle: something may be in front of it"
    alpha = mask.alpha.copy()
    at = alpha[top - mask.y : bottom - mask.y, left - mask.x : right - mask.x]
    cv2.min(at, _hidden(known, front + reach), dst=at)
    centre = round((x0 + x1 - 1) * 8) - 16 * mask.x, round((y0 + y1 - 1) * 8) - 16 * mask.y
    cv2.ellipse(alpha, centre, ((x1 - x0) * 8, (y1 - y0) * 8), 0, 0, 360, 255, cv2.FILLED, shift=4)
    return Mask(mask.x, mask.y, alpha), ""


def _hidden(known: NDArray[np.float32], limit_m: float) -> NDArray[np.uint8]:
    """1 where `known` (metres, 0 = no reading) is nearer than `limit_m` or unknown, but for specks without a reading.

    A wall has holes of a few pixels everywhere; as parts of a head they would be dilated to cover all of it.
    """
    within = (known <= limit_m).view(np.uint8)
    broad = cv2.morphologyEx(within, cv2.MORPH_OPEN, np.ones((SPECK, SPECK), np.uint8))
    near = cv2.min(within, (known > 0).view(np.uint8))
    return np.asarray(cv2.max(broad, near), np.uint8)


# How its shape is hidden


def noisy(
    depth: Depth, mask: Bits, areas: Sequence[Area], sigma_m: float, unit_m: float, seeds: Sequence[int]
) -> Depth:
    """A copy of `depth` with Gaussian noise on every reading under `mask`, in grains that move with their area.

    `seeds`: one per area, the same as long as the face is the same.
    """
    answer = depth.copy()
    for area, seed in zip(areas, seeds, strict=True):
        rows, columns = area.inside(mask.shape)
        if not mask[rows, columns].any():
            continue
        grains = _normal(np.random.default_rng(seed), sigma_m, (GRAINS, GRAINS))
        down = (np.arange(rows.start, rows.stop) - area.y0) * GRAINS // area.height
        across = (np.arange(columns.start, columns.stop) - area.x0) * GRAINS // area.width
        _add(
            depth[rows, columns],
            grains.take(across, axis=1).take(down, axis=0),
            mask[rows, columns],
            unit_m,
            answer[rows, columns],
        )
    return answer


def newly_noisy(depth: Depth, mask: Bits, sigma_m: float, unit_m: float, rng: np.random.Generator) -> Depth:
    """A copy of `depth` with noise of its own on every reading under `mask`. It averages away."""
    answer = depth.copy()
    x, y, width, height = cv2.boundingRect(mask)
    at = np.s_[y : y + height, x : x + width]
    if width:
        _add(depth[at], _normal(rng, sigma_m, (height, width)), mask[at], unit_m, answer[at])
    return answer


def _normal(rng: np.random.Generator, sigma_m: float, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Bounded noise in metres."""
    drawn = rng.standard_normal(shape, np.float32)
    return np.asarray(np.clip(drawn, -BOUND, BOUND) * np.float32(sigma_m), np.float32)


def _add(depth: Depth, noise_m: NDArray[np.float32], mask: Bits, unit_m: float, answer: Depth) -> None:
    """Write readings of `depth` plus `noise_m` to `answer` where `mask` is set.

    They end at least a step away from 0: a reading must not turn into none.
    """
    if depth.dtype == np.uint16:
        # Rounds, and stays within 16 bits.
        moved = cv2.add(depth, noise_m * np.float32(1 / unit_m), dtype=cv2.CV_16U)
        cv2.copyTo(np.maximum(moved, np.uint16(1)), cv2.min((depth > 0).view(np.uint8), mask), answer)
        return
    known = metres(depth, unit_m)
    np.copyto(answer, np.maximum(known + noise_m, unit_m), where=(mask > 0) & (known > 0))


def flat(depth: Depth, mask: Bits, areas: Sequence[Area], unit_m: float) -> Depth:
    """A copy of `depth` in which all of an area that is under `mask` is at one distance, the median of its readings.

    What has no reading gets it as well: the outlines of glasses and hair tell of a face, too.
    """
    answer = depth.copy()
    for area in areas:
        at = area.inside(mask.shape)
        hidden = mask[at] > 0
        known = metres(depth[at], unit_m)
        readings = known[hidden & (known > 0)]
        if readings.size:
            distance = _median(readings)
            answer[at][hidden] = round(distance / unit_m) if depth.dtype == np.uint16 else distance
    return answer
