"""Where one shot ends and the next begins."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame

LONGEST = 960
"""Pixels of the longest side of the pictures in which things are followed, at most."""
TINY = (48, 27)
CHANGE = 10.0
"""Mean difference of two tiny pictures in grey levels, below which they are of one shot."""
LIKENESS = 0.4
"""Correlation of two tiny pictures below which they are of two shots; shaken cameras were seen to reach down to 0.5."""
FLAT = 3.0
"""Spread of grey levels below which a picture shows nothing: black, white, fog. A fade passes through it."""
RELATED = 0.7
"""Correlation below which two pictures may be of two shots, if light and dark are shared out otherwise as well."""
REDISTRIBUTION = 0.35
"""Share of pixels that change their class of grey levels between two such shots."""


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A frame, and how it differs from the shot so far."""

    frame: Frame
    cut: bool
    """A new shot begins here."""
    changed: bool
    """The picture is another one, by a cut or for a few frames only: whatever was known of it may not hold."""
    light: NDArray[np.uint8]
    """The frame's light (H, W), made small; and by what whole number."""
    scale: int


def marked(frames: Iterable[Frame], patience: int = 3) -> Iterator[Marked]:
    """Every frame, marked where the picture changes at once.

    A frame is held back until `patience` frames after it are known: when the old picture comes back by then, it was a
    flash of light or an insert and not a cut, and nothing must end there.
    """
    waiting: deque[_Waiting] = deque()
    last: NDArray[np.uint8] | None = None
    for frame in frames:
        light, scale = pixels.light(frame, LONGEST)
        waiting.append(_Waiting(frame, light, scale, np.asarray(cv2.resize(light, TINY, interpolation=cv2.INTER_AREA))))
        if len(waiting) > patience:
            last = yield from _release(waiting, last)
    while waiting:
        last = yield from _release(waiting, last)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A frame of which it is not yet known whether it begins a shot."""

    frame: Frame
    light: NDArray[np.uint8]
    scale: int
    tiny: NDArray[np.uint8]


def _release(waiting: deque[_Waiting], last: NDArray[np.uint8] | None) -> Generator[Marked, None, NDArray[np.uint8]]:
    """Let the oldest waiting frame go; returns the tiny picture of the shot so far."""
    changed = [last is not None and differs(last, item.tiny) for item in waiting]
    first = waiting.popleft()
    yield Marked(first.frame, all(changed), changed[0], first.light, first.scale)
    # The shot's picture stays what it was before a flash, so that its end is no cut either.
    return last if last is not None and changed[0] and not all(changed) else first.tiny


def differs(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Whether two tiny pictures can hardly be of one shot."""
    change = np.abs(a.astype(np.int16) - b).mean()
    if change < CHANGE or min(a.std(), b.std()) < FLAT:
        return False
    x, y = a - a.mean(), b - b.mean()
    likeness = (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum() + 1e-9)
    shares = [np.bincount(tiny.ravel() >> 4, minlength=16) / tiny.size for tiny in (a, b)]
    moved = np.abs(shares[0] - shares[1]).sum() / 2
    # A pan keeps the shares of light and dark, a change of light keeps what is brighter than what.
    return bool(likeness < LIKENESS or (likeness < RELATED and moved > REDISTRIBUTION))
