"""What a second look at a finished file came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import passerby

Box = tuple[float, float, float, float]
"""x0 y0 x1 y1 in pixels of the upright frame (see `core/boxes.py`)."""


class Fate(StrEnum):
    """What became of something that a detector finds in a finished file."""

    LEFT_OVER = "left over"
    """It is there to be seen."""
    HIDDEN = "hidden"
    """It lies under what the plan hides: something there still looks like one, such as the cells of a mosaic."""
    KEPT = "kept"
    """The plan leaves it visible, because somebody decided so."""
    CHANGED = "changed"
    """In the original nothing is found there, or what was there is not what is there now."""
    OWN_CELLS = "own cells"
    """It is the mosaic that passerby draws, and nothing else."""


@dataclass(frozen=True, slots=True)
class Find:
    """One find in one frame."""

    frame: int
    time_s: float
    label: str
    box: Box
    score: float
    fate: Fate


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that is seen in one or more frames; `best` is where it is seen most surely."""

    finds: tuple[Find, ...]
    """By frame, rising."""
    remark: str = ""
    """What else is known of it."""
    jpeg: bytes | None = field(default=None, repr=False)
    """A small picture of where it is, with it hidden; None where there are too many."""

    @property
    def best(self) -> Find:
        return max(self.finds, key=lambda find: find.score)

    def line(self) -> str:
        """In words."""
        first, last, best = self.finds[0], self.finds[-1], self.best
        x0, y0, x1, y1 = (round(side) for side in best.box)
        span = f"frame {first.frame}" if first is last else f"frames {first.frame}-{last.frame}"
        times = f"{first.time_s:.2f} s" if first is last else f"{first.time_s:.2f}-{last.time_s:.2f} s"
        remark = f"; {self.remark}" if self.remark else ""
        return (
            f"{best.label}: {span} ({times}), found in {len(self.finds)}; surest in frame {best.frame} "
            f"at x {x0}-{x1}, y {y0}-{y1}, score {best.score:.2f}{remark}"
        )


@dataclass(frozen=True, slots=True)
class Carried:
    """Something in a file besides its pictures, or that is missing there."""

    kind: str
    """'sound', 'stream', 'metadata', 'data'; or 'mark', which is the one thing that should be there and is not."""
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found in one finished file."""

    file: str
    sha256: str | None
    size: tuple[int, int]
    """(width, height) of the upright picture in pixels."""
    frames: int
    looked: int
    """Frames in which was looked."""
    models: Sequence[str]
    """What looked: names and first digits of the files' SHA-256."""
    leftovers: Sequence[Leftover]
    carried: Sequence[Carried]
    others: dict[Fate, int]
    """How many finds are no leftovers, by their fate."""
    unchecked: Sequence[str]
    """What should have been looked for and was not, and what to do about it."""
    blind_spots: Sequence[str]
    """What a look of this kind cannot see, one line each."""

    @property
    def clean(self) -> bool:
        """Nothing was left over. That all was looked for is another matter: see `unchecked`."""
        return not self.leftovers and not self.carried

    @property
    def looking(self) -> str:
        """Who looked at how much, in words."""
        return f"looked at {self.looked} of {self.frames} frames with {', '.join(self.models) or 'no model'}"

    def as_dict(self) -> dict[str, Any]:
        """Plain lists, strings and numbers, for JSON; without pictures."""
        told = asdict(self) | {"passerby": passerby.__version__, "clean": self.clean}
        told["leftovers"] = [
            {"remark": leftover.remark, "finds": [asdict(find) for find in leftover.finds]}
            for leftover in self.leftovers
        ]
        return told

    def lines(self) -> list[str]:
        """In words, the worst first."""
        lines = [f"  LEFT OVER  {leftover.line()}" for leftover in self.leftovers]
        lines += [f"  LEFT OVER  {carried.kind}: {carried.what}" for carried in self.carried]
        lines += [f"  not looked for: {reason}" for reason in self.unchecked]
        lines += [f"  {EXPLAINED[fate].format(count)}" for fate, count in self.others.items() if count]
        lines.append(f"  {self.looking}")
        lines += [f"  cannot see: {spot}" for spot in self.blind_spots]
        return [f"{self.file}: {self._summary()}", *lines]

    def _summary(self) -> str:
        number = len(self.leftovers) + len(self.carried)
        if number:
            return f"{number} LEFTOVER{'S' if number > 1 else ''}"
        return "no leftovers in what was looked at, but NOT ALL WAS LOOKED FOR" if self.unchecked else "no leftovers"


EXPLAINED = {
    Fate.HIDDEN: "under what the plan hides: {} (it still looks like one there, and is hidden)",
    Fate.KEPT: "what the plan leaves visible: {}",
    Fate.CHANGED: "not in the original, or not as it was there: {}",
    Fate.OWN_CELLS: "nothing but the cells that passerby's mosaic draws: {}",
}
"""Finds that are no leftovers, in words."""
