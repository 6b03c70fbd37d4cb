"""Who wears clothes: persons, under another name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.detect.compose import computing

LABEL = "clothes"


@dataclass(frozen=True)
class Wearers:
    """The persons whose clothes change, apart from those who are hidden as persons. A `Detector`."""

    persons: Detector
    labels = frozenset({LABEL})

    @property
    def runtime(self) -> str:
        """What computes."""
        return computing(self.persons)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Everybody in each frame."""
        return [replace(found, labels=np.full(len(found.boxes), LABEL)) for found in self.persons.detect(frames)]
