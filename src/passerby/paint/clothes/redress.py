"""New clothes that a model draws, as an effect: persons stay as they are but for what they wear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np

from passerby.core.frame import Frame
from passerby.core.notes import notes_of
from passerby.core.parsing import Parsed
from passerby.core.regions import Mask, Patch, Region, same
from passerby.core.stages import Anonymizer, Parser
from passerby.paint.clothes.effect import Steadier, altered, clothes_of
from passerby.paint.clothes.styles import Style
from passerby.paint.composite import blanked, composite
from passerby.paint.diffusion.prompts import Prompt
from passerby.paint.diffusion.timeline import Timeline, timelines_of

LABEL = "clothes"
FEATHER = 0.005
"""Width of the soft edge as a share of a person's height: outside of what a parser takes for clothes in any share."""
SEAM_PX = 5
"""Gaps between garments that are narrower are clothes, too: no thread of what was worn is to stay."""
_UNWANTED = "nude, bare skin, celebrity, logo, text, print, extra limbs, deformed, blurry"
PROMPTS: Mapping[Style, Prompt] = {
    "random": Prompt("photo of a person wearing plain modern clothes, street", _UNWANTED),
    "formal": Prompt("photo of a person wearing a plain dark formal suit, business attire, street", _UNWANTED),
    "sport": Prompt("photo of a person wearing plain athletic sportswear, track suit, street", _UNWANTED),
    "casual": Prompt("photo of a person wearing a plain sweater and jeans, casual clothes, street", _UNWANTED),
}
"""What is drawn for each style. Nothing in it is read off the person."""


class Witness(Protocol):
    """Sees persons before they are covered, and remembers how they stand: see `paint.diffusion.controls`."""

    def see(self, frame: Frame, covered: Frame, persons: Sequence[Region]) -> None:
        """Frames come in order, each once: as they are, and with all painted that others hide."""
        ...


