"""A box that somebody drew in one frame, followed both ways by what it looks like."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.errors import PlanError
from passerby.core.frame import Frame
from passerby.core.plan import Plan
from passerby.core.tracks import Origin, Sightings
from passerby.edits import Drawn
from passerby.inputs import opened
from passerby.media.container import Limits, origin
from passerby.media.container import opened as container_of
from passerby.media.stills import is_still
from passerby.record import Replayed, as_then, check_same
from passerby.settings import Options
from passerby.track.motion import follow

LONGEST = 960
"""Longest side of the pictures that are followed in, in pixels."""
LIKENESS = 0.55
"""Cross-correlation from which two pictures show the same thing."""
SURE = 0.7
"""Cross-correlation from which it still looks as it did in the picture that it is compared with."""
SAMPLES = 32
"""Samples across the thing that is compared, at most."""
SIZES = (1.0, 0.95, 1.05)
"""How much larger or smaller it may have become since the frame before."""
PLAIN = 0.02
"""How much more alike it must look at another size before it is taken to have that: a box that shrinks uncovers."""
LINGER = 6
"""Frames that a box is kept where it cannot be followed on."""
REACH_BACK = 300
"""Frames before the drawn one that are looked at, at most: their small pictures are held in memory, 150 MB of them."""

Box = NDArray[np.float32]
Light = NDArray[np.uint8]
"""The light of a small picture, (H, W)."""
Glimpse = tuple[int, Light]
"""A frame's index and its light."""


def followed(plan: Plan, drawn: Drawn, media: Path) -> Sightings:
    """Where the drawn thing is, in every frame in which it can be followed and `LINGER` ones beyond.

    It is followed up to the ends of its shot, to the picture's edge, and to where it does not look like itself any
    more. Up to `drawn.until` it stays where it was last.

    Raises:
        PlanError: `media` is not what `plan` was made from.
    """
    first = max(drawn.frame - REACH_BACK, 0)
    first = max([first, *(int(cut) for cut in plan.cuts if cut <= drawn.frame)])
    past: deque[Glimpse] = deque(maxlen=REACH_BACK + 1)
    trail = _Trail(plan, drawn)
    for index, frame in frames(plan, media, first):
        glimpse = index, trail.light(frame)
        past.append(glimpse)
        if index < drawn.frame:
            continue
        if index == drawn.frame:
            trail.back(list(past))
        elif not trail.forth(past[-2], glimpse):
            break
    return trail.rows()


def frames(plan: Plan, media: Path, first: int) -> Iterator[tuple[int, Frame]]:
    """Frames from `first` on with their indices in `plan`; a long video is not decoded from its beginning.

    Raises:
        PlanError: `media` is not what `plan` was made from.
    """
    then = plan.media
    options = as_then(plan, Options())
    # Where frames were thinned out or damaged ones left out, they have to be counted from the beginning.
    late = first > 0 and len(plan.times) > 0 and not (then.fps or then.salvage or is_still(media))
    with opened(media, replace(options, start=_start(plan, media, first)) if late else options) as source:
        check_same(plan, source.info)
        if not late:
            yield from ((frame.index, frame) for frame in Replayed(source, plan) if frame.index >= first)
            return
        for frame in source:
            index = first + frame.index
            if index >= then.frames or frame.pts != plan.times[index] - plan.times[first]:
                raise PlanError(f"{then.name} reads otherwise than when its plan was made; analyze it again")
            yield index, frame


def _start(plan: Plan, media: Path, first: int) -> Fraction:
    """When frame `first` is shown, in seconds after the beginning of the file."""
    tick = plan.media.time_base
    with container_of(media, Limits()) as container:
        begin = origin(container)
    # What is read from a start on is shifted by whole ticks so that it begins at 0.
    shift = Fraction(0) if plan.media.start is None else (begin + plan.media.start) // tick * tick
    return int(plan.times[first]) * tick + shift - begin


