"""Small pictures that show where something was left over, and not what."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.frame import Frame

HEIGHT = 120
"""Of a thumbnail in pixels."""
AROUND = 1.0
"""Share of a box's width and height that is shown on each side of it."""
GROW = 0.35
"""Share of a find's box that is hidden on each side of it: finds are of the face, not of the head."""
CELLS = 3
JPEG_QUALITY = 70
RED = (255, 64, 64)


def hidden_thumbnail(frame: Frame, box: NDArray[np.float32], hide: Boxes) -> bytes:
    """A JPEG of what is around `box` (4,), which is outlined, with all boxes `hide` (N, 4) as large flat cells."""
    picture = pixels.rgb(frame).copy()
    for x0, y0, x1, y1 in _whole(bx.grow(hide, GROW), frame.size):
        part = picture[y0:y1, x0:x1]
        cells = cv2.resize(part, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        part[:] = cv2.resize(cells, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)
    [(left, top, right, bottom)] = _whole(box[None], frame.size)
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), RED, max(1, (bottom - top) // 24))
    [(x0, y0, x1, y1)] = _whole(bx.grow(box[None], AROUND), frame.size)
    width = max(1, min(3 * HEIGHT, round(HEIGHT * (x1 - x0) * float(frame.sample_aspect) / (y1 - y0))))
    small = cv2.resize(picture[y0:y1, x0:x1], (width, HEIGHT), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()


def _whole(boxes: Boxes, size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """`boxes` (N, 4) cut to a frame of `size`, in whole pixels, of one at least."""
    answer = []
    for x0, y0, x1, y1 in bx.clip(boxes, size).tolist():
        left, top = min(int(x0), size[0] - 1), min(int(y0), size[1] - 1)
        answer.append((left, top, max(int(np.ceil(x1)), left + 1), max(int(np.ceil(y1)), top + 1)))
    return answer
