"""What a person wears, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from passerby.core.regions import Mask

Group = Literal["upper", "lower", "whole", "shoes", "headwear", "bag", "accessory"]
GROUPS: Sequence[Group] = ("upper", "lower", "whole", "shoes", "headwear", "bag", "accessory")
"""Left and right belong together. Dresses, jumpsuits and long coats are `whole`; scarves, belts, gloves `accessory`."""


@dataclass(frozen=True, slots=True, eq=False)
class Garment:
    """One group of what a person wears."""

    group: Group
    mask: Mask
    """255 = surely this garment; between, the share of it in a pixel of its edge. Never skin, hair or background."""


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """One person in one frame."""

    garments: tuple[Garment, ...]
    """At most one of each group; their masks do not overlap by more than shared edges."""
    exact: bool = True
    """Told by a model for this; where not, by silhouette and colour of skin, which is approximate."""
