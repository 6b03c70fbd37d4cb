"""Who wears what: remembered along tracks, so that a person's new clothes stay the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.parsing import Garment, Group, Parsed
from passerby.core.regions import Mask, Region
from passerby.paint.clothes.recolour import Dye, Place
from passerby.paint.clothes.shading import Seen
from passerby.paint.clothes.styles import Fabric, Style, fabric

KEPT = 4096
"""Persons that are remembered: of a stream that never ends, those who were seen last."""
SLOWLY = 0.15
"""Share of what is new in the mean over time of a garment's light and of a person's height."""
CARRIED = 5
"""Frames for which clothes that cannot be told are taken to be where they were on the person."""
WIDER = 0.02
"""Share of a person's height by which they are then taken to be wider, for whoever moves."""
TILES = 4
"""Tiles of a weave from head to foot."""


@dataclass(slots=True)
class _Worn:
    fabric: Fabric
    level: float
    frame: int
    """The last one that has a part in `level`."""


@dataclass(slots=True)
class _Person:
    height: float
    frame: int
    """The last one that has a part in `height`."""
    worn: dict[Group, _Worn] = field(default_factory=dict)
    last: tuple[int, Parsed, NDArray[np.float32]] | None = None
    """The frame, what was told in it, and the person's box."""


class Wardrobe:
    """The new clothes of everybody who was seen. Frames come in order; the same one again changes nothing."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._people: OrderedDict[int, _Person] = OrderedDict()

    def told(self, frame: int, region: Region, parsed: Parsed | None) -> Parsed | None:
        """What a person wears in a frame: what is `parsed`, or else what was a moment ago, moved with the box."""
        person = self._of(frame, region)
        if frame != person.frame:
            person.height += SLOWLY * (_height(region) - person.height)
            person.frame = frame
        if parsed is not None:
            person.last = frame, parsed, region.box
            return parsed
        if person.last is None or not 0 <= frame - person.last[0] <= CARRIED:
            return None
        _, before, box = person.last
        wider = max(round(WIDER * float(region.box[3] - region.box[1])), 1)
        garments = tuple(replace(worn, mask=_moved(worn.mask, box, region.box, wider)) for worn in before.garments)
        return Parsed(garments, exact=False)

    def dye(self, frame: int, region: Region, garment: Garment, seen: Seen, corner: tuple[int, int]) -> Dye:
        """What becomes of a garment that is `seen` in a picture whose top-left `corner` lies there in the frame."""
        person = self._of(frame, region)
        worn = person.worn.get(garment.group)
        if worn is None:
            worn = _Worn(fabric(self._style, garment.group, region.seed, seen.mean), seen.level, frame)
            person.worn[garment.group] = worn
        if frame != worn.frame:
            worn.level += SLOWLY * (seen.level - worn.level)
            worn.frame = frame
        x = float(region.box[0] + region.box[2]) / 2 - corner[0]
        return Dye(worn.fabric, worn.level, Place(x, float(region.box[1]) - corner[1], person.height / TILES))

    def _of(self, frame: int, region: Region) -> _Person:
        person = self._people.setdefault(region.track_id, _Person(_height(region), frame))
        self._people.move_to_end(region.track_id)
        while len(self._people) > KEPT:
            self._people.popitem(last=False)
        return person


def _height(region: Region) -> float:
    return max(float(region.box[3] - region.box[1]), 1)


def _moved(mask: Mask, before: NDArray[np.float32], now: NDArray[np.float32], wider: int) -> Mask:
    """A mask in the box `before`, as it lies in the box of `now`, and wider by some pixels."""
    scale = np.maximum(now[2:] - now[:2], 1) / np.maximum(before[2:] - before[:2], 1)
    x0, y0, x1, y1 = mask.box
    left, top = np.floor((np.array([x0, y0]) - before[:2]) * scale + now[:2]).astype(int).tolist()
    width, height = np.maximum(np.rint(np.array([x1 - x0, y1 - y0]) * scale), 1).astype(int).tolist()
    alpha = cv2.resize(mask.alpha, (width, height), interpolation=cv2.INTER_LINEAR)
    alpha = cv2.copyMakeBorder(alpha, wider, wider, wider, wider, cv2.BORDER_CONSTANT, value=0)
    grown = cv2.dilate(alpha, np.ones((2 * wider + 1, 2 * wider + 1), np.uint8))
    return Mask(left - wider, top - wider, np.asarray(grown, np.uint8))
