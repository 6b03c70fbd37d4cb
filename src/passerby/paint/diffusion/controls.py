"""What a ControlNet is shown of persons: how they stand, seen before they are covered and drawn once they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.regions import Region
from passerby.paint.diffusion import skeletons
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.cutting import clipped
from passerby.paint.gan.tellers import Teller
from passerby.paint.gan.told import BodyPose

Picture = NDArray[np.uint8]
"""RGB (H, W, 3)."""
KEPT_FRAMES = 256
"""Frames of which is remembered how people stood: far more than any effect looks back."""


class Skeletons:
    """`Controls`, for an openpose ControlNet: of a person it keeps where joints are, and nothing else."""

    def __init__(self, poses: Teller) -> None:
        """`poses` tells keypoints of persons, as `gan.tellers.Poses` does."""
        self._poses = poses
        self._seen: dict[int, dict[int, NDArray[np.float32]]] = {}

    def see(self, frame: Frame, persons: Sequence[Region]) -> None:
        """Remember how `persons` stand. Frames come in order; one that does not come later begins anew."""
        picture = cache(partial(pixels.rgb, frame))
        found = {
            person.track_id: told.points
            for person in persons
            if isinstance(told := self._poses.tell(picture, replace(person, label="person")), BodyPose)
        }
        self._seen = {i: seen for i, seen in self._seen.items() if frame.index - KEPT_FRAMES < i < frame.index}
        self._seen[frame.index] = found

    def control(self, frame: int, tracks: Sequence[int], box: Box, side: int) -> Picture | None:
        """See `Controls`."""
        seen = self._seen.get(frame, {})
        people = [seen[track] for track in tracks if track in seen]
        return skeletons.drawn(people, box, side) if people else None


class Shapes:
    """`Controls`, for a ControlNet of depth, normals or edges: it is told shapes of persons, see `controlnet.WARNING`.

    What is kept for a moment are pictures that `look` made of persons, no larger than these.
    """

    def __init__(self, look: Callable[[Picture], Picture]) -> None:
        """`look` makes of a picture of one person (h, w, 3) what the ControlNet wants, of the same size."""
        self._look = look
        self._seen: dict[int, dict[int, tuple[Box, Picture]]] = {}

    def see(self, frame: Frame, persons: Sequence[Region]) -> None:
        """As of `Skeletons`.

        Raises:
            StageError: `look` gives a picture of another size.
        """
        whole = pixels.rgb(frame)
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
        canvas = np.zeros((side, side, 3), np.uint8)
        scale = side / (box[2] - box[0])
        for one in seen:
            if one is not None:
                (x0, y0, _, _), picture = one
                place = np.array([[scale, 0, (x0 - box[0]) * scale], [0, scale, (y0 - box[1]) * scale]])
                # Half-way between pixels is half-way between their middles, at any scale.
                place[:, 2] += scale / 2 - 0.5
                cv2.warpAffine(picture, place, (side, side), canvas, borderMode=cv2.BORDER_TRANSPARENT)
        return canvas
