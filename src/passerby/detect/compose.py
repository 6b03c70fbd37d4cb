"""Detectors made of detectors: each has the shape of what it wraps, so nobody else hears of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import OptionError, StageError
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.core.stages import Detector, Segmenter
from passerby.detect import pictures

GRID = 32
"""Tiles start on multiples of this."""
EDGE = 2
"""Pixels from the edge of a box within which a thing is taken to be cut off by it."""
OVERLAP = 64
"""Pixels that neighbouring tiles share, at least."""
SAME = 0.4
"""Two finds in a picture turned this way and that are of one thing when their IoU is larger."""
AROUND, LEAST = 3, 128
"""Another look at a thing sees so many times its size, in whole steps of so many pixels."""


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
        return [once(Detections.concat(parts)) for parts in zip(*answers, strict=True)]


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
        found = [_moved(answer, box[0], box[1]) for answer, box in zip(answers, boxes, strict=True)]
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
    most: int = 4
    """Things that are looked at again in one frame, at most."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        answers = self.detector.detect(frames)
        return [self._confirmed(frame, found) for frame, found in zip(frames, answers, strict=True)]

    def _confirmed(self, frame: Frame, found: Detections) -> Detections:
        """What is sure of what was `found` in `frame`, and what another look finds where it is not."""
        counts = found.scores > self.conf
        sure, doubtful = found[counts], found[~counts]
        covered = bx.intersection(doubtful.boxes, sure.boxes) / np.maximum(bx.area(doubtful.boxes), 1e-9)[:, None]
        doubtful = doubtful[np.asarray(~(covered > SAME).any(axis=1))]
        # The smallest of exponential waits with these rates: drawn without putting back, each as likely as its score.
        waits = np.random.default_rng(frame.index).exponential(1 / doubtful.scores)
        answers = [sure]
        for box in doubtful.boxes[np.argsort(waits, kind="stable")[: self.most]]:
            area = surroundings(frame, box)
            near = within(self.closer, frame, area)
            answers.append(near[~cut_off(near, area, frame.size)])
        return once(Detections.concat(answers))


@dataclass(frozen=True)
class Rotated:
    """A detector that looks at turned frames as well, for those who lie down or stand on their heads.

    It costs as many looks as there are turns, and one for the frame as it is. What a landmark is called is told by
    the thing, not by the picture: the left eye of a face that lies is the one that was on the left when it stood.
    """

    detector: Detector
    quarters: tuple[int, ...] = (1, 2, 3)
    """Quarter turns clockwise, besides none."""

    def __post_init__(self) -> None:
        if not self.quarters or len({0, *self.quarters}) <= len(self.quarters) or not {*self.quarters} <= {1, 2, 3}:
            raise OptionError(f"quarters are some of 1, 2 and 3, each once, got {self.quarters}; (1, 3) sees who lies")

    @property
    def labels(self) -> frozenset[str]:
        return self.detector.labels

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        answers = [self.detector.detect(frames)]
        for quarters in self.quarters:
            found = self.detector.detect([_turned(frame, quarters) for frame in frames])
            answers.append([_upright(part, quarters, frame) for part, frame in zip(found, frames, strict=True)])
        return [_surest(Detections.concat(parts)) for parts in zip(*answers, strict=True)]


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


def within(detector: Detector, frame: Frame, box: pixels.Box) -> Detections:
    """What `detector` finds in an aligned box of `frame`, in pixels of the frame."""
    [found] = detector.detect([pixels.cut(frame, box)])
    return _moved(found, box[0], box[1])


