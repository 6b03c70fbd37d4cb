"""What a diffusion model is shown, and what it has to give back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One piece of a frame in which something is to be made up."""

    picture: NDArray[np.uint8]
    """(H, W, 3) RGB, both multiples of 8; grey (128) already wherever anything is hidden."""
    hole: NDArray[np.bool_]
    """(H, W): what is to be made up."""
    label: str
    """The class whose prompt is used."""
    seed: int
    """Of its noise: the same for a track in all frames, so that the same crop gives the same result in any batch."""
    control: NDArray[np.uint8] | None = None
    """(H, W, 3) RGB: what a ControlNet is shown, as a drawn skeleton, where there is one."""


class Controls(Protocol):
    """Draws what a ControlNet is shown."""

    def control(
        self, frame: int, tracks: Sequence[int], box: tuple[int, int, int, int], side: int
    ) -> NDArray[np.uint8] | None:
        """What is shown of a square `box` of the frame of that index, (side, side, 3) RGB; None where nothing is known.

        `tracks` are those of whom something is made up there.
        """
        ...


class Inpainter(Protocol):
    """A diffusion model at work."""

    @property
    def batch(self) -> int:
        """Crops per call that are best."""
        ...

    def inpaint(self, crops: Sequence[Crop]) -> list[NDArray[np.uint8]]:
        """One RGB picture (H, W, 3) per crop, in order, of the same size; outside of the hole it does not matter.

        Any number of crops, of any sizes. What a crop becomes does not depend on the others of the call.
        """
        ...
