"""How far the pipeline may look ahead so that what comes out is no older than wanted, and how many frames it can do."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from passerby.core.errors import OptionError
from passerby.looking import Looking

SLACK = Fraction(2, 5)
"""Share of the latency that is left for computing; the rest is waiting for frames to come."""
LEAD = 4
"""Frames for which one waits to tell a cut from a flash, and the end of a shot from its middle."""
IN_FLIGHT = 2
"""Looks that may be on their way while frames wait for them."""

FULL_S = 3.0
"""Seconds after which one judges whether frames are taken as quickly as they come."""
GRACE_S = 2.0
"""Seconds at the beginning that say nothing: models warm up."""
EASE = 0.8
"""Share of the rate that the machine was seen to do, at which nothing has to queue."""
LOST = 0.1
"""Share of frames left out or late from which the rate is too high."""
ODD = Fraction(5, 4)
"""How far the rate at which frames come may be from what the source says."""
STRANGE = 3
"""Times in a row after which one believes it."""
AGAIN_S, LONGEST_AGAIN_S = 15.0, 240.0
"""Seconds without any loss after which a higher rate is tried; twice as many whenever that was too high."""
RAISE = Fraction(3, 2)


def fitted(looking: Looking, rate: Fraction, latency_s: float) -> Looking:
    """`looking`, with as long a hold as frames at `rate` allow if none may be older than `latency_s` when it leaves.

    Raises:
        OptionError: so little time does not allow any.
    """
    turns = looking.period // looking.every
    frames = int(rate * Fraction(latency_s).limit_denominator(1000) * (1 - SLACK)) - LEAD
    if frames < IN_FLIGHT + turns:
        least = round(1000 * (LEAD + IN_FLIGHT + turns + 1) / (rate * (1 - SLACK)))
        raise OptionError(
            f"a latency of {1000 * latency_s:.0f} ms is too short at {float(rate):.3g} frames a second; "
            f"give --latency {least} or more"
        )
    every = max(min(looking.every, frames // (IN_FLIGHT + 2 * turns)), 1)
    return replace(looking, every=every, hold=min(frames - IN_FLIGHT * every, looking.hold))


def slowest(looking: Looking, latency_s: float) -> Fraction:
    """The least rate at which `fitted` still has an answer, about."""
    turns = looking.period // looking.every
    return Fraction((LEAD + IN_FLIGHT + turns + 1) / (latency_s * float(1 - SLACK))).limit_denominator(100)


class Pace:
    """At which rate pictures come, and at which they are taken: fewer when the machine cannot do them all, and more
    again after a while without any loss.
    """

    def __init__(self, most: Fraction | None = None) -> None:
        """`most`: frames per second that are wanted; None wants all."""
        self._most = most
        self._said = Fraction(1)
        self._measured: Fraction | None = None
        self._limit: Fraction | None = None
        self._least = Fraction(1)
        self._patience_s = AGAIN_S
        self._raised = False
        self._since = self._calm_since = 0.0
        self._came = self._lost = self._odd = 0

    @property
    def coming(self) -> Fraction:
        """Frames per second that come: what the source says, unless it was seen to be wrong."""
        return self._measured or self._said

    @property
    def taken(self) -> Fraction:
        """Frames per second that are taken, at most."""
        return min(rate for rate in (self.coming, self._limit, self._most) if rate is not None)

    def hear(self, said: Fraction) -> None:
        """What the source says of its rate; another source, or another word of it, has to be measured anew."""
        if said != self._said:
            self._said, self._measured = said, None

    def begin(self, now: float, came: int, lost: int, least: Fraction) -> None:
        """A run begins at which no less than `least` frames a second are to be taken; see `changes`."""
        self._least = least
        self._odd = 0
        self._mark(now + GRACE_S, came, lost)

    def changes(self, now: float, came: int, lost: int) -> bool:
        """Whether another run has to begin, as frames come, or should be taken, at another rate.

        Args:
            now: seconds on the run's clock.
            came, lost: how many frames came so far, and how many of them were left out, or late, for being too many.
        """
        if now < self._since:
            self._came, self._lost = came, lost
        if now < self._since + FULL_S or came == self._came:
            return False
        coming = Fraction(came - self._came) / Fraction(now - self._since)
        share = (lost - self._lost) / (came - self._came)
        self._mark(now, came, lost)
        return self._remeasured(coming.limit_denominator(100)) or self._relimited(now, share)

    def _remeasured(self, coming: Fraction) -> bool:
        """Whether the source gives frames at quite another rate than it says, for long: some send in bursts."""
        step = (coming > self.coming * ODD) - (coming * ODD < self.coming)
        self._odd = self._odd + step if step and self._odd * step >= 0 else 0
        if abs(self._odd) < STRANGE:
            return False
        self._measured = coming
        return True

    def _relimited(self, now: float, share: float) -> bool:
        """Whether the limit has to change, as this `share` of the frames was lost."""
        before = self.taken
        if share > LOST:
            self._patience_s = min(2 * self._patience_s, LONGEST_AGAIN_S) if self._raised else AGAIN_S
            self._raised = False
            self._calm_since = now
            wanted = before * Fraction(EASE * (1 - share)).limit_denominator(1000)
            self._limit = max(wanted, self._least)
        elif share > 0:
            self._calm_since = now
        elif self._limit is not None and now - self._calm_since > self._patience_s:
            self._limit = before * RAISE
            self._raised = True
            self._calm_since = now
        if self._limit is not None and self._limit >= self.coming:
            self._limit = None
        return self.taken != before

    def _mark(self, since: float, came: int, lost: int) -> None:
        self._since, self._came, self._lost = since, came, lost
