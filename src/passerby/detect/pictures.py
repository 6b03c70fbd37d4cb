"""The pictures that models are shown: while several detectors look at a frame, each picture of it is made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame

Size = tuple[int, int]

_made: ContextVar[dict[tuple[Frame, Size], NDArray[np.uint8]] | None] = ContextVar("made", default=None)
"""What this thread has made since it entered `shared`. A key keeps its frame, which equals no other."""


@contextmanager
def shared() -> Iterator[None]:
    """In this block, and in such blocks inside of it, a picture that is asked for again is not made again."""
    if _made.get() is not None:
        yield
        return
    token = _made.set({})
    try:
        yield
    finally:
        _made.reset(token)


def rgb(frame: Frame, size: Size) -> NDArray[np.uint8]:
    """See `pixels.rgb`. Not to be written to."""
    made = _made.get()
    if made is None:
        return pixels.rgb(frame, size)
    if (frame, size) not in made:
        picture = pixels.rgb(frame, size)
        picture.flags.writeable = False
        made[frame, size] = picture
    return made[frame, size]
