"""Draw and paste: every face and person of a picture in turn, each seeing those before it as they were painted.

What does not overlap does not see each other, so that it is drawn in one batch, over many pictures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import StageError
from passerby.paint.gan.boxes import Box, Size
from passerby.paint.gan.cutting import Rule, clipped, cut
from passerby.paint.gan.resizing import bicubic_float, nearest

Picture = NDArray[np.uint8]
"""RGB (H, W, 3)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Target:
    """One face or person to be made up: where it is cut out, and what is known of it. Arrays are of the crop's size."""

    box: Box
    """May reach over the picture's edges."""
    known: NDArray[np.bool_]
    """(H, W): False where it is made up."""
    rule: Rule
    """How it is brought to the crop's size."""
    written: NDArray[np.bool_] | None = None
    """(h, w) of the part of `box` inside the picture, True where it is written; None: wherever it is not known."""
    kept: NDArray[np.bool_] | None = None
    """(H, W): True where the picture is to be seen beside what is written; None: wherever it is known."""
    keypoints: NDArray[np.float32] | None = None
    """(K, 3) x y as shares of the crop's sides, and visibility."""
    body_known: NDArray[np.bool_] | None = None
    """(H, W): False where the person is, no larger than what is made up."""
    embedding: NDArray[np.float32] | None = None
    """(H, W, C): which spot of the body a pixel shows."""
    embedding_known: NDArray[np.bool_] | None = None
    """(H, W)."""


class Drawer(Protocol):
    """Makes things up."""

    @property
    def size(self) -> Size:
        """(height, width) of the crops that it is shown."""
        ...

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        """What takes the place of crops of `size`, (N, H, W, 3) in 0..255. The seed says which look somebody gets."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One target, who draws it, and its look."""

    drawer: Drawer
    target: Target
    seed: int


def paint(pictures: Sequence[Picture], jobs: Sequence[Sequence[Job]]) -> list[Picture]:
    """Copies of `pictures` in which the `jobs` of each are done, in order: later ones lie over earlier ones.

    Raises:
        StageError: a drawer gives something that is no picture.
    """
    painted = [picture.copy() for picture in pictures]
    depths = [levels([job.target.box for job in mine]) for mine in jobs]
    for depth in range(1 + max((max(mine, default=-1) for mine in depths), default=-1)):
        batches: dict[int, list[tuple[Picture, Job]]] = defaultdict(list)
        for picture, mine, places in zip(painted, jobs, depths, strict=True):
            for job, level in zip(mine, places, strict=True):
                if level == depth:
                    batches[id(job.drawer)].append((picture, job))
        for batch in batches.values():
            for (picture, job), drawn in zip(batch, _drawn(batch), strict=True):
                paste(picture, job.target, drawn)
    return painted


def levels(boxes: Sequence[Box]) -> list[int]:
    """After how many others each box comes that overlap it and come before it: what has the same number is apart."""
    answer: list[int] = []
    for i, (x0, y0, x1, y1) in enumerate(boxes):
        below = [
            answer[j] for j, (a0, b0, a1, b1) in enumerate(boxes[:i]) if a0 < x1 and x0 < a1 and b0 < y1 and y0 < b1
        ]
        answer.append(max(below, default=-1) + 1)
    return answer


def _drawn(batch: Sequence[tuple[Picture, Job]]) -> NDArray[np.float32]:
    size = batch[0][1].drawer.size
    crops = [cut(picture, job.target.box, size, job.target.rule) for picture, job in batch]
    drawn = batch[0][1].drawer.draw(crops, [job.target for _, job in batch], [job.seed for _, job in batch])
    if drawn.shape != (len(batch), *size, 3) or not np.isfinite(drawn).all():
        raise StageError(f"a generator gave {drawn.shape}, wanted were finite numbers of {(len(batch), *size, 3)}")
    return drawn


def paste(picture: Picture, target: Target, drawn: NDArray[np.float32]) -> None:
    """Write what was `drawn` (H, W, 3) for a crop to its place in `picture`, with hard edges."""
    x0, y0, x1, y1 = target.box
    left, top, right, bottom = clipped(target.box, (picture.shape[0], picture.shape[1]))
    if left >= right or top >= bottom:
        return
    inside = slice(top - y0, bottom - y0), slice(left - x0, right - x0)
    size = y1 - y0, x1 - x0
    written = ~nearest(target.known, size)[inside] if target.written is None else target.written
    colours = bicubic_float(drawn, size)[inside][written]
    picture[top:bottom, left:right][written] = np.clip(np.rint(colours), 0, 255).astype(np.uint8)


# Looks, as the original draws them


def looks(seed: int) -> Iterator[int]:
    """One look after the other, without end, for things that nobody follows."""
    stream = np.random.RandomState(seed)
    while True:
        yield int(stream.randint(0, 2**32, dtype=np.int64))


class TrackLooks:
    """The look of every track: drawn when it is first asked for, and kept."""

    def __init__(self, seed: int) -> None:
        self._stream = np.random.RandomState(seed)
        self._looks: dict[int, int] = {}

    def __getitem__(self, track: int) -> int:
        if track not in self._looks:
            self._looks[track] = int(self._stream.randint(0, 2**32 - 1, dtype=np.int64))
        return self._looks[track]
