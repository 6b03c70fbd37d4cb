"""The second look at a finished file, from its first frame to its last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.leftovers.judges import FLAT, Fates, Judge, flat_share
from passerby.leftovers.own_cells import own_cells
from passerby.leftovers.thumbnails import hidden_thumbnail
from passerby.leftovers.verdict import Fate, Find, Leftover
from passerby.progress import Progress
from passerby.track.associate import match

GAP = 5
"""Looks in which a thing may go unfound and still be the same leftover."""
MOST_PICTURES = 300
"""Leftovers of which a thumbnail is kept."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was found in all frames."""

    frames: int
    looked: int
    leftovers: tuple[Leftover, ...]
    others: dict[Fate, int]


@dataclass
class _Thing:
    """A leftover that may go on."""

    last_look: int
    label: str
    box: Boxes
    finds: list[Find] = field(default_factory=list)
    best: float = 0.0
    jpeg: bytes | None = None
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class Judges:
    """Who knows how the output was made; None who is not there."""

    plan: Judge | None = None
    original: Judge | None = None

    def fates(self, frame: Frame, found: Detections) -> list[Fate]:
        """What became of each find."""
        nothing: Fates = [None] * len(found)
        planned = self.plan.judge(frame, found) if self.plan else nothing
        compared = self.original.judge(frame, found) if self.original else nothing
        return [
            _fate(by_plan, by_original, self.original is not None)
            for by_plan, by_original in zip(planned, compared, strict=True)
        ]


def _fate(by_plan: Fate | None, by_original: Fate | None, compared: bool) -> Fate:
    """Pixels outdo the plan: what is as it was is not hidden, whatever should have happened to it."""
    if compared and by_original is None and by_plan is Fate.HIDDEN:
        return Fate.LEFT_OVER
    return by_plan or by_original or Fate.LEFT_OVER


def _own(fate: Fate, frame: Frame, box: Boxes) -> Fate:
    """What is left over, unless it is a mosaic of passerby's own from edge to edge."""
    return Fate.OWN_CELLS if fate is Fate.LEFT_OVER and own_cells(frame, box) else fate


def look(
    frames: Iterable[Frame], detector: Detector, judges: Judges, *, every: int, total: int | None, progress: Progress
) -> Seen:
    """Look at `frames`, of which every `every`th counts; `total` is how many there will be, for `progress`."""
    things: list[_Thing] = []
    counts: Counter[Fate] = Counter()
    count = looked = 0
    for frame in frames:
        count += 1
        if frame.index % every == 0:
            looked += 1
            [found] = detector.detect([frame])
            if len(found):
                fates = [
                    _own(fate, frame, box) for fate, box in zip(judges.fates(frame, found), found.boxes, strict=True)
                ]
                counts.update(fates)
                left = np.array([fate is Fate.LEFT_OVER for fate in fates])
                _follow(things, frame, found[left], hide=found, number=looked)
        progress.update(count, total)
    return Seen(
        frames=count,
        looked=looked,
        leftovers=tuple(Leftover(tuple(thing.finds), thing.remark, thing.jpeg) for thing in things),
        others={fate: counts[fate] for fate in Fate if fate is not Fate.LEFT_OVER},
    )


def _follow(things: list[_Thing], frame: Frame, left: Detections, *, hide: Detections, number: int) -> None:
    """Add what is left over in a frame to the things that it goes on with."""
    recent = [thing for thing in things if number - thing.last_look <= GAP]
    boxes = np.array([thing.box for thing in recent], np.float32).reshape(-1, 4)
    pairs = match(boxes, np.array([thing.label for thing in recent], np.str_), left.boxes, left.labels)
    known = {row: recent[thing] for thing, row in pairs}
    for row, find in enumerate(_finds(frame, left)):
        thing = known.get(row)
        if thing is None:
            thing = _Thing(number, find.label, left.boxes[row])
            things.append(thing)
        thing.last_look, thing.box = number, left.boxes[row]
        thing.finds.append(find)
        if find.score > thing.best:
            thing.best = find.score
            thing.remark = _remark(frame, left.boxes[row])
            if len(things) <= MOST_PICTURES:
                thing.jpeg = hidden_thumbnail(frame, left.boxes[row], hide.boxes)


def _finds(frame: Frame, left: Detections) -> Iterator[Find]:
    for box, label, score in zip(left.boxes, left.labels, left.scores, strict=True):
        x0, y0, x1, y1 = (round(float(side), 1) for side in box)
        yield Find(frame.index, float(frame.time), str(label), (x0, y0, x1, y1), round(float(score), 3), Fate.LEFT_OVER)


def _remark(frame: Frame, box: Boxes) -> str:
    share = flat_share(frame, box)
    if share < FLAT:
        return ""
    return f"{share:.0%} of it is flat, as a mosaic is: perhaps hidden already; --plan or --original would tell"


def longest(things: Sequence[Leftover]) -> list[Leftover]:
    """Those that are seen in most frames first."""
    return sorted(things, key=lambda thing: (-len(thing.finds), -thing.best.score))
