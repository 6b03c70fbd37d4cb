"""What a ControlNet is shown of persons: how they stand, seen before they are covered and drawn once they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes, pixels
from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.regions import Region
from passerby.core.stages import Detector
from passerby.paint.diffusion import skeletons
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.cutting import clipped
from passerby.paint.gan.tellers import POINTS, Teller
from passerby.paint.gan.told import BodyPose

Picture = NDArray[np.uint8]
"""RGB (H, W, 3)."""
Keypoints = NDArray[np.float32]
"""(17, 3) COCO's keypoints: x and y in pixels of the frame, and visibility in [0, 1]."""
Stances = Callable[[Frame, Sequence[Region]], Mapping[int, Keypoints]]
"""Tells how the persons of a frame stand, by their tracks, of those of whom it can."""
SAME = 0.3
"""IoU from which what a detector of poses found is the person who is meant."""
KEPT_FRAMES = 256
"""Frames of which is remembered how people stood: far more than any effect looks back."""


def told_by(poses: Teller) -> Stances:
    """How persons stand by what is shown one of them at a time, as `gan.tellers.Poses`."""

    def stances(frame: Frame, persons: Sequence[Region]) -> dict[int, Keypoints]:
        picture = cache(partial(pixels.rgb, frame))
        told = {person.track_id: poses.tell(picture, replace(person, label="person")) for person in persons}
        return {track: pose.points for track, pose in told.items() if isinstance(pose, BodyPose)}

    return stances


def found_by(detector: Detector) -> Stances:
    """How persons stand by a detector whose landmarks are COCO's 17 keypoints, NaN where one is not seen."""

    def stances(frame: Frame, persons: Sequence[Region]) -> dict[int, Keypoints]:
        [found] = detector.detect([frame])
        if not persons or not len(found):
            return {}
        if found.landmarks is None or found.landmarks.shape[1:] != (POINTS, 2):
            came = None if found.landmarks is None else found.landmarks.shape
            raise StageError(
                f"the detector of poses gives landmarks {came}; wanted are COCO's keypoints, (N, {POINTS}, 2)"
            )
        likeness = boxes.iou(np.array([person.box for person in persons], np.float32), found.boxes)
        seen = np.isfinite(found.landmarks).all(axis=2, keepdims=True)
        points = np.concatenate([found.landmarks, seen], axis=2, dtype=np.float32)
        best = likeness.argmax(axis=1).tolist()
        pairs = zip(persons, best, likeness.max(axis=1).tolist(), strict=True)
        return {person.track_id: points[row] for person, row, like in pairs if like >= SAME}

    return stances


class Skeletons:
    """`Controls`, for an openpose ControlNet: of a person it keeps where joints are, and nothing else."""

    def __init__(self, stances: Stances) -> None:
        """`stances` tells keypoints of persons: `told_by`, `found_by`."""
        self._stances = stances
        self._seen: dict[int, dict[int, Keypoints]] = {}

    def see(self, frame: Frame, covered: Frame, persons: Sequence[Region]) -> None:
        """Remember how `persons` stand. Frames come in order; one that does not come later begins anew.

        `covered` is the frame with all painted that is hidden besides; of who stands how, that is not needed.
        """
        found = dict(self._stances(frame, persons))
        self._seen = {i: seen for i, seen in self._seen.items() if frame.index - KEPT_FRAMES < i < frame.index}
        self._seen[frame.index] = found

    def control(self, frame: int, tracks: Sequence[int], box: Box, side: int) -> Picture | None:
        """See `Controls`."""
        seen = self._seen.get(frame, {})
        people = [seen[track] for track in tracks if track in seen]
        return skeletons.drawn(people, box, side) if people else None


class Shapes:
    """`Controls`, for a ControlNet of depth, normals or edges: it is told shapes of persons, see `controlnet.WARNING`.

    They are seen as they are but for what is hidden besides, faces above all: of that no shape is told. What is kept
    for a moment are pictures that `look` made of persons, no larger than these.
    """

    def __init__(self, look: Callable[[Picture], Picture], empty: tuple[int, int, int] = (0, 0, 0)) -> None:
        """Tell shapes by `look`.

        Args:
            look: makes of a picture of one person (h, w, 3) what the ControlNet wants, of the same size.
            empty: what it wants where nobody is, RGB.
        """
        self._look = look
        self._empty = empty
        self._seen: dict[int, dict[int, tuple[Box, Picture]]] = {}

    def see(self, frame: Frame, covered: Frame, persons: Sequence[Region]) -> None:
        """As of `Skeletons`; `covered` alone is looked at.

        Raises:
            StageError: `look` gives a picture of another size.
        """
        whole = pixels.rgb(covered)
        found = {}
        for person in persons:
            x0, y0 = np.floor(person.box[:2]).astype(int).tolist()
            x1, y1 = np.ceil(person.box[2:]).astype(int).tolist()
            left, top, right, bottom = box = clipped((x0, y0, x1, y1), whole.shape[:2])
            if left < right and top < bottom:
                found[person.track_id] = box, self._made(whole[top:bottom, left:right])
        self._seen = {i: seen for i, seen in self._seen.items() if frame.index - KEPT_FRAMES < i < frame.index}
        self._seen[frame.index] = found

    def _made(self, person: Picture) -> Picture:
        made = self._look(person)
        if made.shape != person.shape or made.dtype != np.uint8:
            raise StageError(
                f"a person of {person.shape} became {made.dtype} {made.shape} for the ControlNet; wanted is uint8 of "
                "the same shape"
            )
        return made

    def control(self, frame: int, tracks: Sequence[int], box: Box, side: int) -> Picture | None:
        """See `Controls`."""
        seen = [self._seen.get(frame, {}).get(track) for track in tracks]
        if not any(seen):
            return None
        canvas = np.full((side, side, 3), self._empty, np.uint8)
        scale = side / (box[2] - box[0])
        for one in seen:
            if one is not None:
                (x0, y0, _, _), picture = one
                place = np.array([[scale, 0, (x0 - box[0]) * scale], [0, scale, (y0 - box[1]) * scale]])
                # Half-way between pixels is half-way between their middles, at any scale.
                place[:, 2] += scale / 2 - 0.5
                cv2.warpAffine(picture, place, (side, side), canvas, borderMode=cv2.BORDER_TRANSPARENT)
        return canvas
