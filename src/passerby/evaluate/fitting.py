"""An anonymized picture of another size, laid over the original.

Encoders that want multiples of 16 make pictures a few pixels larger, and `--max-res` makes them smaller. All is then
compared at the original's size, where truths, plans and boxes are at home.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from passerby.core import pixels
from passerby.core.errors import InputError
from passerby.core.frame import Frame, MediaInfo

Size = tuple[int, int]
"""(width, height) in pixels."""

MOST_PX, MOST_SHARE = 15, Fraction(1, 8)
"""By how much a side may lie off the original's shape, in pixels of the anonymized file and as a share of the side:
what an encoder does that wants multiples of 16."""
LEAST_GAIN, LEAST_LEVELS = 1.1, 0.05
"""How many times, and by how many of 0..255, the next way has to differ more for the best one to be told from it."""
MOST_LEVELS = 32
"""What is hidden differs by no more than that: it is not to outvote all else."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How pictures of `made` are laid over those of `size`."""

    size: Size
    """Of the original."""
    made: Size
    """Of the anonymized file."""
    offset: tuple[int, int] | None = None
    """Where the original's first pixel lies in the anonymized picture (x, y), which was padded or cropped then; None
    where it was scaled."""
    told: bool = True
    """Whether the pictures tell so, or there are as good others."""

    @property
    def scaled(self) -> bool:
        return self.made != self.size and self.offset is None

    @property
    def smaller(self) -> bool:
        """Whether the anonymized file can show less than the original."""
        return self.scaled and (self.made[0] < self.size[0] or self.made[1] < self.size[1])

    def laid(self, frame: Frame) -> Frame:
        """A frame of the anonymized file at the original's size; what was cropped off repeats the edge."""
        if self.made == self.size:
            return frame
        return pixels.scaled(frame, self.size) if self.offset is None else pixels.cut_at(frame, self.offset, self.size)

    def coarse(self, frame: Frame) -> Frame:
        """A frame of the original with no more detail than the anonymized file can show: small is not hidden."""
        if not self.smaller:
            return frame
        return pixels.scaled(pixels.scaled(frame, self.made), self.size)

    def said(self) -> tuple[str, ...]:
        """What was done, and what follows from it, one line each; none where the sizes are the same."""
        if self.made == self.size:
            return ()
        sizes = f"the original is {_spelled(self.size)} and the anonymized file {_spelled(self.made)} pixels large"
        if self.offset is not None:
            return (f"{sizes}: it was {self._moved()}; nothing is scaled, and what was cropped off counts as its edge",)
        way = "averaged over areas" if pixels.shrinks(self.made, self.size) else "bicubic"
        stretch = self._stretch()
        doubt = "" if self.told else " (or padded or cropped: these pictures do not tell)"
        lines = [
            f"{sizes}: it was scaled{stretch}{doubt}, and is scaled back to {_spelled(self.size)} ({way})",
            "PSNR and SSIM are lower and LPIPS, FID and KID higher for the scaling alone, outside of what is hidden as "
            "well: compare them with those of files of the same size",
            "not asked: whether an attacker can undo what is known of a mosaic or a blur, whose grid is not that of "
            "scaled pictures",
        ]
        if self.smaller:
            lines.append(
                "the anonymized file shows less detail: of a face, what only the scaling took does not count as hidden"
            )
        return tuple(lines)

    def _moved(self) -> str:
        assert self.offset is not None
        words = []
        for axis, (before, after) in enumerate((("left", "right"), ("top", "bottom"))):
            first = self.offset[axis]
            last = self.made[axis] - self.size[axis] - first
            words += [
                f"{'padded' if px > 0 else 'cropped'} by {abs(px)} at the {side}"
                for px, side in ((first, before), (last, after))
                if px
            ]
        return ", ".join(words)

    def _stretch(self) -> str:
        """Which side was made longer than the other."""
        across, down = (Fraction(made, side) for made, side in zip(self.made, self.size, strict=True))
        # A side is a whole number of pixels.
        if abs(across / down - 1) * min(self.made) <= 1:
            return ""
        share = float(max(across, down) / min(across, down) - 1)
        return f" and stretched {'across' if across > down else 'down'} by {share:.1%}".replace("%", " %")


def candidates(name: str, original: MediaInfo, anonymized: MediaInfo) -> list[Fit]:
    """The ways in which the sizes of two files can go together, scaling first.

    Raises:
        InputError: they cannot.
    """
    size, made = original.size, anonymized.size
    if made == size:
        return [Fit(size, made)]
    shown = size[0] * original.sample_aspect / anonymized.sample_aspect, Fraction(size[1])
    if not _alike(size, made) and not _alike(shown, made):
        kind = "turned by a quarter" if _alike(size[::-1], made) else "of another shape"
        raise InputError(
            f"{name}: the original is {_spelled(size)} and the anonymized file {_spelled(made)} pixels large, {kind}; "
            "sizes may differ, but not the shape by more than an encoder's 15 pixels: give what was made of all of the "
            "picture, the same way up"
        )
    beyond = made[0] - size[0], made[1] - size[1]
    ways = [Fit(size, made)]
    if max(map(abs, beyond)) <= MOST_PX:
        places = dict.fromkeys(((0, 0), (int(beyond[0] / 2), int(beyond[1] / 2)), beyond))
        ways += [Fit(size, made, place) for place in places]
    return ways


def told(ways: list[Fit], frames: Iterable[tuple[Frame, Frame]]) -> Fit:
    """Of several `ways`, the one in which the anonymized pictures differ least from the originals, by their light."""
    if len(ways) == 1:
        return ways[0]
    differ = np.zeros(len(ways))
    count = 0
    for one, other in frames:
        light = pixels.luma(one, one.size).astype(np.int16)
        laid = (pixels.luma(way.laid(other), one.size).astype(np.int16) for way in ways)
        differ += [float(np.abs(light - now).clip(max=MOST_LEVELS).mean()) for now in laid]
        count += 1
    best, second = (int(place) for place in np.argsort(differ, kind="stable")[:2])
    if differ[second] < LEAST_GAIN * differ[best] or differ[second] - differ[best] < LEAST_LEVELS * count:
        return Fit(ways[0].size, ways[0].made, told=False)
    return ways[best]


def _alike(size: tuple[int | Fraction, int | Fraction], made: Size) -> bool:
    """Whether a picture of `size` can have been scaled to `made`, but for what encoders add or cut."""
    ideal = Fraction(size[0]) * made[1] / size[1], Fraction(size[1]) * made[0] / size[0]
    return any(
        abs(side - wanted) <= min(MOST_PX + Fraction(1, 2), MOST_SHARE * wanted)
        for side, wanted in zip(made, ideal, strict=True)
    )


def _spelled(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
