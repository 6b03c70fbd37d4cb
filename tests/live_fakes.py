"""Stand-ins for a live run: a clock that nobody waits for, an intake that follows a script, an outlet that keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from drawn_frames import Film, found

from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.flow import Over
from passerby.live.clock import TICK
from passerby.live.inbox import Arrived, Item
from passerby.live.sources import Picture
from passerby.live.statistics import Statistics
from passerby.looking import Looking
from passerby.media.pictures import planes_of
from passerby.quality import Finders

RATE = Fraction(25)
SCENE = (60, 180)
"""The shades of what is behind the square."""


@dataclass
class FakeClock:
    """Stands still but for those who sleep."""

    time: float = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Scripted:
    """An intake of (seconds, item) in order: the clock goes on to when an item comes, if one waits long enough."""

    script: Iterable[tuple[float, Item]]
    clock: FakeClock
    statistics: Statistics
    _rest: Iterator[tuple[float, Item]] = field(init=False)
    _next: tuple[float, Item] | None = None

    def __post_init__(self) -> None:
        self._rest = iter(self.script)
        self._next = next(self._rest, None)

    def take(self, wait_s: float) -> Item | None:
        if self._next is None:
            return Over()
        at, item = self._next
        if at > self.clock.time + wait_s:
            self.clock.time += wait_s
            return None
        self.clock.time = max(self.clock.time, at)
        self.statistics.came += isinstance(item, Arrived)
        self._next = next(self._rest, None)
        return item


@dataclass
class Keeping:
    """An outlet that keeps the light of what it is given."""

    pictures: list[np.ndarray] = field(default_factory=list)
    ticks: list[int] = field(default_factory=list)
    opened: list[tuple[tuple[int, int], Fraction]] = field(default_factory=list)
    closed: list[BaseException | None] = field(default_factory=list)

    def open(self, size, rate):
        self.opened.append((size, rate))

    def write(self, picture, ticks):
        self.pictures.append(planes_of(picture)[0].copy())
        self.ticks.append(ticks)

    def close(self, error):
        self.closed.append(error)


def arrived(frame: Frame, at_s: float, rate: Fraction | None = RATE) -> Arrived:
    """`frame` as it comes from a source at `at_s`."""
    return Arrived(Picture(frame, Fraction(at_s), rate), round(at_s / TICK))


def stream(film: Film, start_s: float = 0.0, rate: Fraction = RATE) -> list[tuple[float, Item]]:
    """A script of the frames of `film`, evenly."""
    times = [start_s + float(frame.index / rate) for frame in film]
    return [(at, arrived(frame, at, rate)) for at, frame in zip(times, film, strict=True)]


@dataclass
class Square:
    """A detector that sees the patterned square of a `Film`: nothing else has its shades."""

    labels: frozenset[str] = frozenset({"face"})

    def detect(self, frames):
        return [self._one(np.isin(frame.planes[0], SCENE, invert=True)) for frame in frames]

    def _one(self, own):
        ys, xs = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        return found(np.array([xs[0], ys[0], xs[-1] + 1, ys[-1] + 1])) if len(ys) else Detections.none()


def finders(info, options):
    """In place of models: what sees the square."""
    return Finders(Square(), None, Looking(every=4, hold=30))
