"""What is hidden, kept from whoever paints it: blank pictures, what is unknown in them, and patches out of them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame
from passerby.core.regions import Mask, Patch, Region
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.cutting import clipped, padded
from passerby.paint.gan.pasting import Picture

GREY = 128


def touched(mask: Mask) -> NDArray[np.bool_]:
    """All that is hidden, its soft edge included."""
    return mask.alpha > 0


def inside(frame: Frame, region: Region) -> bool:
    """Some of the region is in the picture."""
    x0, y0, x1, y1 = clipped(region.mask.box, frame.size[::-1])
    return x0 < x1 and y0 < y1


def blank(frame: Frame, hidden: Sequence[Region]) -> Picture:
    """The whole picture, grey wherever something is hidden."""
    picture, more = pixels.rgb(frame).copy(), pixels.spread(frame.format)
    for region in hidden:
        x0, y0, x1, y1 = region.mask.box
        left, top, right, bottom = clipped((x0 - more, y0 - more, x1 + more, y1 + more), frame.size[::-1])
        if left < right and top < bottom:
            area = reached(frame, [(region.mask, touched(region.mask))], (left, top, right, bottom))
            picture[top:bottom, left:right][area] = GREY
    return picture


def reached(frame: Frame, areas: Sequence[tuple[Mask, NDArray[np.bool_]]], box: Box) -> NDArray[np.bool_]:
    """What of `box` areas of masks reach; shared colour carries what is hidden a little further."""
    more = pixels.spread(frame.format)
    wide = box[0] - more, box[1] - more, box[2] + more, box[3] + more
    there = np.zeros((wide[3] - wide[1], wide[2] - wide[0]), np.uint8)
    for mask, area in areas:
        there |= _placed(mask, area, wide)
    grown = cv2.dilate(there, np.ones((2 * more + 1, 2 * more + 1), np.uint8))
    return grown[more : len(grown) - more, more : grown.shape[1] - more].astype(bool)


def _placed(mask: Mask, area: NDArray[np.bool_], box: Box) -> NDArray[np.uint8]:
    """An `area` of a mask's box, cut and padded to `box`."""
    return padded(area.astype(np.uint8), (box[0] - mask.x, box[1] - mask.y, box[2] - mask.x, box[3] - mask.y))


def patch(frame: Frame, region: Region, painted: Picture | None) -> Patch:
    """What takes the region's place, of its frame as it was `painted`; None where nothing of it is in the picture."""
    box = pixels.aligned(frame, region.mask.box)
    if painted is None:  # nothing of the frame's regions is in the picture
        return Patch(box, tuple(plane.copy() for plane in pixels.crop(frame, box)))
    return Patch(box, pixels.to_planes(painted[box[1] : box[3], box[0] : box[2]], frame, box))
