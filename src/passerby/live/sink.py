"""The end of a live run: what is too old is covered or dropped, all else is fitted and handed to the outlets."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from types import TracebackType
from typing import Literal, Self

from av.video.frame import VideoFrame

from passerby.core.frame import Frame
from passerby.live.clock import TICK, Clock
from passerby.live.fitting import Fitting
from passerby.live.sinks import Outlet
from passerby.live.statistics import Statistics

Late = Literal["cover", "drop"]


class LiveSink:
    """A `Sink` for the frames of all segments of a run. What goes out has one size from the first picture on."""

    def __init__(
        self,
        outlets: Sequence[Outlet],
        *,
        latency_s: float,
        late: Late,
        clock: Clock,
        statistics: Statistics,
    ) -> None:
        """Begin.

        Args:
            latency_s: age from which a frame is late.
            late: whether a late frame is covered whole or dropped.
        """
        self._outlets = outlets
        self._latency_s = latency_s
        self._late = late
        self._clock = clock
        self._statistics = statistics
        self._fitting: Fitting | None = None
        self._last = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        failure = error
        # Also where no picture ever came: a page, for one, is served before that.
        for outlet in reversed(self._outlets):
            try:
                outlet.close(failure)
            except BaseException as another:  # noqa: BLE001  the others must be closed before it goes on
                failure = failure or another
        if failure is not error and failure is not None:
            raise failure

    @property
    def is_open(self) -> bool:
        return self._fitting is not None

    def open(self, size: tuple[int, int], rate: Fraction) -> None:
        """Settle the size of all that follows; called once."""
        self._fitting = Fitting(size)
        for outlet in self._outlets:
            outlet.open(size, rate)

    def write(self, frame: Frame) -> None:
        """Send a frame in which what was found is hidden; covered, or not at all, if it is too old by now."""
        assert self._fitting is not None
        age = self._clock.now() - float(frame.time)
        late = age > self._latency_s
        self._statistics.late += late
        if not late:
            self._statistics.shown += 1
            self._statistics.latencies_s.append(age)
            self._send(self._fitting.picture(frame), frame.pts)
        elif self._late == "cover":
            self._send(self._fitting.covered("too late"), frame.pts)

    def wait(self, text: str) -> None:
        """Send a placeholder that says what one waits for, if anything was sent before."""
        if self._fitting is not None:
            self._statistics.waited += 1
            self._send(self._fitting.covered(text), int(self._clock.now() / TICK))

    def _send(self, picture: VideoFrame, ticks: int) -> None:
        # After a placeholder, what comes with a delay would lie before it.
        ticks = max(ticks, self._last + 1)
        self._last = ticks
        for outlet in self._outlets:
            outlet.write(picture, ticks)
