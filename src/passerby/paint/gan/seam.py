"""Colours that agree where what is made up meets what is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan.boxes import Size
from passerby.paint.gan.pasting import Drawer, Picture, Target

RING = 0.06
"""How wide the ring is in which colours are compared, as a share of the root of the crop's area."""
REACH = 2.0
"""How many rings deep a difference is made up for: fully at the seam, and no more at that depth."""
Seam = Literal["soft", "original"]
"""Whether colours are made to agree at the edge, or left as they were drawn."""


@dataclass(frozen=True)
class Matched:
    """A `Drawer` whose drawings take on the colours around them, most at their edge."""

    drawer: Drawer

    @property
    def size(self) -> Size:
        """(height, width) of the crops."""
        return self.drawer.size

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        """See `Drawer`."""
        drawn = self.drawer.draw(pictures, targets, seeds)
        kept = [target.known if target.kept is None else target.kept for target in targets]
        return np.array([matched(*row) for row in zip(drawn, pictures, kept, strict=True)], np.float32)


def seamed(drawer: Drawer, seam: Seam) -> Drawer:
    """`drawer`, with colours made to agree at the edge if wanted."""
    return Matched(drawer) if seam == "soft" else drawer


def matched(drawn: NDArray[np.float32], picture: Picture, kept: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What was `drawn` for a crop (H, W, 3), with the colours of `picture` along the seam with what is `kept` (H, W).

    The mean colour on either side of the seam, weighted by nearness, says by how much the inner side is off there.
    """
    width = max(RING * math.sqrt(kept.size), 1)
    inward = _depth(~kept)
    outside, inside = kept & (_depth(kept) <= width), ~kept & (inward <= width)
    if not outside.any() or not inside.any():
        return drawn
    off = _around(picture.astype(np.float32), outside, width) - _around(drawn, inside, width)
    share = np.clip(1 - inward / (REACH * width), 0, 1) * ~kept
    return np.asarray(np.clip(drawn + off * share[..., None], 0, 255), np.float32)


def _depth(area: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How far each pixel of `area` (H, W) lies from what is not in it, 1 at its edge; a crop's own edge is none."""
    padded = np.pad(area.astype(np.uint8), 1, mode="edge")
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def _around(picture: NDArray[np.float32], area: NDArray[np.bool_], width: float) -> NDArray[np.float32]:
    """The mean colour (H, W, 3) of the pixels in `area` near each pixel; of all of them where none is near."""
    weight = area.astype(np.float32)
    colours = np.dstack([picture * weight[..., None], weight])
    blurred = cv2.GaussianBlur(colours, (0, 0), width, borderType=cv2.BORDER_CONSTANT)
    # What is far away counts a little, so that there is a mean everywhere.
    blurred += 1e-6 * colours.mean((0, 1))
    return np.asarray(blurred[..., :3] / blurred[..., 3:], np.float32)
