"""From the numbers of a curve to places on a drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 5
"""About as many parts an axis is marked in."""
COLUMNS = 600
"""Parts across a drawing of which a line shows the first, last, lowest and highest point: more cannot be seen."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis reaches from and to."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Iterable[NDArray[np.float64]], *, margin: float = 0.0) -> Axis:
        """One that holds all `values`, and a `margin`, a share of their range, on either side.

        Of shares it is from 0 to 1 always, so that a small difference does not look large.
        """
        known = [each[np.isfinite(each)] for each in values]
        numbers = np.concatenate([np.zeros(0), *known])
        if not len(numbers) or (numbers.min() >= 0 and numbers.max() <= 1):
            return cls(0.0, 1.0)
        low, high = float(numbers.min()), float(numbers.max())
        room = margin * (high - low) or (0.5 if low == high else 0.0)
        return cls(low - room, high + room)

    def share(self, value: float) -> float:
        """How far along the axis `value` lies, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round numbers on the axis, 1, 2 or 5 times a power of ten apart."""
        rough = (self.high - self.low) / STEPS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def pieces(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """A line as its unbroken pieces, each thinned to what can be seen."""
    known = np.isfinite(x) & np.isfinite(y)
    edges = np.flatnonzero(np.diff(known, prepend=False, append=False))
    return [
        _thinned(x[start:end], y[start:end])
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of a long line that only goes to the right, the points that make its outline in `COLUMNS` columns."""
    if len(x) <= 4 * COLUMNS or (np.diff(x) < 0).any():
        return x, y
    column = ((x - x[0]) / (x[-1] - x[0]) * COLUMNS).astype(np.int64) if x[-1] > x[0] else np.zeros(len(x), np.int64)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    lowest, highest = np.lexsort((y, column))[starts], np.lexsort((-y, column))[starts]
    rows = np.unique(np.concatenate([starts, np.append(starts[1:], len(x)) - 1, lowest, highest]))
    return x[rows], y[rows]
