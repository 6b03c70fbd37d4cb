"""How a file is read: which stretch of it, how often, and what to do with damage."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from av.container import InputContainer

from passerby.core.errors import OptionError
from passerby.media.container import Limits, origin


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is read."""

    start_s: Fraction | None = None
    """Frames from this time on; what is read then begins at 0."""
    end_s: Fraction | None = None
    """Frames before this time, counted like `start_s` from the beginning of the file."""
    fps: Fraction | None = None
    """At most so many frames per second: others are left out. Never more than there are."""
    salvage: bool = False
    """Read what decodes of a damaged file, instead of stopping."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        start = Fraction(0) if self.start_s is None else self.start_s
        if start < 0:
            raise OptionError(f"start must be at least 0 s, got {float(start):g}")
        if self.end_s is not None and self.end_s <= start:
            raise OptionError(f"end must be after start ({float(start):g} s), got {float(self.end_s):g} s")
        if self.fps is not None and self.fps <= 0:
            raise OptionError(f"fps must be above 0, got {float(self.fps):g}")


@dataclass(frozen=True)
class Gap:
    """A stretch of a damaged file that did not decode."""

    first_frame: int
    """Index that the first missing frame would have had."""
    from_s: float
    to_s: float | None
    """Time of the next frame that did decode, or None at the end of the file."""
    reason: str


@dataclass(frozen=True)
class Window:
    """The stretch that is read, in seconds on the file's own clock."""

    origin: Fraction
    """Where the file begins for a viewer."""
    start: Fraction | None
    end: Fraction | None
    shift: Fraction
    """What is taken off every time so that the stretch begins at 0: whole ticks of the picture."""

    @staticmethod
    def of(reading: Reading, container: InputContainer, tick: Fraction) -> Window:
        """The stretch that `reading` asks for; `tick` is the time base of the picture."""
        begin = origin(container)
        start = None if reading.start_s is None else begin + reading.start_s
        end = None if reading.end_s is None else begin + reading.end_s
        return Window(begin, start, end, Fraction(0) if start is None else start // tick * tick)


class Thinning:
    """Chooses at most `fps` of the frames in a second, each at its own time."""

    def __init__(self, fps: Fraction | None, rate: Fraction | None) -> None:
        """`rate`: how many frames a second there are, on average."""
        self._fps = fps
        # Times that are rounded, or waver a little, are not to fall into the slot before their own.
        self._early = min(1 / (4 * fps), 1 / (2 * rate)) if fps and rate else Fraction(0)
        self._first: Fraction | None = None
        self._slot = 0

    def keeps(self, time: Fraction) -> bool:
        """Whether the frame at `time` is the first one in its slot of 1 / fps seconds."""
        if self._fps is None:
            return True
        if self._first is None:
            self._first = time
            return True
        slot = int((time - self._first + self._early) * self._fps)
        if slot <= self._slot:
            return False
        self._slot = slot
        return True
