"""Faces, persons, plates and vehicles that a diffusion model makes up, as an effect that is steady in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError, StageError
from passerby.core.frame import Frame
from passerby.core.notes import notes_of
from passerby.core.regions import Patch, Region, same
from passerby.paint import carrying
from passerby.paint.blank import blank, inside, patch, reached, touched
from passerby.paint.carrying import Drawn
from passerby.paint.diffusion import crops
from passerby.paint.diffusion.choice import EVERY, MOST_EVERY
from passerby.paint.diffusion.contract import Controls, Crop, Inpainter
from passerby.paint.diffusion.crops import Framing
from passerby.paint.diffusion.keys import Keys, Placed, carries
from passerby.paint.diffusion.timeline import Timeline, timelines_of
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.cutting import clipped
from passerby.paint.gan.pasting import Picture, levels
from passerby.paint.gan.seam import Seam, matched

FRAMES = 8
"""Whole pictures that are held at a time."""
RIM = 8
"""Pixels that are kept around what was made up: it is moved a little."""
SEAM_PX = 16
"""Pixels around a mask in which colours are compared, at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Regions of one key frame that are made up in one crop."""

    members: tuple[Placed, ...]
    box: Box
    """What of the frame is shown; may reach over its edges where the frame is small."""

    @property
    def size(self) -> int:
        """Pixels of the largest mask: the larger, the later it is painted, as `composite` does."""
        return max(member.region.mask.alpha.size for member in self.members)


class Inpainted:
    """An `Anonymizer` (see `core.stages`) that lets a diffusion model make up every region.

    Key frames are inpainted, all of a call in as few batches as overlaps allow: what overlaps is made up in turn, the
    larger later, and sees the smaller as it was painted. What lies between is carried on (`carrying`). Frames come in
    order; those of context may come again. Whoever is not painted stays grey, and an inpainter that gives anything but
    pictures ends the run.
    """

    blind = True

    def __init__(
        self,
        inpainter: Inpainter,
        *,
        every: int = EVERY,
        seam: Seam = "soft",
        framing: Framing | None = None,
        controls: Controls | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Paint by `inpainter`.

        Args:
            inpainter: a diffusion model at work.
            every: frames from one key frame of a track to the next, 1 (all are made up anew) to 60.
            seam: whether colours are made to agree at the edge, or left as they were made up.
            framing: how large crops are.
            controls: draws what a ControlNet is shown, if the inpainter has one.
            notes: what a user should know, each one line.

        Raises:
            OptionError: `every` is something else.
        """
        if not 1 <= every <= MOST_EVERY:
            raise OptionError(f"key frames come every 1 to {MOST_EVERY} frames, got {every}")
        every = int(every)
        self.batch = max(2 * every, 8)
        self.reach = every - 1
        self._notes = tuple(notes)
        self._inpainter = inpainter
        self._every = every
        self._seam = seam
        self._framing = framing or Framing()
        self._controls = controls
        self._begin()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know, each one line; the inpainter may have something to tell as well."""
        return (*self._notes, *notes_of(self._inpainter))

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """What the model did when, if it tells it."""
        return timelines_of(self._inpainter)

    def _begin(self) -> None:
        self._keys = Keys(self._every)
        self._scenes: dict[int, list[Placed]] = {}
        self._drawn: dict[Placed, Drawn] = {}

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        """See `Anonymizer`."""
        mine = [[it for it in regions if inside(frame, it)] for frame, regions in zip(frames, hidden, strict=True)]
        scenes = self._placed([frame.index for frame in frames], mine)
        self._make_up(frames, scenes)
        painted = self._painted(frames, scenes)
        answer = [
            [patch(frame, region, picture) for region in regions]
            for frame, regions, picture in zip(frames, hidden, painted, strict=True)
        ]
        self._forget(min((frame.index for frame in frames), default=0))
        return answer

    def _placed(self, indexes: Sequence[int], regions: Sequence[Sequence[Region]]) -> list[list[Placed]]:
        """Where things are in frames, and in which they are made up: said once of each frame."""
        new = [index for index, mine in zip(indexes, regions, strict=True) if not self._knows(index, mine)]
        if any(index <= max(self._scenes, default=-1) for index in new):
            self._begin()  # another film
        for index, mine in zip(indexes, regions, strict=True):
            if index not in self._scenes:
                self._scenes[index] = self._keys.place(index, mine)
        return [self._scenes[index] for index in indexes]

    def _knows(self, index: int, regions: Sequence[Region]) -> bool:
        before = [placed.region for placed in self._scenes[index]] if index in self._scenes else None
        return same(before, regions)

    def _forget(self, first: int) -> None:
        """What no frame from `first` on is carried on from."""
        self._scenes = {index: scene for index, scene in self._scenes.items() if index >= first}
        used = {placed.key or placed for scene in self._scenes.values() for placed in scene} | self._keys.latest
        self._drawn = {placed: drawn for placed, drawn in self._drawn.items() if placed in used}

    # Key frames

    def _make_up(self, frames: Sequence[Frame], scenes: Sequence[Sequence[Placed]]) -> None:
        """Inpaint what is to be in these frames and is not yet."""
        wanted = (
            (frame, scene)
            for frame, scene in zip(frames, scenes, strict=True)
            if any(placed.key is None and placed not in self._drawn for placed in scene)
        )
        while some := list(islice(wanted, FRAMES)):
            canvases = [_Canvas(frame, scene, self._grouped(frame, scene)) for frame, scene in some]
            for depth in range(max(canvas.depth for canvas in canvases)):
                self._turn([(canvas, group) for canvas in canvases for group in canvas.at(depth)])

    def _grouped(self, frame: Frame, scene: Sequence[Placed]) -> list[Group]:
        """What is made up in this frame, the smallest first."""
        picture = frame.size[::-1]
        keys = [placed for placed in scene if placed.key is None]
        boxes = [clipped(placed.region.mask.box, picture) for placed in keys]
        alone = [self._framing.around(_union(placed.window.box, placed.region.mask.box), picture) for placed in keys]
        groups = []
        for rows in crops.together(boxes, [placed.region.label for placed in keys], alone):
            box = alone[rows[0]] if len(rows) == 1 else self._framing.around(_union(*(boxes[i] for i in rows)), picture)
            groups.append(Group(tuple(keys[i] for i in rows), box))
        return sorted(groups, key=lambda group: group.size)

    def _turn(self, turn: Sequence[tuple[_Canvas, Group]]) -> None:
        """Inpaint what does not overlap, and paint it on the canvases."""
        cut = [canvas.crop(group, self._framing.side(group.box), self._controls) for canvas, group in turn]
        answers = self._inpainter.inpaint(cut)
        _check(cut, answers)
        for (canvas, group), crop, answer in zip(turn, cut, answers, strict=True):
            colours = crops.drawn(answer, crop.hole, group.box)
            for member in group.members:
                self._drawn[member] = _of(member, group.box, colours)
                canvas.paint(member, self._agreeing(canvas, member, None))

    # All frames

    def _painted(self, frames: Sequence[Frame], scenes: Sequence[Sequence[Placed]]) -> Iterator[Picture | None]:
        """Every frame with what is hidden in it made up; None where nothing of it is in the picture."""
        later = _later(scenes)
        pairs: dict[tuple[Placed, Placed], carrying.Pair] = {}
        for frame, scene in zip(frames, scenes, strict=True):
            if not scene:
                yield None
                continue
            canvas = _Canvas(frame, scene, ())
            for placed in sorted(scene, key=lambda one: one.region.mask.alpha.size):
                canvas.paint(placed, self._agreeing(canvas, placed, self._pair(placed, later.get(placed), pairs)))
            yield canvas.picture

    def _pair(
        self, placed: Placed, after: Placed | None, pairs: dict[tuple[Placed, Placed], carrying.Pair]
    ) -> tuple[carrying.Pair, float] | None:
        """Between which key frames it lies, and how far from the first; None where one alone counts."""
        if placed.key is None or after is None or not carries(after, placed):
            return None
        if after.index - placed.key.index > self._every:  # it was away in between
            return None
        ends = placed.key, after
        if ends not in pairs:
            pairs[ends] = carrying.pair(*(self._drawn[end] for end in ends))
        return pairs[ends], (placed.index - ends[0].index) / (ends[1].index - ends[0].index)

    def _agreeing(
        self, canvas: _Canvas, placed: Placed, between: tuple[carrying.Pair, float] | None
    ) -> tuple[Box, NDArray[np.float32]]:
        """What is painted for a region: a box inside of the frame, and its colours (h, w, 3)."""
        box = canvas.around(placed)
        if between is None:
            colours = carrying.alone(self._drawn[placed.key or placed], placed.window.sides, box)
        else:
            colours = carrying.between(*between, placed.window.sides, box)
        if self._seam == "soft":
            x0, y0, x1, y1 = box
            colours = matched(colours, canvas.picture[y0:y1, x0:x1], ~canvas.unknown([placed], box))
        return box, colours


class _Canvas:
    """A frame that is grey where anything is hidden, until it is painted."""

    def __init__(self, frame: Frame, scene: Sequence[Placed], groups: Sequence[Group]) -> None:
        self.frame = frame
        self.picture = blank(frame, [placed.region for placed in scene])
        self._grey = list(scene)
        self._groups = list(groups)
        self._levels = levels([group.box for group in groups])

    @property
    def depth(self) -> int:
        """How many turns it takes."""
        return max(self._levels, default=-1) + 1

    def at(self, depth: int) -> list[Group]:
        """What is made up in a turn."""
        return [group for group, level in zip(self._groups, self._levels, strict=True) if level == depth]

    def around(self, placed: Placed) -> Box:
        """The box in which a region is painted, with what its colours have to agree with."""
        x0, y0, x1, y1 = placed.region.mask.box
        rim = max(SEAM_PX, (x1 - x0) // 8, (y1 - y0) // 8)
        return clipped((x0 - rim, y0 - rim, x1 + rim, y1 + rim), self.frame.size[::-1])

    def unknown(self, mine: Sequence[Placed], box: Box) -> NDArray[np.bool_]:
        """What of `box` is hidden by one of `mine`, or grey still."""
        regions = [placed.region for placed in {*mine, *self._grey}]
        return reached(self.frame, [(region.mask, touched(region.mask)) for region in regions], box)

    def crop(self, group: Group, side: int, controls: Controls | None) -> Crop:
        """What the model is shown of a group."""
        box = clipped(group.box, self.frame.size[::-1])
        holes = [(member.window.hole, touched(member.window.hole)) for member in group.members]
        unknown = self.unknown(group.members, box) | reached(self.frame, holes, box)
        picture, hole = crops.shown(self.picture, unknown, group.box, side)
        eldest = min(group.members, key=lambda member: member.region.track_id)
        tracks = [member.region.track_id for member in group.members]
        control = controls.control(self.frame.index, tracks, group.box, side) if controls else None
        return Crop(picture, hole, eldest.region.label, eldest.region.seed, control)

    def paint(self, placed: Placed, drawn: tuple[Box, NDArray[np.float32]]) -> None:
        """Write what was made up over the grey of one region, and over nothing else."""
        (x0, y0, x1, y1), colours = drawn
        mask = placed.region.mask
        written = reached(self.frame, [(mask, touched(mask))], (x0, y0, x1, y1))
        self.picture[y0:y1, x0:x1][written] = np.clip(np.rint(colours[written]), 0, 255).astype(np.uint8)
        self._grey.remove(placed)


def _of(member: Placed, box: Box, colours: NDArray[np.uint8]) -> Drawn:
    """What of the `colours` of a crop of `box` is kept for a member."""
    x0, y0, x1, y1 = _union(member.window.box, member.region.mask.box)
    left, top = max(x0 - RIM, box[0]), max(y0 - RIM, box[1])
    right, bottom = min(x1 + RIM, box[2]), min(y1 + RIM, box[3])
    part = colours[top - box[1] : bottom - box[1], left - box[0] : right - box[0]].copy()
    return Drawn(member.window.sides, (left, top, right, bottom), part)


def _later(scenes: Sequence[Sequence[Placed]]) -> dict[Placed, Placed]:
    """Of every region that is carried on, where its track is made up next."""
    answer: dict[Placed, Placed] = {}
    following: dict[tuple[int, str], Placed] = {}
    for scene in reversed(scenes):
        answer |= {placed: following[placed.who] for placed in scene if placed.who in following}
        following |= {placed.who: placed for placed in scene if placed.key is None}
    return answer


def _union(*boxes: Box) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _check(wanted: Sequence[Crop], answers: Sequence[Picture]) -> None:
    if len(answers) != len(wanted):
        raise StageError(f"{len(wanted)} crops were to be inpainted, {len(answers)} came; try another model")
    for crop, answer in zip(wanted, answers, strict=True):
        if answer.shape != crop.picture.shape or answer.dtype != np.uint8:
            raise StageError(
                f"an inpainter gave {answer.dtype} {answer.shape}, wanted is uint8 {crop.picture.shape}; "
                "try another model"
            )
