"""What a live run does, counted as it goes, in little memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

RECENT = 512
"""Frames of which the latency is remembered."""


@dataclass(slots=True)
class Statistics:
    """Counts since the run began. Threads add to different ones of them."""

    came: int = 0
    """Pictures that were decoded."""
    spoilt: int = 0
    """Packets and pictures that were damaged, and so left out."""
    dropped: int = 0
    """Pictures left out before anybody looked at them, as there were too many."""
    late: int = 0
    """Frames that were covered whole or dropped at the end, as they were too old."""
    shown: int = 0
    """Frames that went out with what was found in them hidden."""
    waited: int = 0
    """Placeholders that went out."""
    hidden: int = 0
    """Regions hidden, over all frames."""
    lost: int = 0
    """Times that the source went away."""
    unsent: int = 0
    """Frames that could not be sent, as the receiver was away."""
    runs: int = 0
    """Stretches that were worked on as one shot or more: a new one begins after every break and change."""
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    """From a picture being there to its going out, of the last frames."""

    @property
    def missed(self) -> int:
        """Frames that the machine was too slow for."""
        return self.dropped + self.late

    def latency_ms(self, share: float) -> float:
        """The latency within which `share` of the last frames went out; not a number before the first."""
        recent = list(self.latencies_s)
        return 1000 * float(np.quantile(recent, share)) if recent else float("nan")


class Reporter:
    """Makes a line of statistics now and then."""

    def __init__(self, statistics: Statistics, every_s: float = 5.0) -> None:
        self._statistics = statistics
        self._every_s = every_s
        self._last_s = 0.0
        self._shown = 0

    def line(self, now: float) -> str | None:
        """The line, when it is time for one."""
        if now - self._last_s < self._every_s:
            return None
        told, rate = self._statistics, (self._statistics.shown - self._shown) / (now - self._last_s)
        self._last_s, self._shown = now, told.shown
        return f"{rate:.1f} fps, {summary(told)}"


def summary(told: Statistics) -> str:
    """What was done so far, in a line."""
    parts = [f"{told.shown} frames", f"{told.dropped} dropped", f"{told.late} late", f"{told.hidden} hidden"]
    if told.latencies_s:
        parts.insert(0, f"latency {told.latency_ms(0.5):.0f}/{told.latency_ms(0.95):.0f} ms (p50/p95)")
    for count, name in ((told.spoilt, "damaged"), (told.lost, "reconnects"), (told.unsent, "not sent")):
        if count:
            parts.append(f"{count} {name}")
    return ", ".join(parts)