def surroundings(frame: Frame, box: NDArray[np.float32], shrink: float = 1) -> pixels.Box:
    """An aligned box around a thing's `box` (4,), to look for it in a picture `shrink` times smaller than `frame`.

    Its sides are one of few lengths, in that picture, so that a model plans its memory for few sizes.
    """
    longest = float(max(box[2] - box[0], box[3] - box[1])) / shrink
    side = round(max(-(-AROUND * longest // LEAST) * LEAST, LEAST) * shrink)
    sides = []
    for middle, length in zip(bx.centre(box[None])[0].tolist(), frame.size, strict=True):
        # On an even pixel, where planes of half the size have a sample as well: aligning makes it no larger.
        start = int(min(max(middle - side / 2, 0), max(length - side, 0))) // 2 * 2
        sides.append((start, min(start + side, length)))
    (x0, x1), (y0, y1) = sides
    return pixels.aligned(frame, (x0, y0, x1, y1))


def cut_off(found: Detections, box: pixels.Box, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which things, found in a box of a frame of `size`, reach its edge where the frame goes on: (N,).

    Of these only a part was seen, and their boxes may be wrong.
    """
    low = (found.boxes[:, :2] < np.array(box[:2]) + EDGE) & (np.array(box[:2]) > 0)
    high = (found.boxes[:, 2:] > np.array(box[2:]) - EDGE) & (np.array(box[2:]) < np.array(size))
    return np.asarray((low | high).any(axis=1))


def inside(boxes: Boxes, box: pixels.Box) -> NDArray[np.bool_]:
    """Which of `boxes` (N, 4) lie wholly inside of one, (N,)."""
    return np.asarray((boxes[:, :2] >= box[:2]).all(axis=1) & (boxes[:, 2:] <= box[2:]).all(axis=1))


def parts(frame: Frame, tile: tuple[int, int], overlap: int = OVERLAP) -> Iterator[pixels.Box]:
    """x0 y0 x1 y1 of every tile, row by row; all of one size, so that the model plans its memory once."""
    columns = _spans(frame.size[0], tile[0], overlap)
    rows = _spans(frame.size[1], tile[1], overlap)
    for y0, y1 in rows:
        for x0, x1 in columns:
            yield pixels.aligned(frame, (x0, y0, x1, y1))


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


def _spans(length: int, tile: int, overlap: int) -> list[tuple[int, int]]:
    """The (start, end) of tiles along a side of `length`, evenly spread, all equally long but for the last.

    A network that shrinks its input answers a little differently when things are shifted against its grid: on
    multiples of its largest step, a tile's answers are those of a look at the whole picture.
    """
    if length <= tile:
        return [(0, length)]
    steps = -(-length // GRID)
    shared, most = -(-overlap // GRID), tile // GRID
    count = -(-(steps - shared) // (most - shared))
    size = -(-(steps + (count - 1) * shared) // count)
    starts = [i * (steps - size) // (count - 1) for i in range(count)]
    return [(start * GRID, min((start + size) * GRID, length)) for start in starts]


def _surest(found: Detections) -> Detections:
    """Of every two finds of a label whose IoU is above `SAME`, the one of the better score.

    Not the larger one: turned the wrong way, a thing is seen too, but its box and its landmarks are off.
    """
    kept = []
    for label in np.unique(found.labels):
        rows = np.flatnonzero(found.labels == label)
        kept.append(rows[bx.suppress(found.boxes[rows], found.scores[rows], SAME)])
    return found[np.sort(np.concatenate(kept))] if kept else found


def _turned(frame: Frame, quarters: int) -> Frame:
    """`frame` turned by `quarters` clockwise: views, no copies."""
    shared = frame.format
    (width, height), (across, down) = frame.size, shared.phase
    step_x, step_y = (max(plane[axis] for plane in shared.subsampling) for axis in (0, 1))
    # A side that is turned end to end begins with what its last chroma sample served beyond the frame.
    beyond_x, beyond_y = -(width + across) % step_x, -(height + down) % step_y
    phase = ((across, down), (beyond_y, across), (beyond_x, beyond_y), (down, beyond_x))[quarters]
    swap = quarters % 2 == 1
    steps = tuple((sy, sx) if swap else (sx, sy) for sx, sy in shared.subsampling)
    return replace(
        frame,
        planes=tuple(np.rot90(plane, -quarters) for plane in frame.planes),
        format=replace(shared, subsampling=steps, phase=phase),
        turn=(frame.turn + quarters) % 4,
        sample_aspect=1 / frame.sample_aspect if swap else frame.sample_aspect,
        depth=None if frame.depth is None else np.rot90(frame.depth, -quarters),
    )


def _upright(found: Detections, quarters: int, frame: Frame) -> Detections:
    """What was `found` in `frame` turned by `quarters` clockwise, in pixels of `frame`."""
    corners = _turned_back(found.boxes.reshape(-1, 2, 2), quarters, frame.size)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    landmarks = None if found.landmarks is None else _turned_back(found.landmarks, quarters, frame.size)
    return Detections(boxes, found.scores, found.labels, landmarks)


def _turned_back(points: NDArray[np.float32], quarters: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """`points` (…, 2) of a picture turned by `quarters` clockwise, in the picture of `size` as it was."""
    x, y = points[..., 0], points[..., 1]
    width, height = np.array(size, np.float32)
    back = ((x, y), (y, height - x), (width - x, height - y), (width - y, x))[quarters]
    return np.stack(back, axis=-1)


def _moved(found: Detections, x: int, y: int) -> Detections:
    """`found` with the origin moved to (-x, -y)."""
    corner = np.array([x, y], np.float32)
    landmarks = None if found.landmarks is None else found.landmarks + corner
    masks = None
    if found.masks is not None:
        masks = tuple(None if mask is None else replace(mask, x=mask.x + x, y=mask.y + y) for mask in found.masks)
    return replace(found, boxes=found.boxes + np.tile(corner, 2), landmarks=landmarks, masks=masks)
