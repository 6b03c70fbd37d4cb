"""Three named points on the curve of leaks against speed: what looks, how often, and how far ahead."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from passerby.core.frame import MediaInfo
from passerby.core.stages import Detector
from passerby.detect.compose import computing
from passerby.detect.faces import MULTIPLE
from passerby.looking import At, Looking
from passerby.machine import cores
from passerby.settings import Options
from passerby.targets import detector

SMALLEST = 10
"""Pixels of the longer side of the smallest face that the detector finds reliably, in the picture it is given."""
FULL = 1920
"""Longest side of the frames that the qualities are made for."""
LARGEST_LOOK = 1920
"""Longest side of the small picture, at most: a larger one takes too much memory, and parts find the rest."""
SLOW = 8
"""Frames per second up to which nothing can be followed from one to the next, so that each is looked at in full."""
AT_ONCE = 4
"""Looks at the same time, at most: each takes up to 100 MB at 1080p."""
ROOM = 38_000_000
"""Bytes of frames that are held back, about."""


@dataclass(frozen=True)
class _Level:
    """What a quality's name stands for."""

    longest: int
    """Longest side of the small picture, in pixels; more of large or wide frames (see `longest_look`)."""
    per_second: int
    """Looks per second of video, about."""
    most: int
    """Frames from one look to the next, at most."""
    turns: tuple[At, ...]
    again: int
    """Faces in doubt in the small picture that are looked at again in full size, at most; 0 does without."""
    cores: int
    """Of the machine's cores, for each look at a time: where looks are rare the encoder needs the others."""


LEVELS: Mapping[str, _Level] = {
    "fast": _Level(640, 4, 8, ("whole",), 0, 2),
    "balanced": _Level(960, 5, 6, ("whole", "part"), 4, 2),
    "thorough": _Level(960, 1000, 1, ("whole", "part"), 2, 1),
}


@dataclass(frozen=True)
class Finders:
    """Who looks, and how often."""

    detector: Detector
    """At whole pictures."""
    closer: Detector | None
    """At parts in full size."""
    looking: Looking
    smallest: int | None = None
    """Pixels of the longer side of the smallest face that is found; None where nobody has measured that."""

    @property
    def runtime(self) -> str:
        """What computes; '' where the detector does not tell, which only those that come along do."""
        return computing(self.detector)

    @property
    def bound(self) -> str:
        """For how long something can be in the picture, at most, and yet fall into no look."""
        period = self.looking.period
        if period == 1:
            sized = f" for faces of {self.smallest} pixels and more" if self.smallest else ""
            return f"every frame is looked at{sized}"
        what = f"a face of {self.smallest} pixels and more" if self.smallest else "what is there to be found"
        return f"{what} falls into a look once it is there for {period} frames"


Look = Callable[[MediaInfo, Options], Finders]
"""Chooses who looks at a medium."""


def finders(info: MediaInfo, options: Options) -> Finders:
    """What finds the targets in this medium at the chosen quality."""
    level = LEVELS[options.quality]
    shrink = max(max(info.size) / longest_look(info, options), 1)
    turns: tuple[At, ...] = level.turns
    if shrink == 1:
        turns = ("whole",)
    elif "part" in turns and (info.rate is None or info.rate <= SLOW):
        turns = ("all",)
    closer = detector(options) if turns != ("whole",) else None
    smallest = None if options.models_of("face") or "face" not in options.labels() else round(SMALLEST * shrink)
    return Finders(detector(options, shrink, level.again), closer, looking(info, level, turns, shrink), smallest)


def longest_look(info: MediaInfo, options: Options) -> int:
    """Longest side of the small picture: `SMALLEST` pixels in it are the smallest face to be found.

    Of larger frames than `FULL` it has the same share of the pixels, for they take the rest of the work longer as well;
    of wider ones than 16:9 as many as of others, or it would be a thin strip.
    """
    if options.min_face is None:
        longest = LEVELS[options.quality].longest
        share = max(longest / FULL, math.sqrt(longest**2 * 9 / 16 / math.prod(info.size)))
        return min(max(int(max(info.size) * share) // MULTIPLE * MULTIPLE, longest), LARGEST_LOOK)
    wanted = max(info.size) * SMALLEST // options.min_face
    return min(max(-(-wanted // MULTIPLE) * MULTIPLE, 320), LARGEST_LOOK)


def looking(info: MediaInfo, level: _Level, turns: tuple[At, ...], shrink: float) -> Looking:
    """How often to look; and a hold of a second, but at most 60 frames or `ROOM` and at least two frames longer than
    a period.
    """
    rate = info.rate or Fraction(1)
    every = min(max(1, int(rate / level.per_second)), level.most)
    period = every * len(turns)
    return Looking(
        every=every,
        interval_s=max(Fraction(1, level.per_second), Fraction(1, 50)) * Fraction(6, 5),
        turns=turns,
        shrink=shrink,
        hold=max(period + 2, min(max(round(rate), 8), 60, ROOM // _bytes(info))),
        patience=max(2 * period, min(round(2 * rate), 120)),
        workers=min(max(cores() // level.cores, 1), AT_ONCE),
    )


def _bytes(info: MediaInfo) -> int:
    """Of one frame in memory."""
    samples = sum(1 / (sx * sy) for sx, sy in info.format.subsampling) * info.format.channels
    return max(int(info.size[0] * info.size[1] * samples) * np.dtype(info.format.dtype).itemsize, 1)
