"""Each kind of model at several scales of a frame, and turned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.detect import classes as cl
from passerby.detect import heads
from passerby.detect.compose import Either, Tiled
from passerby.detect.detr import Detr
from passerby.detect.nanodet import NanoDet
from passerby.detect.rotated import Rotated
from passerby.detect.text import Text
from passerby.detect.yolox import Yolox

SMALL, MIDDLE, LARGEST = 640, 1280, 1920
"""Longest sides in pixels of the pictures that are looked at for faces."""
MULTIPLE = 32
SURER = 0.8
"""Least score in pictures that are turned or enlarged: hands and sleeves look like faces there."""
STREET = 2 / 3
"""Of the least score of faces, what is asked of persons and vehicles: who looks for them is never so sure."""
PART = (704, 704)
"""(width, height) of the parts in which large frames are looked at in full size for persons and vehicles."""
TEXT_SIDES = (640, 1600)
"""Longest sides at which text is looked for: hiding looks at 960."""

Looks = Callable[[Path, Collection[str], tuple[int, int], float], Detector]
"""From a model's file, the labels that it looks for, the size (width, height) of frames, and the least score."""


class FaceModel(Protocol):
    """YuNet, SCRFD and their like."""

    def __call__(
        self, model: Path, *, conf: float, size: tuple[int, int] | None = None, shrink: float = 1
    ) -> Detector: ...


def faces(make: FaceModel) -> Looks:
    """At three sizes, small frames enlarged, and every way up at the smallest."""

    def looks(path: Path, labels: Collection[str], size: tuple[int, int], conf: float) -> Detector:
        longest, surer = max(size), max(conf, SURER)
        small = max(longest / SMALL, 1)
        found_by: list[Detector] = [make(path, conf=conf, shrink=small), Rotated(make(path, conf=surer, shrink=small))]
        found_by += [make(path, conf=conf, shrink=longest / side) for side in (MIDDLE, LARGEST) if longest > side]
        if SMALL < longest <= LARGEST:
            found_by.append(make(path, conf=conf))
        if longest <= SMALL:
            # No model sees faces of a few pixels.
            wide, high = (-(-2 * side // MULTIPLE) * MULTIPLE for side in size)
            found_by.append(make(path, conf=surer, size=(wide, high)))
        return Either(tuple(found_by))

    return looks


def street(make: type[NanoDet] | type[Detr] | type[Yolox]) -> Looks:
    """The whole frame, also turned, and parts of larger ones in full size."""

    def looks(path: Path, labels: Collection[str], size: tuple[int, int], conf: float) -> Detector:
        known = {"person": cl.PERSONS, "vehicle": cl.VEHICLES}
        classes = {name: label for wanted in labels for name, label in known[wanted].items()}
        one = make(path, conf=conf * STREET, classes=classes)
        found_by: list[Detector] = [one, Rotated(make(path, conf=max(conf, SURER) * STREET, classes=classes))]
        if size[0] > PART[0] or size[1] > PART[1]:
            found_by.append(Tiled(one, PART))
        return Either(tuple(found_by))

    return looks


@dataclass(frozen=True)
class UpperParts:
    """Heads, as the upper parts of persons: from any side, face or none. A `Detector`."""

    persons: Detector
    labels = frozenset({heads.LABEL})

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """The upper part of every person in each frame, within it."""
        return [
            Detections(
                bx.clip(heads.upper_parts(found.boxes), frame.size), found.scores, np.full(len(found), heads.LABEL)
            )
            for frame, found in zip(frames, self.persons.detect(frames), strict=True)
        ]


def upper_parts(looks: Looks) -> Looks:
    """Heads, by who looks for persons."""
    return lambda path, labels, size, conf: UpperParts(looks(path, ["person"], size, conf))


def text(path: Path, labels: Collection[str], size: tuple[int, int], conf: float) -> Detector:
    """At a smaller and a larger size than those that hide."""
    return Either(tuple(Text(path, conf=conf, longest=side, labels=sorted(labels)) for side in TEXT_SIDES))