class _Trail:
    """The path of a drawn thing as it comes to be known."""

    def __init__(self, plan: Plan, drawn: Drawn) -> None:
        self._plan = plan
        self._drawn = drawn
        self._scale = np.float32(min(1.0, LONGEST / max(plan.media.size)))
        self._start = np.array(drawn.box, np.float32)
        self._rows: list[tuple[int, Box, float, Origin]] = []
        self._box, self._speed = self._start, np.zeros(2, np.float32)
        self._lost = 0
        """Frames in a row in which it could not be followed."""

    def light(self, frame: Frame) -> Light:
        """The small picture to follow in."""
        width, height = (max(round(side * float(self._scale)), 1) for side in self._plan.media.size)
        return pixels.luma(frame, (width, height))

    def back(self, past: list[Glimpse]) -> None:
        """The drawn frame, which is the last of `past`, and those before it."""
        self._rows.append((self._drawn.frame, self._start, np.nan, Origin.DRAWN))
        self._set_out(past[-1])
        for now, before in pairwise(reversed(past)):
            if not self._step(now, before):
                break
        self._set_out(past[-1])

    def forth(self, before: Glimpse, now: Glimpse) -> bool:
        """One frame further; False at the end of the path."""
        asked = self._drawn.until is not None and now[0] <= self._drawn.until
        if self._drawn.until is not None and not asked:
            return False
        ended = self._lost >= LINGER or now[0] in self._plan.cuts or not self._inside()
        if not ended:
            return self._step(before, now) or asked
        if asked:
            self._lost = LINGER
            self._rows.append((now[0], self._box, np.nan, Origin.EXTENDED))
        return asked

    def _set_out(self, drawn: Glimpse) -> None:
        """Begin in the drawn frame."""
        self._box, self._speed = self._start, np.zeros(2, np.float32)
        self._anchor = drawn[1], self._small(self._start)
        """A picture, and where the thing is in it, that later ones are compared with."""
        self._lost = 0

    def _step(self, here: Glimpse, there: Glimpse) -> bool:
        """Carry the box from one frame to the one beside it; False where the path ends."""
        if not self._inside() or self._lost >= LINGER:
            return False
        moved, likeness = self._found(here[1], there[1], self._box, self._box + np.tile(self._speed, 2))
        # Where part of the thing is out of the picture, what is left of it in there is easily found in the wrong place.
        if self._lost or likeness < (SURE if self._leaves() else LIKENESS):
            self._go_on_blindly(there[0])
            return True
        # From frame to frame, errors add up; from one picture to many there are none to add.
        steady, sure = resembling(*self._anchor, there[1], self._small(moved))
        if sure >= SURE:
            moved = steady / self._scale
        else:
            self._anchor = there[1], self._small(moved)
        self._speed = (moved - self._box)[:2]
        self._box = moved
        self._rows.append((there[0], moved, likeness, Origin.FOLLOWED))
        return True

    def _found(self, before: Light, after: Light, box: Box, guess: Box) -> tuple[Box, float]:
        """Where the thing in `box` of one picture is in another one, and how alike it looks."""
        shift, likeness = follow(before, after, self._small(box), self._small(guess))
        return np.asarray(box + np.tile(shift, 2) / self._scale, np.float32), likeness

    def _small(self, box: Box) -> Box:
        """`box` in pixels of the small pictures."""
        return np.asarray(box * self._scale, np.float32)

    def _go_on_blindly(self, frame: int) -> None:
        """Past the picture's edge at its last speed, else where it was last."""
        if self._leaves():
            self._box, self._lost = self._box + np.tile(self._speed, 2), 1
        else:
            self._lost += 1
        if self._inside():
            self._rows.append((frame, self._box, np.nan, Origin.EXTENDED))

    def _leaves(self) -> bool:
        """Whether it moves over the picture's edge."""
        size = np.array(self._plan.media.size, np.float32)
        further = self._box + np.tile(self._speed, 2)
        out = ((further[:2] <= 0) & (self._speed < -1)) | ((further[2:] >= size) & (self._speed > 1))
        return bool(out.any())

    def _inside(self) -> bool:
        return bool(bx.area(bx.clip(self._box[None], self._plan.media.size))[0] > 0)

    def rows(self) -> Sightings:
        """Everything known, under no track's id."""
        if not self._rows:
            raise PlanError(f"{self._plan.media.name} has no frame {self._drawn.frame}; analyze it again")
        frames, boxes, scores, origins = zip(*sorted(self._rows, key=lambda row: row[0]), strict=True)
        return Sightings(
            np.zeros(len(frames), np.int64),
            np.array(frames, np.int64),
            np.stack(boxes).astype(np.float32),
            np.clip(np.array(scores, np.float32), 0, 1),
            np.array(origins, np.uint8),
            np.full(len(frames), self._drawn.label),
        )


def resembling(before: Light, box: Box, after: Light, guess: Box) -> tuple[Box, float]:
    """Where the thing in `box` of one picture is in another one, nearer or further than it was, and how alike it looks.

    It is searched for a third of the box around `guess`, at its size there and at ones a little smaller and larger.
    """
    x0, y0, x1, y1 = _whole(box, before)
    known = before[y0:y1, x0:x1]
    reach = float((guess[2:] - guess[:2]).max()) / 3
    left, top, right, bottom = _whole(guess + np.array([-reach, -reach, reach, reach], np.float32), after)
    window = after[top:bottom, left:right]
    best, alike = guess, 0.0
    if not known.size or not window.size or known.std() < 2:
        return best, alike
    fine = min(1.0, SAMPLES / max(float((guess[2:] - guess[:2]).max()), 1.0))
    searched = cv2.resize(window, None, fx=fine, fy=fine, interpolation=cv2.INTER_AREA)
    known_zoom = float((guess[2:] - guess[:2]).sum() / max(float((box[2:] - box[:2]).sum()), 1e-6))
    for size in SIZES:
        zoom = known_zoom * size
        wide, high = (max(round(side * zoom * fine), 1) for side in (x1 - x0, y1 - y0))
        if wide > searched.shape[1] or high > searched.shape[0]:
            continue
        template = cv2.resize(known, (wide, high), interpolation=cv2.INTER_AREA)
        _, likeness, _, (column, row) = cv2.minMaxLoc(cv2.matchTemplate(searched, template, cv2.TM_CCOEFF_NORMED))
        if np.isfinite(likeness) and likeness > alike + (0 if size == 1 else PLAIN):
            corner = np.array([left + column / fine, top + row / fine]) + (box[:2] - (x0, y0)) * zoom
            best = np.concatenate([corner, corner + (box[2:] - box[:2]) * zoom]).astype(np.float32)
            alike = float(likeness)
    return best, alike


def _whole(box: Box, picture: Light) -> tuple[int, int, int, int]:
    """`box` in whole pixels, cut to `picture`."""
    height, width = picture.shape
    low, high = np.floor(box[:2]).astype(int), np.ceil(box[2:]).astype(int)
    (x0, y0), (x1, y1) = np.clip(low, 0, (width, height)), np.clip(high, 0, (width, height))
    return int(x0), int(y0), int(x1), int(y1)
