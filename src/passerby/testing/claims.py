"""What every check claims: a sentence on what is broken, and pixels that stay as they were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from passerby.core.frame import Frame, Plane


def claim(condition: bool, sentence: str) -> None:
    """Stop with `sentence` where the condition does not hold."""
    if not condition:
        raise AssertionError(sentence)


def copies(frames: Sequence[Frame]) -> list[tuple[Plane, ...]]:
    """The planes of each frame, as they are now."""
    return [tuple(plane.copy() for plane in frame.planes) for frame in frames]


def equal(a: Sequence[tuple[Plane, ...]], b: Sequence[tuple[Plane, ...]]) -> bool:
    """Whether rows of arrays are the same."""
    return len(a) == len(b) and all(all(map(np.array_equal, p, q)) for p, q in zip(a, b, strict=True))


def claim_untouched(frames: Sequence[Frame], before: Sequence[tuple[Plane, ...]]) -> None:
    """The frames have the planes that they had `before`."""
    claim(equal(before, copies(frames)), "a frame's pixels changed after it was handed over")


class Stopped(Exception):
    """Raised here on purpose."""
