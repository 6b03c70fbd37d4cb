"""Masks as COCO and CVAT write them: run lengths, plain or packed, and polygons.

COCO's packing is that of COCO's own library (https://github.com/cocodataset/cocoapi, common/maskApi.c): six bits to a
character from '0' on, five of a number and one that says that more follow; from the fourth on each number is what it
differs by from the last but one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from passerby.core.errors import InputError
from passerby.core.plan_checks import FARTHEST
from passerby.core.regions import Mask
from passerby.core.runs import Runs
from passerby.plan.exchange.words import number, short

PLACES = 7
"""Characters that a packed number may have: 35 bits."""
SHIFT = 4
"""Bits behind the point of polygons' corners, as they are drawn."""


def told(mask: Runs | None) -> str:
    """A mask as JSON: run lengths as plain numbers, or no polygons where there is none."""
    if mask is None:
        return "[]"
    return f'{{"size":[{mask.size[1]},{mask.size[0]}],"counts":{str(mask.counts.tolist()).replace(" ", "")}}}'


def understood(segmentation: Any, size: tuple[int, int]) -> Runs | None:
    """The mask that a file tells of a picture of `size`; None where it tells none, or one of no pixel.

    Raises:
        InputError: it is none of what COCO has, or of another picture.
    """
    if not segmentation:
        return None
    if isinstance(segmentation, dict):
        mask = _counted(segmentation, size)
    elif isinstance(segmentation, list) and all(isinstance(polygon, list) for polygon in segmentation):
        mask = drawn(segmentation, size)
    else:
        raise InputError(f"a segmentation is {short(segmentation)}; run lengths or polygons are wanted")
    return mask if mask.area else None


def _counted(segmentation: dict[str, Any], size: tuple[int, int]) -> Runs:
    if segmentation.get("size") != [size[1], size[0]]:
        raise InputError(
            f"a segmentation is of a picture of {short(segmentation.get('size'))}, [height, width]; "
            f"wanted [{size[1]}, {size[0]}]"
        )
    counts = segmentation.get("counts")
    numbers = _unpacked(counts) if isinstance(counts, str) else counts
    try:
        if not isinstance(numbers, list) or not all(type(count) is int for count in numbers):
            raise ValueError("its counts are no list of whole numbers")
        return Runs(size, np.array(numbers, np.uint32))
    except (ValueError, OverflowError) as error:
        raise InputError(f"a segmentation cannot be read: {short(str(error))}; export it again") from error


def _unpacked(packed: str) -> list[int]:
    """The numbers in a packed text.

    Raises:
        InputError: it is no such text.
    """
    numbers: list[int] = []
    value, bits = 0, 0
    for character in packed:
        code = ord(character) - 48
        if not 0 <= code < 64 or bits >= 5 * PLACES:
            raise InputError(f"the counts of a segmentation are {short(packed)}; this is no packed run length")
        value |= (code & 31) << bits
        bits += 5
        if code & 32:
            continue
        if code & 16:  # the sign
            value -= 1 << bits
        numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
        value, bits = 0, 0
    if bits:
        raise InputError(f"the counts of a segmentation are {short(packed)}; they break off")
    return numbers


def unrolled(counts: Sequence[int], box: tuple[int, int, int, int], size: tuple[int, int]) -> Runs:
    """A mask as CVAT writes it: out, in, out, in, … along each row of its own `box`, x y width height.

    Raises:
        InputError: the counts do not fill the box, or it is larger than the picture.
    """
    x, y, width, height = box
    fits = min(width, height) >= 0 and width * height <= size[0] * size[1] and max(abs(x), abs(y)) <= FARTHEST
    if not fits or min(counts, default=0) < 0 or sum(counts) != width * height:
        raise InputError(f"a mask of {short(f'{width}x{height}')} pixels has run lengths of another number; check it")
    inside = np.arange(len(counts)) % 2 == 1
    alpha = np.repeat(inside, counts).reshape(height, width).astype(np.uint8)
    return Runs.of(Mask(x, y, alpha), size)


def drawn(polygons: Sequence[Sequence[Any]], size: tuple[int, int]) -> Runs:
    """Every pixel that a polygon covers or touches, and those around it: what draws outlines rounds corners.

    Raises:
        InputError: a polygon has less than three corners, or one that is none.
    """
    canvas = np.zeros((size[1] + 2, size[0] + 2), np.uint8)
    for polygon in polygons:
        sides = np.array([number(side, "a corner of a polygon") for side in polygon])
        if len(sides) < 6 or len(sides) % 2 or (np.abs(sides) > FARTHEST).any():
            raise InputError(f"a polygon is {short(polygon)}; three corners or more, x y x y …, are wanted")
        # OpenCV counts from the middles of pixels.
        corners = np.round((sides.reshape(-1, 2) + 0.5) * (1 << SHIFT)).astype(np.int32)
        cv2.fillPoly(canvas, [corners], 255, shift=SHIFT)
    grown = cv2.dilate(canvas, np.ones((3, 3), np.uint8))
    return Runs.of(Mask(-1, -1, np.asarray(grown, np.uint8)), size)
