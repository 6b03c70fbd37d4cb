"""Between the thread that reads a source and the run that works on its pictures: short, so that nothing grows old."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from passerby.core.errors import PasserbyError
from passerby.flow import Over, handed_over
from passerby.live.clock import Clock, Timeline
from passerby.live.sources import Lost, Picture
from passerby.live.statistics import Statistics

DEPTH = 6
"""Pictures that wait, at most."""
JOIN_S = 2.0
"""Seconds that one waits for a source to notice that nobody wants it any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """A picture, and when it was there in ticks of the run's clock."""

    picture: Picture
    ticks: int


Item = Arrived | Lost | Over


class Intake(Protocol):
    """Where a run takes what came."""

    def take(self, wait_s: float) -> Item | None:
        """The oldest of what is there; None when nothing came for `wait_s`."""
        ...


class Inbox:
    """An `Intake` that lets the oldest pictures go when it is full."""

    def __init__(self, statistics: Statistics, depth: int = DEPTH) -> None:
        self._statistics = statistics
        self._depth = depth
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        """Add what came last. Only pictures are ever left out."""
        with self._changed:
            waiting = [old for old in self._items if isinstance(old, Arrived)]
            if isinstance(item, Arrived) and len(waiting) >= self._depth:
                self._items.remove(waiting[0])
                self._statistics.dropped += 1
            self._items.append(item)
            self._changed.notify()

    def take(self, wait_s: float) -> Item | None:
        with self._changed:
            if not self._items:
                self._changed.wait(wait_s)
            return self._items.popleft() if self._items else None


@contextmanager
def reading(
    pictures: Generator[Picture | Lost], inbox: Inbox, clock: Clock, statistics: Statistics, stopped: Callable[[], bool]
) -> Iterator[None]:
    """In the block `pictures` go into `inbox`, by a thread of its own."""
    left = threading.Event()

    def read() -> None:
        handed_over(_arriving(pictures, clock, statistics), inbox.put, lambda: left.is_set() or stopped())

    thread = threading.Thread(target=read, name="passerby live source", daemon=True)
    thread.start()
    try:
        yield
    finally:
        left.set()
        # It may hang in a read that nobody can break off; it holds nothing that must be put in order.
        thread.join(JOIN_S)


def _arriving(
    pictures: Generator[Picture | Lost], clock: Clock, statistics: Statistics
) -> Generator[Arrived | Lost, None, None]:
    """Pictures, and when each was there."""
    timeline = Timeline()
    with closing(pictures):
        for item in pictures:
            if isinstance(item, Picture):
                statistics.came += 1
                yield Arrived(item, timeline.place(clock.now(), item.stamp))
            else:
                yield item


def raise_if_failed(item: Over) -> None:
    """Raise what ended the source, if anything did."""
    if item.error is not None:
        raise item.error if isinstance(item.error, PasserbyError) else RuntimeError("the source broke") from item.error
