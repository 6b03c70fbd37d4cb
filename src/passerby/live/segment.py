"""A stretch of a live source as a `Source`: pictures of one size and format, without a break, at one rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from passerby.core.frame import Frame, MediaInfo
from passerby.core.lent import Lent
from passerby.live.clock import TICK, Clock
from passerby.live.inbox import Arrived, Intake, Item
from passerby.live.latency import Pace
from passerby.live.sources import Picture
from passerby.live.statistics import Statistics
from passerby.media.reading import Thinning

USUAL_RATE = Fraction(25)
"""Frames per second of sources that do not say."""
PLAUSIBLE = (1, 240)
"""Frames per second between which one believes what a source says."""
LOOK_UP_S = 0.05
"""Seconds after which one looks whether the run is to stop."""
LEAP_S = 0.1
"""Seconds of the source's own clock that may be missing between two pictures that came together."""


class Segment(Lent):
    """A `Source` that ends when the picture changes its kind, the source breaks off, pauses or leaps, or the rate is
    wrong.

    Every end of it is the end of a shot: nothing is followed across it, and the next one begins with a look.
    """

    def __init__(
        self,
        intake: Intake,
        first: Arrived,
        *,
        pace: Pace,
        stale_s: float,
        pause_s: float,
        clock: Clock,
        statistics: Statistics,
        stopped: Callable[[], bool],
    ) -> None:
        """Begin with `first`.

        Args:
            pace: at which rate pictures come and are taken; this segment ends when it changes.
            stale_s: age from which a picture would be too late at the end, and is left out at the beginning.
            pause_s: seconds without a picture after which the segment ends.
            stopped: whether the run is to stop.
        """
        self.next: Item | None = None
        """What came that does not belong to this segment."""
        self._intake = intake
        self._first = first
        self._pace = pace
        self._stale_s = stale_s
        self._pause_s = pause_s
        self._clock = clock
        self._statistics = statistics
        self._stopped = stopped

    @property
    def info(self) -> MediaInfo:
        frame = self._first.picture.frame
        return MediaInfo(
            name="live",
            sha256=None,
            container="live",
            size=frame.size,
            rotation=90 * frame.turn,
            sample_aspect=frame.sample_aspect,
            frames=None,
            rate=self._pace.taken,
            time_base=TICK,
            duration_s=None,
            format=frame.format,
        )

    def __iter__(self) -> Iterator[Frame]:
        pace, told = self._pace, self._statistics
        thinning = Thinning(pace.taken if pace.taken < pace.coming else None, pace.coming)
        item: Arrived | None = self._first
        index = 0
        while item is not None:
            if self._clock.now() - float(item.ticks * TICK) > self._stale_s:
                told.dropped += 1
            elif thinning.keeps(item.ticks * TICK):
                yield replace(item.picture.frame, index=index, pts=item.ticks, time_base=TICK)
                index += 1
            if pace.changes(self._clock.now(), told.came, told.missed):
                return
            item = self._following(item)

    def _following(self, before: Arrived) -> Arrived | None:
        """The picture after `before`, or None if this segment is over."""
        last = self._clock.now()
        while not self._stopped():
            item = self._intake.take(LOOK_UP_S)
            if isinstance(item, Arrived) and alike(before, item):
                return item
            if item is not None:
                self.next = item
                return None
            if self._clock.now() - last >= self._pause_s:
                return None
        return None


def alike(one: Arrived, other: Arrived) -> bool:
    """Whether two pictures can be of one segment."""
    a, b = one.picture.frame, other.picture.frame
    same = (a.size, a.format, a.turn, a.sample_aspect) == (b.size, b.format, b.turn, b.sample_aspect)
    return same and _leap_s(one, other) <= LEAP_S


def _leap_s(one: Arrived, other: Arrived) -> float:
    """Seconds of the source's own clock between two pictures, beyond those of ours.

    A stream begins with many pictures at once. Where some of them were left out, nobody has moved from one place to the
    other in the time that there seems to be between what is left.
    """
    made, before = other.picture.stamp, one.picture.stamp
    return 0.0 if made is None or before is None else float(made - before - (other.ticks - one.ticks) * TICK)


def rate_of(picture: Picture) -> Fraction:
    """Frames per second that come, as far as the source says."""
    said = picture.rate
    return said if said is not None and PLAUSIBLE[0] <= said <= PLAUSIBLE[1] else USUAL_RATE
