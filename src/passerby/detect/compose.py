"""Detectors made of detectors: each has the shape of what it wraps, so nobody else hears of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.detections import Detections
from passerby.core.errors import OptionError, StageError
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.core.stages import Detector, Segmenter
from passerby.detect import pictures
from passerby.detect.areas import GRID, OVERLAP, cut_off, moved, parts, surroundings, within

COVERED = 0.4
"""Share of a thing in doubt that lies in a sure one, from which it is not looked at again."""
PICTURE = 522_240
"""Pixels of a small picture, 960 by 544, in all of which as many things are looked at again as may be."""


@dataclass(frozen=True)
class Either:
    """What any of several detectors finds: the union, each thing once."""

    detectors: tuple[Detector, ...]

    @property
    def runtime(self) -> str:
        """What computes."""
        return computing(*self.detectors)

    @property
    def labels(self) -> frozenset[str]:
        return frozenset().union(*(detector.labels for detector in self.detectors))

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        with pictures.shared():
            answers = [detector.detect(frames) for detector in self.detectors]
        return [once(Detections.concat(found)) for found in zip(*answers, strict=True)]


class _Wrapping:
    """What a detector around a single one says of itself: the same as that one."""

    detector: Detector

    @property
    def runtime(self) -> str:
        """What computes."""
        return computing(self.detector)

    @property
    def labels(self) -> frozenset[str]:
        return self.detector.labels


@dataclass(frozen=True)
class Sure(_Wrapping):
    """What a detector finds with a score above that of its label."""

    detector: Detector
    conf: Mapping[str, float]

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [
            found[found.scores > np.array([self.conf[label] for label in found.labels.tolist()])]
            for found in self.detector.detect(frames)
        ]


@dataclass(frozen=True)
class Tiled:
    """A detector that looks at overlapping tiles of a frame, each at full size.

    It finds what a look at the whole frame at full size finds, in a fraction of the memory, as long as the thing is
    no larger than the overlap; join it by `Either` with a look at the whole picture made small.
    """

    detector: Detector
    tile: tuple[int, int] = (704, 576)
    """Largest (width, height) of a tile in pixels; multiples of `GRID`."""
    overlap: int = OVERLAP
    """Pixels that neighbouring tiles share, at least."""

    def __post_init__(self) -> None:
        if min(self.tile) < self.overlap + 2 * GRID:
            raise OptionError(f"tiles of {self.tile} pixels cannot overlap by {self.overlap}; make them larger")

    @property
    def labels(self) -> frozenset[str]:
        return self.detector.labels

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> Detections:
        boxes = list(parts(frame, self.tile, self.overlap))
        answers = self.detector.detect([pixels.cut(frame, box) for box in boxes])
        found = [moved(answer, box[0], box[1]) for answer, box in zip(answers, boxes, strict=True)]
        return once(Detections.concat(found))


@dataclass(frozen=True)
class SecondLook(_Wrapping):
    """A detector that finds things in a small picture, and looks again in full size at those that are in doubt.

    A thing that is hardly seen in the small picture gets a low score there; most that do are nothing. Of these some
    are looked at in every frame, the more likely the sooner, and others in the next.
    """

    detector: Detector
    """Looks at small pictures. Has a lower threshold than `conf`."""
    closer: Detector
    """Looks again, in full size."""
    conf: float
    """What `detector` finds with a score above this counts; what it finds with a lower one is in doubt."""
    shrink: float = 1
    """How many times smaller the picture is that `detector` sees."""
    most: int = 4
    """Things that are looked at again in one frame, at most; in a part of one, fewer."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        answers = self.detector.detect(frames)
        return [self._confirmed(frame, found) for frame, found in zip(frames, answers, strict=True)]

    def _confirmed(self, frame: Frame, found: Detections) -> Detections:
        """What is sure of what was `found` in `frame`, and what another look finds where it is not."""
        counts = found.scores > self.conf
        sure, doubtful = found[counts], found[~counts]
        covered = bx.intersection(doubtful.boxes, sure.boxes) / np.maximum(bx.area(doubtful.boxes), 1e-9)[:, None]
        doubtful = doubtful[np.asarray(~(covered > COVERED).any(axis=1))]
        # The smallest of exponential waits with these rates: drawn without putting back, each as likely as its score.
        waits = np.random.default_rng(frame.index).exponential(1 / doubtful.scores)
        answers = [sure]
        for box in doubtful.boxes[np.argsort(waits, kind="stable")[: self._most(frame)]]:
            area = surroundings(frame, box)
            near = within(self.closer, frame, area)
            answers.append(near[~cut_off(near, area, frame.size)])
        return once(Detections.concat(answers))

    def _most(self, frame: Frame) -> int:
        """Things that are looked at again in this frame, at most: of areas of a picture all in all as many as of it."""
        share = frame.size[0] * frame.size[1] / self.shrink**2 / PICTURE
        return min(self.most, math.ceil(self.most * share))


