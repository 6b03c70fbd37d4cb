"""How faces are made unrecognizable, beyond the sizes of cells and of noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from passerby.core.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class Style:
    """What is random, what becomes of depth, and what its numbers mean."""

    noise: Literal["track", "fresh"] = "track"
    """'track': grid and noise move with a face and stay the same while it is followed. 'fresh': one grid fixed to the
    picture, and new noise in every frame, which averages away over a few dozen of them."""
    depth: Literal["noise", "flat"] = "noise"
    """What hides depth: Gaussian noise on every reading, or one distance for all that is hidden of a face."""
    depth_noise_m: float = 0.1
    """Standard deviation of the noise on depth, in metres; nothing moves further than three times that."""
    depth_unit_m: float | None = None
    """Metres per step of whole-number depth; None is 0.001, and 1/5000 in files in the TUM layout."""
    seed: int | None = None
    """Whatever is random is drawn from it; None draws one that nobody knows."""

    def __post_init__(self) -> None:
        if self.noise not in ("track", "fresh"):
            raise OptionError(f"noise is 'track' or 'fresh', got {self.noise!r}")
        if self.depth not in ("noise", "flat"):
            raise OptionError(f"depth is hidden by 'noise' or 'flat', got {self.depth!r}")
        if not 0 < self.depth_noise_m < math.inf:
            raise OptionError(f"depth_noise_m is a distance in metres above 0, got {self.depth_noise_m}")
        if self.depth_unit_m is not None and not 0 < self.depth_unit_m < math.inf:
            raise OptionError(f"depth_unit_m is metres per step, 0.001 for millimetres, got {self.depth_unit_m}")
