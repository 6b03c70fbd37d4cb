"""Whether what is found in a finished file is left over, by what is known of how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import InputError
from passerby.core.frame import Frame
from passerby.core.plan import Plan, decided
from passerby.core.regions import Mask
from passerby.core.stages import Detector, Source
from passerby.core.tracks import Sightings
from passerby.leftovers.resemblance import Resemblance
from passerby.leftovers.verdict import Fate
from passerby.mask.shapes import Shape
from passerby.track.refine import settled

COVERED = 0.8
"""Share of a find that has to be hidden for it to be hidden: models draw boxes of different sizes."""
SAME = 0.3
"""IoU from which a find in the output and one in the original are of one thing."""
DETAIL = 0.2
"""Share of a face's own detail that may be left at most."""
GRID = 32
"""A face is compared as so many pixels across and down: what is finer does not survive an encoder either."""

Fates = list[Fate | None]
"""One for each find; None where a judge has nothing to say."""


class Judge(Protocol):
    """Knows something of how the output was made. Asked about every frame in which something is found."""

    def judge(self, frame: Frame, found: Detections) -> Fates: ...


class ByPlan:
    """Knows what was hidden where."""

    def __init__(self, plan: Plan, shapes: Mapping[str, Shape]) -> None:
        """`shapes`: what hides each label of the plan."""
        self._size = plan.media.size
        self._shapes = shapes
        rows = _by_frame(settled(plan.rows()))
        self._hidden = decided(plan.decisions, rows)[0]
        numbers, of_hidden = (each.tracks * plan.media.frames + each.frames for each in (rows, self._hidden))
        self._kept = rows[~np.isin(numbers, of_hidden)]

    def judge(self, frame: Frame, found: Detections) -> Fates:
        """HIDDEN where the plan's masks are, KEPT where it leaves something visible."""
        scale = np.tile(np.divide(self._size, frame.size), 2).astype(np.float32)
        boxes = found.boxes * scale
        kept, hidden = _of(self._kept, frame.index), _of(self._hidden, frame.index)
        pairs = zip(hidden.labels, hidden.boxes, strict=True)
        masks = [self._shapes[str(name)].mask(place, self._size) for name, place in pairs]
        decided_on = bx.iou(boxes, kept.boxes).max(axis=1, initial=0) >= SAME
        return [
            Fate.HIDDEN if covered(box, masks, self._size) >= COVERED else Fate.KEPT if by_decision else None
            for box, by_decision in zip(boxes, decided_on, strict=True)
        ]


def _by_frame(rows: Sightings) -> Sightings:
    return rows[np.argsort(rows.frames, kind="stable")]


def _of(rows: Sightings, frame: int) -> Sightings:
    """The rows of one frame."""
    return rows[slice(*np.searchsorted(rows.frames, [frame, frame + 1]))]


def covered(box: NDArray[np.float32], masks: list[Mask], size: tuple[int, int]) -> float:
    """The share of `box` (4,), as far as it lies in a frame of `size`, that `masks` hide in full."""
    x0, y0, x1, y1 = (int(side) for side in bx.clip(box[None], size)[0].round())
    hidden = np.zeros((max(y1 - y0, 1), max(x1 - x0, 1)), bool)
    for mask in masks:
        left, top, right, bottom = mask.box
        across, down = slice(max(left, x0), min(right, x1)), slice(max(top, y0), min(bottom, y1))
        if across.start < across.stop and down.start < down.stop:
            alpha = mask.alpha[down.start - top : down.stop - top, across.start - left : across.stop - left]
            hidden[down.start - y0 : down.stop - y0, across.start - x0 : across.stop - x0] |= alpha == 255
    return float(hidden.mean())


class ByOriginal:
    """Has the original beside the output, frame by frame."""

    def __init__(self, original: Source, detector: Detector) -> None:
        """`original` is opened; entering and leaving it is the caller's part. `detector` looks at it."""
        self._frames: Iterator[Frame] = iter(original)
        self._name = original.info.name
        self._detector = detector
        self._frame: Frame | None = None
        self.resemblance = Resemblance()
        """Of all frames in which something was judged."""

    def judge(self, frame: Frame, found: Detections) -> Fates:
        """CHANGED where the original has nothing of that label, or had it otherwise.

        Raises:
            InputError: the original has fewer frames than the output.
        """
        then = self._upto(frame)
        self.resemblance.add(then, frame)
        [before] = self._detector.detect([then])
        scale = np.tile(np.divide(frame.size, then.size), 2).astype(np.float32)
        answer: Fates = []
        for box, label in zip(found.boxes, found.labels, strict=True):
            there = before.boxes[before.labels == label]
            overlaps = bx.iou((box[None] / scale).astype(np.float32), there)[0]
            best = int(overlaps.argmax()) if len(overlaps) else -1
            same = best >= 0 and overlaps[best] >= SAME
            left = detail_left(light_of(then, there[best]), light_of(frame, there[best] * scale)) if same else 0.0
            answer.append(None if left > DETAIL else Fate.CHANGED)
        return answer

    def _upto(self, frame: Frame) -> Frame:
        """The original's frame of the same number."""
        while self._frame is None or self._frame.index < frame.index:
            self._frame = next(self._frames, None)
            if self._frame is None:
                raise InputError(f"{self._name} ends before frame {frame.index}; give the original of this very file")
        return self._frame


def light_of(frame: Frame, box: NDArray[np.float32]) -> NDArray[np.float64]:
    """The light of `box` (4,) in `frame`, (GRID, GRID), 0..255; of one pixel at least."""
    [inside] = bx.clip(box[None], frame.size)
    x0, y0 = (min(int(low), side - 1) for low, side in zip(inside[:2], frame.size, strict=True))
    x1, y1 = max(int(np.ceil(inside[2])), x0 + 1), max(int(np.ceil(inside[3])), y0 + 1)
    part = frame.with_planes(pixels.crop(frame, pixels.aligned(frame, (x0, y0, x1, y1))))
    return pixels.luma(part, (GRID, GRID)).astype(np.float64)


def detail_left(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """How much of the detail of `before` is in `after`, both (GRID, GRID): from 0 to 1.

    Detail is what differs from the mean of the surroundings, an eighth of the picture wide. Each of 8 by 8 parts
    counts by the energy of its detail, so that one half of a face counts as a half, whatever is over the other.
    """
    fine, now = (picture - cv2.GaussianBlur(picture, (0, 0), GRID / 8) for picture in (before, after))
    energy, wrong = _parts(fine**2), _parts((fine - now) ** 2)
    return float(1 - np.minimum(wrong, energy).sum() / max(energy.sum(), 1e-9))


def _parts(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    side = GRID // 8
    return np.asarray(picture.reshape(8, side, 8, side).sum(axis=(1, 3)))


FLAT = 0.8
"""Share of neighbouring pixels that are alike from which on something is made of flat cells."""


def flat_share(frame: Frame, box: Boxes) -> float:
    """The share of pixels in `box` (4,) that hardly differ from the next one on the right: of a mosaic, nearly all."""
    x0, y0, x1, y1 = (int(side) for side in bx.clip(box[None], frame.size)[0])
    light = frame.planes[0][y0:y1, x0:x1]
    if light.shape[1] < 2 or not light.size:
        return 0.0
    steps = np.abs(np.diff(light.reshape(*light.shape[:2], -1)[..., 0].astype(np.int64), axis=1))
    return float((steps <= 1 << max(frame.format.depth - 8, 0)).mean())
