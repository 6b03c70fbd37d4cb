"""The pixels of a thing as run lengths: light enough to be kept for every frame of a film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core.regions import Mask

SLACK = 1e-3
"""Pixels by which what is mapped may reach over a pixel's edge and not touch it: float32 boxes are no more exact."""

_Pieces = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""x, y0, y1, each (K,): pixels y0 to before y1 of column x."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Some pixels of a frame, counted as COCO does: down each column, from left to right.

    `Runs.of` makes them of a mask, `union` of several.
    """

    size: tuple[int, int]
    """(width, height) of the frame."""
    counts: NDArray[np.uint32]
    """(K,) pixels in a row that are out, in, out, in, …; they add up to all of the frame's. The first may be 0."""

    def __post_init__(self) -> None:
        """Refuse counts that are not those of a frame of this size.

        Raises:
            ValueError: so it is.
        """
        counts = self.counts
        if counts.ndim != 1 or counts.sum(dtype=np.uint64) != self.size[0] * self.size[1] or not counts[1:].all():
            raise ValueError(f"run lengths do not add up to a picture of {self.size[0]}x{self.size[1]}")

    @staticmethod
    def of(mask: Mask, size: tuple[int, int]) -> Runs:
        """What `mask` hides, be it softly, of a frame of `size`."""
        height = mask.alpha.shape[0]
        inked = np.zeros((mask.alpha.shape[1], height + 2), np.int8)
        inked[:, 1:-1] = mask.alpha.T > 0
        steps = np.diff(inked, axis=1)
        columns, tops = np.nonzero(steps == 1)
        bottoms = np.nonzero(steps == -1)[1]
        return _runs((columns + mask.x, tops + mask.y, bottoms + mask.y), size)

    @staticmethod
    def union(parts: Sequence[Runs]) -> Runs:
        """The pixels that are in any of `parts`, one at least and all of one frame."""
        if len(parts) == 1:
            return parts[0]
        x, y0, y1 = (np.concatenate(column) for column in zip(*(part._pieces() for part in parts), strict=True))
        return _runs((x, y0, y1), parts[0].size)

    @property
    def area(self) -> int:
        """How many pixels are in."""
        return int(self.counts[1::2].sum(dtype=np.int64))

    def mask(self) -> Mask:
        """The same as a picture, just as large as it has to be: 255 inside, 0 outside."""
        x, y0, y1 = self._pieces()
        if not len(x):
            return Mask(0, 0, np.zeros((1, 1), np.uint8))
        left, top = int(x[0]), int(y0.min())
        steps = np.zeros((int(x[-1]) - left + 1, int(y1.max()) - top + 1), np.int8)
        steps[x - left, y0 - top] = 1
        steps[x - left, y1 - top] = -1
        inside = np.cumsum(steps[:, :-1], axis=1, dtype=np.int8)
        return Mask(left, top, np.ascontiguousarray(inside.T.astype(np.uint8) * np.uint8(255)))

    def mapped(self, was: NDArray[np.float32], now: NDArray[np.float32]) -> Runs:
        """The same, moved and scaled as a box goes from `was` (4,) to `now` (4,).

        Every pixel that is touched is in, so that nothing is lost on the way; what leaves the frame is.
        """
        before, after = was.astype(np.float64), now.astype(np.float64)
        scale = (after[2:] - after[:2]) / np.maximum(before[2:] - before[:2], SLACK)
        start = after[:2] - before[:2] * scale
        x, y0, y1 = self._pieces()
        first = np.floor(x * scale[0] + start[0] + SLACK).astype(np.int64)
        wide = np.ceil((x + 1) * scale[0] + start[0] - SLACK).astype(np.int64) - first
        tops = np.floor(y0 * scale[1] + start[1] + SLACK).astype(np.int64)
        bottoms = np.ceil(y1 * scale[1] + start[1] - SLACK).astype(np.int64)
        return _runs(
            (np.repeat(first, wide) + _ramps(wide), np.repeat(tops, wide), np.repeat(bottoms, wide)), self.size
        )

    def _pieces(self) -> _Pieces:
        """By x, then y0; no two of a column touch."""
        height = self.size[1]
        edges = np.cumsum(self.counts, dtype=np.int64)
        ends = edges[1::2]
        starts = edges[::2][: len(ends)]
        first = starts // max(height, 1)
        columns = (ends - 1) // max(height, 1) - first + 1
        x = np.repeat(first, columns) + _ramps(columns)
        y0 = np.maximum(np.repeat(starts, columns) - x * height, 0)
        y1 = np.minimum(np.repeat(ends, columns) - x * height, height)
        return x, y0, y1


def _ramps(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2, … up to each of `lengths` in turn."""
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _runs(pieces: _Pieces, size: tuple[int, int]) -> Runs:
    """Pieces in any order, over each other or over the frame's edge, as runs."""
    width, height = size
    x, y0, y1 = pieces[0], np.maximum(pieces[1], 0), np.minimum(pieces[2], height)
    inside = (x >= 0) & (x < width) & (y0 < y1)
    x, y0, y1 = x[inside], y0[inside], y1[inside]
    starts, ends = x * height + y0, x * height + y1
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    new = np.append(True, starts[1:] > ends[:-1])[: len(starts)]
    last = np.append(new[1:], True)[: len(starts)]
    edges = np.stack([starts[new], ends[last]], axis=1).ravel()
    counts = np.diff(edges, prepend=0, append=width * height)
    return Runs(size, (counts if counts[-1] or len(counts) == 1 else counts[:-1]).astype(np.uint32))
