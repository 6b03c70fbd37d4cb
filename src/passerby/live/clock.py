"""Time in a live run: one clock for all, and when a picture was there on it."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Protocol

TICK = Fraction(1, 1000)
"""Seconds per unit of time of live frames: no stream that passerby sends counts more coarsely."""
JUMP_S = 1.0
"""Change of the way from the source to here from which its clock is taken for another one."""
WINDOW_S = 3.0
"""Seconds over which the quickest way is looked for: two clocks never go quite alike."""


class Clock(Protocol):
    """Seconds since the run began."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The machine's own clock, which nobody sets."""

    def __init__(self) -> None:
        self._zero = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._zero

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Timeline:
    """Puts pictures on the clock by the stamps of their source, which waver less than their arrival.

    A picture is never put later than it came. The quickest way that any picture took lately is taken for that of all;
    one that took longer counts as late by the difference.
    """

    def __init__(self) -> None:
        self._way: float | None = None
        self._window = self._since = 0.0
        self._last = -1

    def place(self, arrived_s: float, stamp: Fraction | None) -> int:
        """When a picture was there, in whole `TICK`s, after that of the picture before it.

        Args:
            arrived_s: when it came, on the run's clock.
            stamp: when it was made, in seconds of any other clock; None where the source does not say.
        """
        made_s = arrived_s if stamp is None else float(stamp) + self._quickest(arrived_s, arrived_s - float(stamp))
        self._last = max(int(made_s / TICK), self._last + 1)
        return self._last

    def _quickest(self, now: float, way: float) -> float:
        """The quickest way of late, of which the last one took `way` seconds."""
        if self._way is None or abs(way - self._way) > JUMP_S:
            self._way, self._window, self._since = way, way, now
        self._window = min(self._window, way)
        if now - self._since > WINDOW_S:
            self._way, self._window, self._since = self._window, way, now
        self._way = min(self._way, way)
        return self._way
