"""What is hidden in one frame, and what takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core.frame import Plane


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A small picture of what is hidden, and where it sits in the upright frame."""

    x: int
    y: int
    alpha: NDArray[np.uint8]
    """(h, w); 255 = hidden, 0 = untouched, between = the soft edge, which lies outside what is hidden."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0 y0 x1 y1 of the small picture; may reach over the frame's edges."""
        height, width = self.alpha.shape
        return self.x, self.y, self.x + width, self.y + height


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One thing to hide in one frame."""

    track_id: int
    label: str
    box: NDArray[np.float32]
    """(4,) x0 y0 x1 y1 of the thing itself; the mask is larger."""
    mask: Mask
    seed: int
    """From the run's seed and the track: whatever is drawn at random for this track is drawn from it."""
    score: float = float("nan")
    """In [0, 1]; NaN in a frame in which it was not measured."""
    method: str = ""
    """What takes its place; '' is the label's own."""


def same(one: Sequence[Region] | None, other: Sequence[Region]) -> bool:
    """Whether both are the very same regions, which is how a frame comes again as context; None is no frame."""
    return one is not None and list(map(id, one)) == list(map(id, other))


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What takes a region's place: planes for a box of the frame, in the frame's own format."""

    box: tuple[int, int, int, int]
    """x0 y0 x1 y1 as `pixels.aligned` gives it: inside the frame, on whole chroma samples."""
    planes: tuple[Plane, ...]
    """One array per plane of the frame, of the shapes that `pixels.window` selects for `box`."""
    hides: bool = True
    """Nothing of what was there is left; where not, all that hides something goes on top of it."""
    alters: bool = False
    """Of one that does not hide: some of what was there is left, and some is not. All that only draws goes beneath."""