class Redressed:
    """An `Anonymizer` (see `core.stages`) that lets a model draw new clothes, and leaves all else to others.

    Others come first, so that the model is shown no face that they hide. What a parser takes for clothes is grey before
    the model sees a frame, and is drawn anew; nothing but that is written. Clothes that cannot be told are where they
    were a moment ago, and then the whole person is covered.
    """

    blind = False  # a parser sees what people wear; what draws does not

    def __init__(
        self,
        parser: Parser,
        painter: Anonymizer,
        *,
        others: Anonymizer,
        cover: Anonymizer,
        steady: Callable[[], Steadier] | None = None,
        witness: Witness | None = None,
    ) -> None:
        """Draw clothes by `painter`.

        Args:
            parser: tells what persons wear.
            painter: a blind effect, of regions of the label 'clothes'.
            others: hides what has another label, or a method of its own; frames come to it again, as context.
            cover: hides a person of whom the parser cannot tell; one frame at a time.
            steady: makes what steadies clothes along the tracks of a film; without, they are as they are told.
            witness: is shown persons as they are, and with all painted that others hide.
        """
        if not painter.blind:
            raise ValueError("what draws new clothes must not depend on the old ones; give an effect that is blind")
        self.batch, self.reach = painter.batch, painter.reach
        self._parser, self._painter = parser, painter
        self._others, self._cover, self._witness = others, cover, witness
        self._steady_anew = steady
        self._begin()

    def _begin(self) -> None:
        self._steady = self._steady_anew() if self._steady_anew else None
        self._known: dict[int, tuple[list[Region], list[Region | None]]] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know, each one line."""
        return notes_of(self._painter, self._others)

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """What models did when, of those that tell it."""
        return timelines_of(self._painter, self._others)

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        """See `Anonymizer`.

        Raises:
            StageError: the parser did not give one answer for each person.
        """
        mine = [[region for region in regions if _is_worn(region)] for regions in hidden]
        theirs = [[region for region in regions if not _is_worn(region)] for regions in hidden]
        plain = self._others.paint(frames, theirs)
        shown = [composite(*one) for one in zip(frames, theirs, plain, strict=True)]
        clothes = self._told(frames, shown, mine)
        told = [[region for region in scene if region is not None] for scene in clothes]
        covers = [self._covers(*one) for one in zip(shown, mine, clothes, strict=True)]
        shown = [composite(frame, *one) for frame, one in zip(shown, covers, strict=True)]
        grey = [blanked(*one) for one in zip(shown, told, strict=True)]
        drawn = self._painter.paint(grey, told)
        answer = []
        for i, (frame, regions) in enumerate(zip(frames, hidden, strict=True)):
            dressed, covering, left = composite(frame, told[i], drawn[i]), iter(covers[i][1]), iter(plain[i])
            ours = [
                next(covering) if one is None else altered(dressed, person)
                for person, one in zip(mine[i], clothes[i], strict=True)
            ]
            own = iter(ours)
            answer.append([next(own) if _is_worn(region) else next(left) for region in regions])
        return answer

    def _told(
        self, frames: Sequence[Frame], shown: Sequence[Frame], persons: Sequence[list[Region]]
    ) -> list[list[Region | None]]:
        """The clothes of the persons of each frame, as regions of the same tracks; said once of each frame."""
        new = [i for i, frame in enumerate(frames) if not self._knows(frame.index, persons[i])]
        if any(frames[i].index <= max(self._known, default=-1) for i in new):
            self._begin()  # another film
            new = list(range(len(frames)))
        for i in new:
            self._known[frames[i].index] = persons[i], self._looked(frames[i], shown[i], persons[i])
        first = min((frame.index for frame in frames), default=0)
        self._known = {index: known for index, known in self._known.items() if index >= first}
        return [self._known[frame.index][1] for frame in frames]

    def _knows(self, index: int, persons: Sequence[Region]) -> bool:
        before, _ = self._known.get(index, (None, None))
        return same(before, persons)

    def _looked(self, frame: Frame, shown: Frame, persons: Sequence[Region]) -> list[Region | None]:
        told = clothes_of(persons, frame, self._parser, self._steady)
        if not persons:
            return []
        clothes = [worn(person, told[person.track_id]) for person in persons]
        if self._witness is not None:
            self._witness.see(frame, composite(shown, *self._covers(shown, persons, clothes)), persons)
        return clothes

    def _covers(
        self, shown: Frame, persons: Sequence[Region], clothes: Sequence[Region | None]
    ) -> tuple[list[Region], Sequence[Patch]]:
        """The persons whose clothes are not known, and what takes their place."""
        untold = [person for person, region in zip(persons, clothes, strict=True) if region is None]
        return untold, self._cover.paint([shown], [untold])[0]


def worn(person: Region, parsed: Parsed | None) -> Region | None:
    """What a person wears, as a region: wherever any garment has a share, and a soft edge around it."""
    masks = [garment.mask for garment in parsed.garments if garment.mask.alpha.any()] if parsed else []
    if not masks:
        return None
    boxes = np.array([mask.box for mask in masks])
    feather = max(round(FEATHER * float(person.box[3] - person.box[1])), 1)
    rim = feather + SEAM_PX
    x0, y0 = (boxes[:, :2].min(axis=0) - rim).tolist()
    x1, y1 = (boxes[:, 2:].max(axis=0) + rim).tolist()
    area = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for mask in masks:
        height, width = mask.alpha.shape
        part = area[mask.y - y0 : mask.y - y0 + height, mask.x - x0 : mask.x - x0 + width]
        part |= (mask.alpha > 0).astype(np.uint8)
    closed = cv2.morphologyEx(area, cv2.MORPH_CLOSE, np.ones((SEAM_PX, SEAM_PX), np.uint8))
    away = cv2.distanceTransform(1 - np.asarray(closed, np.uint8), cv2.DIST_L2, 3)
    softened = np.asarray(np.clip(255 * (1 - away / (feather + 1)), 0, 255), np.uint8)
    return replace(person, mask=Mask(x0, y0, softened))


def _is_worn(region: Region) -> bool:
    return region.label == LABEL and not region.method
