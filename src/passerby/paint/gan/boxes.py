"""How much of a picture a generator is shown around a face or a person: the rules of the original, in whole pixels.

Boxes are x0 y0 x1 y1, half-open, and may reach over the picture's edges where a rule says so.
"""

from __future__ import annotations

import math

import numpy as np

Box = tuple[int, int, int, int]
Size = tuple[int, int]
"""(height, width) in pixels, as arrays have it."""

MOST_PERSON = 0.7
"""The largest share of its box that a person may take up: the rest is what the generator goes by."""
LEAST_MARGIN = 0.1
"""What a person's box is grown by at least, as a share of the root of its area."""
LEAST_AREA = 1024
"""Square pixels; persons whose box is smaller are not drawn."""


# Faces


def face_simple(box: Box, share: float = 0.4) -> Box:
    """A square around the middle of a face, `share` larger than its longer side. For FDF256."""
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0) * (1 + share)
    half = side // 2
    x, y = x0 + (x1 - x0) // 2, y0 + (y1 - y0) // 2
    return int(x - half), int(y - half), int(x + half), int(y + half)


def face_fdf128(box: Box, picture: Size, share: float = 0.35) -> Box:
    """A square around a face that stays inside the picture. For FDF128.

    Where the picture leaves no room for one it is `face_simple` with 0.7.
    """
    square = _face_inside(box, picture, share)
    return face_simple(box, 0.7) if square is None else square


def _face_inside(box: Box, picture: Size, share: float) -> Box | None:
    height, width = picture
    x0, y0, x1, y1 = (float(side) for side in box)
    side = max(x1 - x0, y1 - y0)
    if side > min(picture):
        return None
    x = min(max(x0 - (side - (x1 - x0)) // 2, 0), width - side)
    y = min(max(y0 - (side - (y1 - y0)) // 2, 0), height - side)
    more = min(int(side * share), (height - side) // 2, (width - side) // 2)
    if more > 0:
        side += 2 * more
        x, y = (min(max(start - more, 0), length - side) for start, length in ((x, width), (y, height)))
    square = int(x), int(y), int(x + side), int(y + side)
    return square if _sound(square, box, picture) else None


def _sound(square: Box, box: Box, picture: Size) -> bool:
    """It is square, inside the picture, and around `box`."""
    x0, y0, x1, y1 = square
    inside = x0 >= 0 and y0 >= 0 and x1 <= picture[1] and y1 <= picture[0]
    around = x0 <= box[0] and y0 <= box[1] and x1 >= box[2] and y1 >= box[3]
    return inside and around and x1 - x0 == y1 - y0


# Persons


def person(box: Box, pixels: int, picture: Size, aspect: float) -> Box:
    """What is shown around a person.

    Args:
        box: the smallest one around the person.
        pixels: that show the person.
        picture: its (height, width).
        aspect: height over width of what the generator draws.
    """
    return with_background(to_aspect(with_margin(box, picture), picture, aspect), pixels, picture)


def with_margin(box: Box, picture: Size) -> Box:
    """Grown along both axes, at most to the picture."""
    x0, y0, x1, y1 = box
    more = int(math.sqrt((x1 - x0) * (y1 - y0)) * LEAST_MARGIN)
    x = grown(x0, x1, min(x1 - x0 + more, picture[1]), picture[1])
    y = grown(y0, y1, min(y1 - y0 + more, picture[0]), picture[0])
    return x[0], y[0], x[1], y[1]


def to_aspect(box: Box, picture: Size, aspect: float) -> Box:
    """Grown along one axis until height over width is `aspect`; may leave the picture."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    if height / width < aspect:
        y0, y1 = grown(y0, y1, int(width * aspect), picture[0])
    else:
        x0, x1 = grown(x0, x1, int(height / aspect), picture[1])
    return x0, y0, x1, y1


def with_background(box: Box, pixels: int, picture: Size) -> Box:
    """Grown along both axes until a person of so many `pixels` takes up `MOST_PERSON` of it at most."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    if pixels / (width * height) < MOST_PERSON:
        return box
    # In 32 bits, as the original computes it: in 64 a box is off by one now and then.
    factor = np.sqrt(np.float32(pixels / MOST_PERSON) / np.float32(width * height))
    x = grown(x0, x1, math.ceil(np.float32(width) * factor), picture[1])
    y = grown(y0, y1, math.ceil(np.float32(height) * factor), picture[0])
    return x[0], y[0], x[1], y[1]


def large_enough(box: Box) -> bool:
    """The original leaves persons in smaller boxes as they are: whoever uses this has to hide them otherwise."""
    return (box[2] - box[0]) * (box[3] - box[1]) >= LEAST_AREA


def grown(start: int, end: int, target: int, limit: int) -> tuple[int, int]:
    """`start` to `end` made `target` long to both sides, the odd pixel at the end.

    Moved towards the inside where that lets it lie in 0..`limit`, or nearer to it.
    """
    more = target - (end - start)
    start, end = start - more // 2, end + more // 2 + more % 2
    if start < 0 and end < limit:
        shift = min(-start, limit - end)
        return start + shift, end + shift
    if end > limit and start > 0:
        shift = min(end - limit, start)
        return start - shift, end - shift
    return start, end
