"""Heads, seen from any side: where there is a face, and where a person's head has to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from passerby.core import boxes as bx
from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.detect import pictures
from passerby.detect.compose import computing

LABEL = "head"
AROUND, CROWN = 0.3, 0.1
"""Shares of a face's box: what is added on each side, and on top of that for the hair."""
UPPER = 1 / 3
"""Share of a person's height that holds the head of whoever stands or sits. A box that is no higher than three times
its width, of a person who is bent or cut off by the frame's edge, counts as far down as it is wide."""
WITHIN = 0.5
"""Share of a head in the upper part of a person from which it is taken to be that person's."""


@dataclass(frozen=True)
class Heads:
    """The heads of faces and of persons. A `Detector`.

    No model here tells where a head is that shows no face, so all the upper part of a person counts, which is more
    than the head: in doubt it is covered. Of who lies, whose box is wider than high, all of the box does.
    """

    faces: Detector
    persons: Detector
    labels = frozenset({LABEL})

    @property
    def runtime(self) -> str:
        """What computes."""
        return computing(self.faces, self.persons)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """The heads in each frame."""
        with pictures.shared():
            answers = zip(frames, self.faces.detect(frames), self.persons.detect(frames), strict=True)
        return [_joined(frame, faces, persons) for frame, faces, persons in answers]


def _joined(frame: Frame, faces: Detections, persons: Detections) -> Detections:
    heads = bx.clip(_around(faces.boxes), frame.size)
    uppers = bx.clip(upper_parts(persons.boxes), frame.size)
    shares = bx.intersection(heads, uppers) / np.maximum(bx.area(heads), 1e-9)[:, None]
    alone = np.ones(len(heads), bool)
    for i in range(len(heads)):
        if len(uppers) and shares[i].max() >= WITHIN:
            whose = int(shares[i].argmax())
            uppers[whose : whose + 1] = bx.union(uppers[whose : whose + 1], heads[i : i + 1])
            alone[i] = False
    boxes = np.concatenate([heads[alone], uppers])
    scores = np.concatenate([faces.scores[alone], persons.scores])
    return Detections(boxes, scores, np.full(len(boxes), LABEL))


def _around(faces: Boxes) -> Boxes:
    """The whole heads of `faces` (N, 4)."""
    sides = faces[:, 2:] - faces[:, :2]
    more = np.array([AROUND, AROUND + CROWN, AROUND, AROUND], np.float32)
    return np.asarray(faces + np.array([-1, -1, 1, 1], np.float32) * more * np.tile(sides, 2), np.float32)


def upper_parts(persons: Boxes) -> Boxes:
    """Of `persons` (N, 4), the parts that hold the head of whoever stands or sits."""
    width, height = (persons[:, 2:] - persons[:, :2]).T
    down = np.minimum(np.maximum(height * UPPER, width), height)
    return np.column_stack([persons[:, :3], persons[:, 1] + down]).astype(np.float32)
