"""Other clothes as an effect: persons stay as they are but for what they wear.

Of whom nobody can tell what they wear, all is hidden, head included, until somebody can tell again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.errors import StageError
from passerby.core.frame import Frame, Plane
from passerby.core.parsing import Garment, Parsed
from passerby.core.regions import Mask, Patch, Region
from passerby.core.stages import Anonymizer, Parser
from passerby.paint.clothes import shading
from passerby.paint.clothes.recolour import recolour
from passerby.paint.clothes.styles import Style
from passerby.paint.clothes.wardrobe import Wardrobe

LEAST = 0.04
"""Share of a person's box that is clothes at least: where less is found, the parser is not believed."""
SURE = 240
"""Of 255 in a mask: from here on a pixel is garment and nothing else."""
BEHIND = 8
"""Pixels around clothes in which what is behind them is seen."""


class Steadier(Protocol):
    """Makes of what is told frame by frame something that does not flicker, and fills in where nothing is told."""

    def step(self, tracks: Sequence[int], boxes: Boxes, told: Sequence[Parsed | None]) -> Sequence[Parsed | None]:
        """What the persons of these tracks and boxes (N, 4) wear, of whom so much was told. Once per frame."""
        ...


class Recoloured:
    """An `Anonymizer` (see `core.stages`) that gives the persons of its regions clothes in other colours.

    It hides nobody: faces are another label's matter, and go on top. The regions of a frame are painted on one picture,
    smallest first, and their patches are cut from that, so that no patch brings back what another one took away.
    Outside of the clothes the samples are the decoder's own. Frames come in order.
    """

    batch = 1
    reach = 0
    blind = False

    def __init__(
        self, parser: Parser, *, style: Style = "random", fallback: Anonymizer, steady: Steadier | None = None
    ) -> None:
        """Recolour what `parser` finds.

        Args:
            parser: tells what persons wear.
            style: of the new clothes.
            fallback: hides a person of whom the parser cannot tell; shown frames as they are, one at a time.
            steady: steadies what is told along tracks; None takes it as it is.
        """
        self._parser = parser
        self._fallback = fallback
        self._steady = steady
        self._wardrobe = Wardrobe(style)

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        """See `Anonymizer`."""
        return [self._painted(frame, regions) for frame, regions in zip(frames, hidden, strict=True)]

    def _painted(self, frame: Frame, regions: Sequence[Region]) -> list[Patch]:
        told = clothes_of(regions, frame, self._parser, self._steady)
        if not regions:
            return []
        canvas = tuple(np.array(plane) for plane in frame.planes)
        painted = frame.with_planes(canvas)
        done: list[pixels.Box] = []
        for person in sorted(persons(regions), key=lambda person: float(np.prod(person.box[2:] - person.box[:2]))):
            parsed = told[person.track_id]
            worn = [one for one in (_within(it, frame.size) for it in parsed.garments) if one] if parsed else []
            if worn:
                self._dress(frame, painted, person, worn, done)
                done.append(_around(frame, worn))
        untold = [region for region in regions if told[region.track_id] is None]
        [covers] = self._fallback.paint([frame], [untold])
        covering = iter(covers)
        return [next(covering) if told[region.track_id] is None else altered(painted, region) for region in regions]

    def _dress(
        self, frame: Frame, painted: Frame, region: Region, worn: Sequence[Garment], done: Sequence[pixels.Box]
    ) -> None:
        """Paint a person's new clothes into `painted`, whose planes are writable, and another one only where `done`."""
        box = _around(frame, worn)
        picture = pixels.rgb(pixels.cut(frame, box))
        shared = bx.intersection(np.array([box]), np.array(done).reshape(-1, 4)).any()
        new = pixels.rgb(pixels.cut(painted, box)) if shared else picture.copy()
        changed = np.zeros(picture.shape[:2], np.uint8)
        for garment in worn:
            x0, y0, x1, y1 = _around(frame, [garment])
            at = slice(y0 - box[1], y1 - box[1]), slice(x0 - box[0], x1 - box[0])
            alpha = pixels.placed(garment.mask, (x0, y0, x1, y1))
            seen = shading.seen(picture[at], alpha)
            if seen is not None:
                dye = self._wardrobe.dye(frame.index, region, garment, seen, (x0, y0))
                recolour(picture[at], alpha, seen, dye, on=new[at])
                np.maximum(changed[at], alpha, out=changed[at])
        weights = pixels.alphas(frame, Mask(box[0], box[1], changed), box)
        planes = zip(pixels.crop(painted, box), pixels.to_planes(new, frame, box), weights, strict=True)
        for old, plane, weight in planes:
            _write(old, plane, weight > 0)


