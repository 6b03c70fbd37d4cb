"""From a model's shares to masks that end where garments end, and never on skin."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.parsing import GROUPS, Garment, Group, Parsed
from passerby.core.regions import Mask

Shares = NDArray[np.float32]
"""(h, w) in [0, 1]."""
Area = NDArray[np.bool_]
"""(h, w)."""

RADIUS, EPSILON = 4, 1e-3
"""Of the guided filter: pixels, and the variance of light (in [0, 1]) up to which it smooths."""
KEPT_OFF_PX = 2
"""Around skin and hair."""
HOLE = 0.005
"""Share of a garment up to which a gap in it is none."""
FAINT = 0.04
"""Shares below this are none: the filter leaves a haze."""
SMALLEST = 0.004
"""Share of the picture that a garment has at least."""


def guided(share: Shares, light: Shares) -> Shares:
    """`share` with the edges of `light` (in [0, 1]): the guided filter of He, Sun and Tang 2010."""
    side = (2 * RADIUS + 1, 2 * RADIUS + 1)

    def mean(values: NDArray[np.floating]) -> Shares:
        return np.asarray(cv2.blur(values, side), np.float32)

    of_light, of_share = mean(light), mean(share)
    slope = (mean(light * share) - of_light * of_share) / (mean(light * light) - of_light * of_light + EPSILON)
    offset = of_share - slope * of_light
    return np.asarray(np.clip(mean(slope) * light + mean(offset), 0, 1), np.float32)


def refined(shares: Mapping[Group, Shares], light: Shares, person: Area, bare: Area) -> dict[Group, Shares]:
    """The shares of garments with sharp edges, their small gaps filled, inside of `person` and off what is `bare`.

    Their sum is at most 1. `bare` is skin and hair; nothing is left within two pixels of it.
    """
    steps = np.arange(-KEPT_OFF_PX, KEPT_OFF_PX + 1)
    disk = (steps[:, None] ** 2 + steps**2 <= KEPT_OFF_PX**2).astype(np.uint8)
    free = person & (cv2.dilate(bare.astype(np.uint8), disk) == 0)
    kept = {group: _filled(guided(share, light)) * free for group, share in shares.items()}
    total = np.maximum(np.sum(list(kept.values()), axis=0), 1) if kept else 1
    return {group: np.asarray(share / total, np.float32) for group, share in kept.items()}


def _filled(share: Shares) -> Shares:
    """`share` without its gaps of up to `HOLE` of its area."""
    inside = share >= 0.5
    count, numbers, stats, _ = cv2.connectedComponentsWithStats((~inside).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < HOLE * np.count_nonzero(inside)
    height, width = share.shape
    inner = (stats[:, 0] > 0) & (stats[:, 1] > 0) & (stats[:, 0] + stats[:, 2] < width)
    inner &= stats[:, 1] + stats[:, 3] < height
    gaps = (small & inner & (np.arange(count) > 0))[numbers]
    return np.where(gaps & ~inside, np.float32(1), share)


def parsed(shares: Mapping[Group, Shares], corner: tuple[int, int], exact: bool) -> Parsed | None:
    """The garments, of a picture whose first pixel is the frame's at `corner`; None where there is none."""
    garments = []
    for group in GROUPS:
        share = shares.get(group)
        if share is None or np.count_nonzero(share >= 0.5) < max(SMALLEST * share.size, 1):
            continue
        alpha = np.where(share < FAINT, 0, np.rint(share * 255)).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(alpha)
        seen = np.ascontiguousarray(alpha[y : y + height, x : x + width])
        garments.append(Garment(group, Mask(corner[0] + x, corner[1] + y, seen)))
    return Parsed(tuple(garments), exact) if garments else None
