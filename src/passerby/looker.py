"""The detectors at work: what they find where `looking` says to look, in threads of their own, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.pixels import Box
from passerby.core.stages import Detector
from passerby.detect.areas import AROUND, cut_off, inside, surroundings, within
from passerby.detect.compose import able, once
from passerby.flow import Meter, Stream
from passerby.looking import Glance, Looking, Part
from passerby.track.follow import Again

NEAR = 24
"""Pixels of a thing's longer side in a picture, from which another look at it needs no larger one."""
PART = 8
"""How many times larger the area around a part of something is, to see the whole, of which it may be a quarter."""
SHOWN = 0.7
"""Share of such a part that lies in the thing, at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A frame with what the detectors found in it; None where nobody looked."""

    frame: Frame
    cut: bool
    found: Detections | None


class Looker:
    """Looks at frames, several at a time at most. A context manager: leaving it ends its threads."""

    def __init__(self, detector: Detector, closer: Detector | None, looking: Looking, meter: Meter) -> None:
        """`detector` looks at whole pictures, `closer` at parts of them in full size, if there is one."""
        self._detector = detector
        self._closer = closer
        self._looking = looking
        self._meter = meter
        self._pool = ThreadPoolExecutor(looking.workers, thread_name_prefix="passerby look")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def looks(self, glances: Iterable[Glance]) -> Stream[Look]:
        """Frames with what is found where one is to look, in order; several looks run at a time."""
        waiting: deque[tuple[Glance, Future[Detections] | None]] = deque()
        whole: Future[Detections] | None = None
        for glance in glances:
            future = None
            if glance.areas is not None:
                whole = future = self._pool.submit(self._survey, glance, None if glance.cut else whole)
            if glance.parts and self._closer:
                future = self._pool.submit(self._inspect, self._closer, glance, future)
            waiting.append((glance, future))
            while sum(future is not None for _, future in waiting) > self._looking.workers:
                yield _answer(*waiting.popleft())
        while waiting:
            yield _answer(*waiting.popleft())

    @property
    def again(self) -> Again | None:
        """Looks around single boxes: at small ones in full size. None with a detector that wants whole frames.

        Those at much of a picture run in the threads of the other looks, so that no more run at a time, and take
        memory, than there are workers; small ones need not wait for them.
        """
        shrink, (width, height) = self._looking.shrink, self._looking.part
        if shrink is None:
            return None

        def again(frame: Frame, box: NDArray[np.float32], label: str) -> Detections:
            if bx.area(box[None])[0] * AROUND**2 < width * height:
                return self._near(frame, box, label, shrink)
            return self._pool.submit(self._near, frame, box, label, shrink).result()

        return again

    def _survey(self, glance: Glance, before: Future[Detections] | None) -> Detections:
        """What is in the whole picture, of which only some areas have changed since the survey `before`."""
        frame, areas, everything = glance.frame, glance.areas or (), (0, 0, *glance.frame.size)
        with self._meter.of("look"):
            if before is not None and areas != (everything,):
                known = before.result()
                found = self._in_areas(self._detector, frame, areas, everything, self._looking.shrink or 1)
                if found is not None:
                    still = np.all([~inside(known.boxes, area) for area in areas], axis=0) if areas else slice(None)
                    return once(Detections.concat([known[still], found]))
            answers = self._detector.detect([frame])
            if len(answers) != 1:
                raise StageError(f"the detector gave {len(answers)} answers for 1 frame (frame {frame.index})")
            return _labelled(answers[0], self._detector)

    def _inspect(self, closer: Detector, glance: Glance, survey: Future[Detections] | None) -> Detections:
        """What is in parts of the picture, seen in full size, and in the survey of the same frame, if there is one."""
        answers = [] if survey is None else [survey.result()]
        with self._meter.of("look"):
            answers += [self._in_part(closer, glance.frame, part) for part in glance.parts]
            return once(Detections.concat(answers))

    def _in_part(self, closer: Detector, frame: Frame, part: Part) -> Detections:
        """What is in a part of the picture, seen in full size, where something has changed in it."""
        found = self._in_areas(closer, frame, part.areas, part.box, 1)
        if found is None:
            found = _within(closer, frame, part.box)
            found = found[~cut_off(found, part.box, frame.size)]
        return found

    def _in_areas(
        self, detector: Detector, frame: Frame, areas: Sequence[Box], region: Box, shrink: float
    ) -> Detections | None:
        """What is in some areas of a region, but for what the region's edge cuts off.

        None where that cannot be told without a look at all of the region.
        """
        finds = [_within(detector, frame, area) for area in areas]
        finds = [found[~cut_off(found, region, frame.size)] for found in finds]
        cut = [cut_off(found, area, frame.size) for found, area in zip(finds, areas, strict=True)]
        whole = [found[~off] for found, off in zip(finds, cut, strict=True)]
        # What the edge of an area cuts off is a part of something, which another area may show whole, or its
        # surroundings; or it is nothing, and looks like something because of the edge.
        parts = Detections.concat([found[off] for found, off in zip(finds, cut, strict=True)])
        for box, label in zip(parts.boxes, parts.labels, strict=True):
            if _shown(box, label, Detections.concat(whole)):
                continue
            around = surroundings(frame, box, shrink, PART)
            if _pixels(around) >= _pixels(region):
                return None
            near = _within(detector, frame, around)
            off = cut_off(near, around, frame.size)
            if _shown(box, label, near[off]):
                return None
            whole.append(near[~off])
        return Detections.concat(whole)

    def _near(self, frame: Frame, box: NDArray[np.float32], label: str, shrink: float) -> Detections:
        """What is at and around `box` (4,), by those that find such things."""
        side = max(box[2] - box[0], box[3] - box[1])
        small = side < NEAR * shrink
        finder, scale = (self._closer, 1.0) if self._closer and small else (self._detector, shrink)
        with self._meter.of("look"):
            finder, area = able(finder, label), surroundings(frame, box, scale)
            found = _within(finder, frame, area)
            return found[~cut_off(found, area, frame.size)]


def _answer(glance: Glance, future: Future[Detections] | None) -> Look:
    return Look(glance.frame, glance.cut, None if future is None else future.result())


def _within(detector: Detector, frame: Frame, area: Box) -> Detections:
    return _labelled(within(detector, frame, area), detector)


def _pixels(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _shown(part: NDArray[np.float32], label: str, found: Detections) -> bool:
    """Whether one of the things found holds most of the box (4,) of a part of one."""
    same = found.boxes[found.labels == label]
    return bool((bx.intersection(part[None], same) >= SHOWN * bx.area(part[None])).any())


def _labelled(found: Detections, detector: Detector) -> Detections:
    strange = {str(label) for label in found.labels} - detector.labels
    if strange:
        raise StageError(f"the detector found {', '.join(sorted(strange))}, which is not among its labels")
    return found