def persons(regions: Sequence[Region]) -> list[Region]:
    """One region for each track, with a box around all that the track has in this frame.

    What is found and what is followed are two sightings of one person, who else would be looked at twice, and of whom
    each sighting would be given the half that is nearer.
    """
    each: dict[int, Region] = {}
    for region in regions:
        before = each.get(region.track_id, region)
        corners = np.minimum(before.box[:2], region.box[:2]), np.maximum(before.box[2:], region.box[2:])
        each[region.track_id] = replace(before, box=np.concatenate(corners))
    return list(each.values())


def clothes_of(
    regions: Sequence[Region], frame: Frame, parser: Parser, steady: Steadier | None
) -> dict[int, Parsed | None]:
    """What each person wears, as far as anybody can tell, by the numbers of their tracks; to be asked of every frame.

    Raises:
        StageError: the parser did not give one answer for each person, or gave something else.
    """
    each = persons(regions)
    tracks, boxes = [one.track_id for one in each], np.array([one.box for one in each], np.float32).reshape(-1, 4)
    answers = parser.parse(frame, boxes) if each else ()
    if len(answers) != len(each):
        raise StageError(f"the parser told of {len(answers)} persons in frame {frame.index}, of {len(each)}")
    strange = [type(answer).__name__ for answer in answers if not isinstance(answer, Parsed | None)]
    if strange:
        raise StageError(f"the parser gave a {strange[0]} in frame {frame.index}; wanted is a Parsed, or None")
    told = [_believed(answer, one) for one, answer in zip(each, answers, strict=True)]
    if steady is not None:
        told = list(steady.step(tracks, boxes, told))
    return {track: one if one and one.garments else None for track, one in zip(tracks, told, strict=True)}


def altered(painted: Frame, person: Region) -> Patch:
    """What takes a person's place: that part of `painted`, where nothing but their clothes is another."""
    box = pixels.aligned(painted, person.mask.box)
    return Patch(box, pixels.crop(painted, box), hides=False, alters=True)


def _believed(parsed: Parsed | None, region: Region) -> Parsed | None:
    """What a parser told, unless that is hardly anything."""
    if parsed is None:
        return None
    sides = np.maximum(region.box[2:] - region.box[:2], 1)
    clothes = sum(cv2.sumElems(garment.mask.alpha)[0] / 255 for garment in parsed.garments)
    return parsed if clothes >= LEAST * float(sides[0] * sides[1]) else None


def _within(garment: Garment, size: tuple[int, int]) -> Garment | None:
    """A garment as far as it is in a frame of `size`, its mask no larger than it is; None where it is not.

    What is nearly surely the garment becomes that, or else what is most so: no garment is all edge.
    """
    x, y, width, height = cv2.boundingRect(garment.mask.alpha)
    left, top = max(garment.mask.x + x, 0), max(garment.mask.y + y, 0)
    right, bottom = min(garment.mask.x + x + width, size[0]), min(garment.mask.y + y + height, size[1])
    if left >= right or top >= bottom:
        return None
    alpha = pixels.placed(garment.mask, (left, top, right, bottom))
    most = max(min(int(alpha.max()), SURE), 1)
    return Garment(garment.group, Mask(left, top, np.asarray(cv2.convertScaleAbs(alpha, alpha=255 / most), np.uint8)))


def _around(frame: Frame, worn: Sequence[Garment]) -> pixels.Box:
    """The smallest aligned box that holds all that is `worn`, and a little more: what is behind it must be seen."""
    boxes = np.array([garment.mask.box for garment in worn])
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return pixels.aligned(frame, (x0 - BEHIND, y0 - BEHIND, x1 + BEHIND, y1 + BEHIND))


def _write(old: Plane, new: Plane, where: NDArray[np.bool_]) -> None:
    """Write `new` into `old` in place; of interleaved planes the colours, but not how opaque they are."""
    if old.ndim == 2:
        np.copyto(old, new, where=where)
    else:
        np.copyto(old[..., :3], new[..., :3], where=where[..., None])
