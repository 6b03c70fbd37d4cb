"""Where one shot ends and the next begins."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame

TINY = (48, 27)
CHANGE = 24.0
"""Mean difference of two tiny pictures in grey levels from which they may be of two shots."""
REDISTRIBUTION = 0.35
"""Share of pixels whose grey level class changes between two shots; a pan moves pixels but keeps their levels."""


def marked(frames: Iterable[Frame], patience: int = 3) -> Iterator[tuple[Frame, bool]]:
    """Every frame, and whether it is the first of a new shot.

    A frame is held back until `patience` frames after it are known: when the old picture comes back by then, it was a
    flash of light and not a cut, and nothing must end there.
    """
    waiting: deque[tuple[Frame, NDArray[np.uint8]]] = deque()
    last: NDArray[np.uint8] | None = None
    for frame in frames:
        waiting.append((frame, pixels.luma(frame, TINY)))
        if len(waiting) > patience:
            last = yield from _release(waiting, last)
    while waiting:
        last = yield from _release(waiting, last)


def _release(
    waiting: deque[tuple[Frame, NDArray[np.uint8]]], last: NDArray[np.uint8] | None
) -> Generator[tuple[Frame, bool], None, NDArray[np.uint8]]:
    """Let the oldest waiting frame go; returns its tiny picture."""
    cut = last is not None and all(differs(last, tiny) for _, tiny in waiting)
    frame, tiny = waiting.popleft()
    yield frame, cut
    return tiny


def differs(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Whether two tiny pictures can hardly be of one shot."""
    if np.abs(a.astype(np.int16) - b).mean() < CHANGE:
        return False
    histograms = [cv2.calcHist([tiny], [0], None, [16], [0, 256])[:, 0] / tiny.size for tiny in (a, b)]
    return bool(np.abs(histograms[0] - histograms[1]).sum() / 2 > REDISTRIBUTION)
