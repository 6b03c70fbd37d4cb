"""What cameras and their recordings give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.rgbd.depth import Depth


class Reading(NamedTuple):
    """A colour picture and the depth that belongs to it."""

    bgr: NDArray[np.uint8]
    """(H, W, 3)"""
    depth: Depth | None
    """(H, W), aligned to the colour: uint16 millimetres or float32 metres; None where none belongs to the picture."""
    time_s: float
    """The camera's own time."""
