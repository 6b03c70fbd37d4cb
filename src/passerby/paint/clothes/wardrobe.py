"""Who wears what: remembered along tracks, so that a person's new clothes stay the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from passerby.core.parsing import Garment, Group
from passerby.core.regions import Region
from passerby.paint.clothes.recolour import Dye, Place
from passerby.paint.clothes.shading import Seen
from passerby.paint.clothes.styles import Fabric, Style, fabric

KEPT = 4096
"""Persons that are remembered: of a stream that never ends, those who were seen last."""
SLOWLY = 0.15
"""Share of what is new in the mean over time of a garment's light and of a person's height."""
LIGHTEST, DARKEST = 0.8, 0.45
"""Brightest lightness of a picture in which colours look as they are, and the least share that they keep of theirs."""
TILES = 4
"""Tiles of a weave from head to foot."""


@dataclass(slots=True)
class _Worn:
    fabric: Fabric
    level: float
    exposure: float
    frame: int
    """The last one that has a part in both."""


@dataclass(slots=True)
class _Person:
    height: float
    frame: int
    """The last one that has a part in `height`."""
    worn: dict[Group, _Worn] = field(default_factory=dict)


class Wardrobe:
    """The new clothes of everybody who was seen. Frames come in order; the same one again changes nothing."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._people: OrderedDict[int, _Person] = OrderedDict()

    def dye(self, frame: int, region: Region, garment: Garment, seen: Seen, corner: tuple[int, int]) -> Dye:
        """What becomes of a garment that is `seen` in a picture whose top-left `corner` lies there in the frame."""
        person = self._of(frame, region)
        worn = person.worn.get(garment.group)
        exposure = min(max(seen.brightest / LIGHTEST, DARKEST), 1.0)
        if worn is None:
            new = fabric(self._style, garment.group, region.seed, seen.mean, exposure)
            worn = _Worn(new, seen.level, exposure, frame)
            person.worn[garment.group] = worn
        if frame != worn.frame:
            worn.level += SLOWLY * (seen.level - worn.level)
            worn.exposure += SLOWLY * (exposure - worn.exposure)
            worn.frame = frame
        x = float(region.box[0] + region.box[2]) / 2 - corner[0]
        place = Place(x, float(region.box[1]) - corner[1], person.height / TILES)
        return Dye(worn.fabric, worn.level, place, worn.exposure)

    def _of(self, frame: int, region: Region) -> _Person:
        height = max(float(region.box[3] - region.box[1]), 1)
        person = self._people.setdefault(region.track_id, _Person(height, frame))
        if frame != person.frame:
            person.height += SLOWLY * (height - person.height)
            person.frame = frame
        self._people.move_to_end(region.track_id)
        while len(self._people) > KEPT:
            self._people.popitem(last=False)
        return person
