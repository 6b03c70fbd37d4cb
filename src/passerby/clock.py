"""How long a run takes, and each frame on its way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import numpy as np

from passerby.core.frame import Frame, MediaInfo
from passerby.core.lent import Lent
from passerby.core.stages import Source


class Clock:
    """Runs from when it is made. Frames come in one thread and leave in another."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._came: dict[int, float] = {}
        self._took: list[float] = []

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def came(self, index: int) -> None:
        """Frame `index` is decoded."""
        self._came[index] = self.seconds

    def left(self, index: int) -> None:
        """And written."""
        self._took.append(self.seconds - self._came.pop(index))

    def latency_ms(self) -> Mapping[str, float]:
        """How long frames were on their way, from decoded to handed to the encoder: 'p50', 'p95', 'most'; or nothing.

        Most of it is waiting: what follows people looks a second ahead.
        """
        if not self._took:
            return {}
        values = np.quantile(self._took, [0.5, 0.95, 1]) * 1000
        return {name: round(float(value), 1) for name, value in zip(("p50", "p95", "most"), values, strict=True)}


class Coming(Lent):
    """A source whose frames are noted by a clock as they come."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self.source = source
        self.clock = clock

    @property
    def info(self) -> MediaInfo:
        return self.source.info

    def __iter__(self) -> Iterator[Frame]:
        for frame in self.source:
            self.clock.came(frame.index)
            yield frame
