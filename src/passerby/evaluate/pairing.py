"""Two films frame by frame: those of one rate by number, others by the time at which frames are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from passerby.core.errors import InputError
from passerby.core.frame import Frame, MediaInfo

SAME_RATE = Fraction(1, 100)
"""Share by which two rates may differ and be one: tools round 23.976 to 23.98."""
THIS_FILE = "give what was made of this very file, from its first frame to its last"


@dataclass
class Pairing:
    """Pairs of frames, each frame in one at most. Iterated once; the counts are complete once iteration is over."""

    name: str
    originals: Iterable[Frame]
    others: Iterable[Frame]
    infos: tuple[MediaInfo, MediaInfo]
    counts: list[int] = field(default_factory=lambda: [0, 0])
    """Frames of the original and of the anonymized file."""
    pairs: int = 0
    apart_s: float = 0.0
    """The most by which the times of two partners differ."""

    def __iter__(self) -> Iterator[tuple[Frame, Frame]]:
        """Pairs in order of time.

        Raises:
            InputError: one of the films ends before the other; or, of one rate, a frame is shown at another time.
        """
        one, other = _since(self.originals), _since(self.others)
        for (time, original), (now, made) in self._by_time(one, other) if self.by_time else self._by_number(one, other):
            self.pairs += 1
            self.apart_s = max(self.apart_s, float(abs(time - now)))
            yield original, made

    @property
    def by_time(self) -> bool:
        """Whether the rates are two. Of few frames they are known roughly; as many of both are the same frames."""
        one, other = self._rates
        counts = {info.frames for info in self.infos}
        as_many = len(counts) == 1 and None not in counts
        return bool(one and other and abs(one / other - 1) > SAME_RATE and not as_many)

    @property
    def _rates(self) -> tuple[Fraction | None, Fraction | None]:
        return self.infos[0].rate, self.infos[1].rate

    def _by_number(self, originals: Iterator[_Shown], others: Iterator[_Shown]) -> Iterator[tuple[_Shown, _Shown]]:
        for one in originals:
            other = next(others, None)
            if other is None:
                count = self.counts[0]
                raise InputError(
                    f"{self.name}: the anonymized file has {count} frames and the original goes on; {THIS_FILE}"
                )
            self.counts = [count + 1 for count in self.counts]
            if abs(one[0] - other[0]) > self._near + self._drift * one[0]:
                raise InputError(
                    f"{self.name}: frame {one[1].index} is shown at {float(one[0]):.3f} s in the original and at "
                    f"{float(other[0]):.3f} s in the anonymized file: other frames; {THIS_FILE}"
                )
            yield one, other
        if next(others, None) is not None:
            raise InputError(
                f"{self.name}: the original has {self.counts[0]} frames and the anonymized file goes on; {THIS_FILE}"
            )

    def _by_time(self, originals: Iterator[_Shown], others: Iterator[_Shown]) -> Iterator[tuple[_Shown, _Shown]]:
        sides = _Side(originals), _Side(others)
        while sides[0].next is not None and sides[1].next is not None:
            pair = sides[0].next, sides[1].next
            late = pair[1][0] - pair[0][0]
            if late >= -self._near:
                sides[0].go_on()
            if late <= self._near:
                sides[1].go_on()
            if abs(late) <= self._near:
                yield pair
        for side in sides:
            while side.next is not None:
                side.go_on()
        self.counts = [side.count for side in sides]
        ends = sides[0].last, sides[1].last
        if abs(ends[0] - ends[1]) > 1 / self._slower + self._near:
            raise InputError(
                f"{self.name}: the last frame is shown at {float(ends[0]):.3f} s in the original and at "
                f"{float(ends[1]):.3f} s in the anonymized file; {THIS_FILE}"
            )

    @property
    def _near(self) -> Fraction:
        """By how much times of one frame may differ: containers round them each in its own way."""
        known = [rate for rate in self._rates if rate]
        # Of pictures: an animation's times are rounded to whole hundredths.
        return 1 / (2 * max(known)) if known else Fraction(1, 50)

    @property
    def _slower(self) -> Fraction:
        return min(rate for rate in self._rates if rate)

    @property
    def _drift(self) -> Fraction:
        """By how much more they may differ a second, where a tool rounded the rate."""
        one, other = self._rates
        off = abs(one / other - 1) if one and other else Fraction(0)
        return off if off <= SAME_RATE else Fraction(0)

    def said(self) -> tuple[str, ...]:
        """How frames were paired where the rates are two, one line; none where it was by number."""
        if not self.by_time:
            return ()
        one, other = (float(rate) for rate in self._rates if rate)
        alone = [count - self.pairs for count in self.counts]
        return (
            f"the original has {self.counts[0]} frames, {one:.4g} a second, and the anonymized file {self.counts[1]}, "
            f"{other:.4g} a second: frames are paired by the time at which they are shown, {self.pairs} pairs at most "
            f"{self.apart_s:.3f} s apart; {alone[0]} frames of the original and {alone[1]} of the anonymized file have "
            "no partner and are not looked at",
        )


_Shown = tuple[Fraction, Frame]
"""A frame, and when it is shown in seconds after the first one."""


def _since(frames: Iterable[Frame]) -> Iterator[_Shown]:
    begin: Fraction | None = None
    for frame in frames:
        begin = frame.time if begin is None else begin
        yield frame.time - begin, frame


class _Side:
    """One film, of which the next frame is known."""

    def __init__(self, frames: Iterator[_Shown]) -> None:
        self._frames = frames
        self.count = 0
        self.last = Fraction(0)
        self.next = next(frames, None)

    def go_on(self) -> None:
        """Leave the frame that is next."""
        assert self.next is not None
        self.count, self.last = self.count + 1, self.next[0]
        self.next = next(self._frames, None)
