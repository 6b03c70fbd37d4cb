"""How long a run takes, and each frame on its way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np


class Stopwatch:
    """Runs from when it is made. Frames come in one thread and leave in another."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._came: dict[int, float] = {}
        self._took: list[float] = []

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @contextmanager
    def coming(self, index: int) -> Iterator[None]:
        """In the block frame `index` is decoded."""
        yield
        self._came[index] = self.seconds

    @contextmanager
    def leaving(self, index: int) -> Iterator[None]:
        """And in this one it is written."""
        yield
        self._took.append(self.seconds - self._came.pop(index))

    def latency_ms(self) -> Mapping[str, float]:
        """How long frames were on their way, from decoded to handed to the encoder: 'p50', 'p95', 'most'; or nothing.

        Most of it is waiting: what follows people looks a second ahead.
        """
        if not self._took:
            return {}
        values = np.quantile(self._took, [0.5, 0.95, 1]) * 1000
        return {name: round(float(value), 1) for name, value in zip(("p50", "p95", "most"), values, strict=True)}
