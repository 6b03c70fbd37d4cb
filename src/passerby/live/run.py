"""A live run: segment after segment through the pipeline, placeholders in between, until it is stopped.

source ─ thread ─▶ inbox ─▶ segment ─▶ pipeline ─▶ late? ─▶ fitted ─▶ outlets
         (opened    (drops     (ends at a break,      (covered or
         again)      the old)    change or stall)       dropped)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from passerby.core.errors import OptionError
from passerby.core.frame import Frame, MediaInfo
from passerby.core.lent import Lent
from passerby.flow import Over
from passerby.live.clock import Clock
from passerby.live.fitting import even_size
from passerby.live.inbox import Arrived, Inbox, Intake, Item, raise_if_failed, reading
from passerby.live.latency import SLACK, Pace, fitted, slowest
from passerby.live.segment import Segment, rate_of
from passerby.live.sink import Late, LiveSink
from passerby.live.sources import Feed, Lost, reconnected
from passerby.live.statistics import Reporter, Statistics
from passerby.methods.hiding import effect, rules, shapes
from passerby.methods.marking import labelled
from passerby.pipeline import Totals, run
from passerby.quality import Finders, Look, finders
from passerby.settings import Options

PLACEHOLDER_S = 0.2
"""Seconds from one placeholder to the next."""
PAUSE = 2.5
"""Frames that may fail to come before one stops waiting for them."""


@dataclass(frozen=True, kw_only=True)
class Living:
    """What a live run has to keep to."""

    latency_s: float = 2.0
    """From a picture being there to its going out, at most: the larger, the further back is a find followed."""
    late: Late = "cover"
    """What becomes of a frame that is older: covered whole, or dropped."""
    stall_s: float = 2.0
    """Seconds without a picture after which a placeholder is shown."""
    fps: Fraction | None = None
    """Frames per second, at most."""
    max_res: int | None = None
    """Pixels of the longest side of what goes out, at most."""

    def __post_init__(self) -> None:
        if not 0 < self.latency_s <= 60:
            raise OptionError(f"--latency is from 1 to 60000 ms, got {1000 * self.latency_s:g}")
        if self.late not in ("cover", "drop"):
            raise OptionError(f"--late {self.late!r} is not known; choose from cover, drop")
        if not 0 < self.stall_s <= 3600:
            raise OptionError(f"--stall is a number of seconds up to 3600, got {self.stall_s:g}")
        if self.fps is not None and self.fps <= 0:
            raise OptionError(f"--fps is a number of frames per second above 0, got {float(self.fps):g}")
        if self.max_res is not None and self.max_res < 16:
            raise OptionError(f"--max-res is a number of pixels from 16 up, got {self.max_res}")


@dataclass(frozen=True)
class Surroundings:
    """What a live run lives in."""

    clock: Clock
    statistics: Statistics
    stopped: Callable[[], bool]
    say: Callable[[str], None]
    """Takes a line for people."""


def live(
    feed: Feed, sink: LiveSink, options: Options, living: Living, around: Surroundings, look: Look = finders
) -> None:
    """Hide people in what comes from `feed` and send it to `sink`, until `feed` is over or the run is stopped.

    Raises:
        PasserbyError: see `core.errors`; of a source that can be opened again, only what cannot be mended.
    """
    inbox = Inbox(around.statistics)
    pictures = reconnected(feed, around.clock, around.statistics, around.stopped)
    with sink, reading(pictures, inbox, around.clock, around.statistics, around.stopped):
        Run(inbox, sink, options, living, around, look).go()


class Run:
    """Takes what comes, whatever it is."""

    def __init__(
        self, intake: Intake, sink: LiveSink, options: Options, living: Living, around: Surroundings, look: Look
    ) -> None:
        self._intake = intake
        self._sink = sink
        self._options = options
        self._living = living
        self._around = around
        self._look = look
        self._pace = Pace(living.fps)
        self._finders: tuple[MediaInfo, Finders] | None = None
        # Who sees the output must not be able to tell what is random in it.
        self._seed = secrets.randbelow(2**63) if options.seed is None else options.seed
        self._reporter = Reporter(around.statistics)

    def go(self) -> None:
        """Go on until it is over."""
        waiting: Item | None = None
        clock = self._around.clock
        since = clock.now()
        while not self._around.stopped():
            item = waiting or self._intake.take(PLACEHOLDER_S)
            waiting = None
            if isinstance(item, Over):
                raise_if_failed(item)
                return
            if isinstance(item, Arrived):
                waiting = self._segment(item)
                since = clock.now()
                continue
            if isinstance(item, Lost):
                self._around.say(f"the source is away ({item.reason}); trying again")
            if clock.now() - since >= self._living.stall_s:
                self._sink.wait("no signal")
            self.report()

    def _segment(self, first: Arrived) -> Item | None:
        """Work on what comes from `first` on, as long as it is of one kind; what came after that, if anything."""
        told, living, around = self._around.statistics, self._living, self._around
        self._pace.hear(rate_of(first.picture))
        segment = Segment(
            self._intake,
            first,
            pace=self._pace,
            stale_s=living.latency_s * float(SLACK),
            # What is held back must still be in time when the segment is over.
            pause_s=max(living.latency_s * float(SLACK) / 2, PAUSE / float(self._pace.taken)),
            clock=around.clock,
            statistics=told,
            stopped=around.stopped,
        )
        found_by = self._found_by(segment.info)
        if not self._sink.is_open:
            self._sink.open(even_size(first.picture.frame, living.max_res), self._pace.taken)
        told.runs += 1
        self._pace.begin(around.clock.now(), told.came, told.missed, slowest(found_by.looking, living.latency_s))
        totals = Totals()
        counting = _Counting(self._sink, totals, told, self.report)
        run(
            segment,
            labelled(counting, self._options),
            detector=found_by.detector,
            closer=found_by.closer,
            looking=fitted(found_by.looking, self._pace.taken, living.latency_s),
            effect=effect(self._options),
            shapes=shapes(self._options),
            seed=self._seed,
            decisions=rules(self._options),
            totals=totals,
        )
        counting.take_over()
        return segment.next

    def _found_by(self, info: MediaInfo) -> Finders:
        """Who finds people in pictures of this kind; models are opened again only for another one."""
        if self._finders is None or self._finders[0] != info:
            self._finders = info, self._look(info, self._options)
        return self._finders[1]

    def report(self) -> None:
        """Say how it goes, when it is time for it."""
        line = self._reporter.line(self._around.clock.now())
        if line is not None:
            self._around.say(line)


class _Counting(Lent):
    """The sink of one segment, which keeps what is counted from growing; entering and leaving is the caller's part."""

    def __init__(self, sink: LiveSink, totals: Totals, statistics: Statistics, after: Callable[[], None]) -> None:
        self._sink = sink
        self._totals = totals
        self._statistics = statistics
        self._after = after

    def write(self, frame: Frame) -> None:
        self.take_over()
        self._sink.write(frame)
        self._after()

    def take_over(self) -> None:
        """Add up what was counted up to the frame before."""
        totals = self._totals
        self._statistics.hidden += totals.hidden
        totals.hidden = 0
        for grown in (totals.times, totals.cuts, totals.tracks):
            grown.clear()
