"""What was done when, so that one can see what went on at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work on one batch."""

    name: str
    """masks, encode, draw or decode."""
    batch: int
    """Counted from 0."""
    start_s: float
    """Since the timeline began."""
    end_s: float


class Timeline:
    """Spans of work in the order in which they ended; several threads may add to it.

    `began_s` is when it began, on the clock of `time.perf_counter`.
    """

    def __init__(self, device: str = "") -> None:
        """Begin now; `device` is where the work is done, as PyTorch names it."""
        self.device = device
        self.began_s = time.perf_counter()
        self._lock = threading.Lock()
        self._spans: list[Span] = []

    @property
    def spans(self) -> tuple[Span, ...]:
        """All that are over."""
        with self._lock:
            return tuple(self._spans)

    @contextmanager
    def span(self, name: str, batch: int) -> Iterator[None]:
        """What is done in the block, from its beginning to its end."""
        start = time.perf_counter() - self.began_s
        yield
        with self._lock:
            self._spans.append(Span(name, batch, start, time.perf_counter() - self.began_s))


def timelines_of(*stages: object) -> tuple[Timeline, ...]:
    """The `timelines` of those that have any, in order, each once. Most have none, and no contract asks for it."""
    return tuple(dict.fromkeys(one for stage in stages for one in getattr(stage, "timelines", ())))