@dataclass(frozen=True)
class Outlined(_Wrapping):
    """A detector whose finds get masks from a segmenter, those that it knows and that have none yet."""

    detector: Detector
    segmenter: Segmenter

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._outlined(frame, found) for frame, found in zip(frames, self.detector.detect(frames), strict=True)]

    def _outlined(self, frame: Frame, found: Detections) -> Detections:
        masks = list(found.masks or (None,) * len(found))
        known = [label in self.segmenter.labels for label in found.labels.tolist()]
        rows = np.array([i for i, mask in enumerate(masks) if known[i] and mask is None], np.intp)
        if not len(rows):
            return found
        answers = self.segmenter.segment(frame, found.boxes[rows])
        if len(answers) != len(rows):
            raise StageError(f"the segmenter gave {len(answers)} masks for {len(rows)} boxes (frame {frame.index})")
        for row, mask in zip(rows.tolist(), answers, strict=True):
            masks[row] = mask
        return replace(found, masks=tuple(masks))


def computing(*detectors: Detector) -> str:
    """What computes the answers of `detectors`, each once; '' where none of them tells."""
    told = (what for detector in detectors for what in str(getattr(detector, "runtime", "")).split(", "))
    return ", ".join(dict.fromkeys(filter(None, told)))


def able(detector: Detector, label: str) -> Detector:
    """As much of `detector` as is needed to find things of one label."""
    if isinstance(detector, Either):
        return Either(tuple(member for member in detector.detectors if label in member.labels))
    return detector


def once(found: Detections) -> Detections:
    """Each thing once: a box goes when most of it lies in a better one of the same label, which is hidden anyway.

    What has a mask is hidden by that alone, so that the mask of one that goes is added to the other's.
    """
    kept = []
    masks = None if found.masks is None else list(found.masks)
    for label in np.unique(found.labels):
        rows = np.flatnonzero(found.labels == label)
        # Largest first: a face cut by a tile's edge goes in favour of the whole one, whatever their scores.
        rows = rows[np.argsort(-bx.area(found.boxes[rows]), kind="stable")]
        boxes = found.boxes[rows]
        inside = bx.intersection(boxes, boxes) / np.maximum(bx.area(boxes), 1e-9)[None]
        alive = np.ones(len(rows), bool)
        for i in range(len(rows)):
            if alive[i]:
                gone = i + 1 + np.flatnonzero(alive[i + 1 :] & (inside[i, i + 1 :] >= 0.7))
                alive[gone] = False
                if masks is not None and len(gone):
                    masks[rows[i]] = _together([masks[row] for row in (rows[i], *rows[gone])])
        kept.append(rows[alive])
    joined = found if masks is None else replace(found, masks=tuple(masks))
    return joined[np.sort(np.concatenate(kept))] if kept else found


def _together(masks: Sequence[Mask | None]) -> Mask | None:
    """What any of `masks` hides; None, which is the whole box, where one of them is that."""
    present = [mask for mask in masks if mask is not None]
    if len(present) < len(masks):
        return None
    corners = np.array([mask.box for mask in present])
    (x0, y0), (x1, y1) = corners[:, :2].min(axis=0).tolist(), corners[:, 2:].max(axis=0).tolist()
    alpha = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for mask in present:
        left, top, right, bottom = mask.box
        part = alpha[top - y0 : bottom - y0, left - x0 : right - x0]
        np.maximum(part, mask.alpha, out=part)
    return Mask(x0, y0, alpha)
