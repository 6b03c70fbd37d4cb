"""Which spot of the body a pixel shows: what a detector of continuous surface embeddings (CSE) says, for a generator.

CSE (https://arxiv.org/abs/2011.12438) gives every pixel of a person sixteen numbers. The generator was trained on the
numbers of the nearest of some 27 thousand points of a body's surface, so these take their place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan.boxes import Box, Size
from passerby.paint.gan.resizing import bilinear_float

CHUNK = 4096
"""Pixels that are compared with all points at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What a detector says of one person."""

    spots: NDArray[np.uint8]
    """(h, w), 0 where its box shows something else."""
    embedding: NDArray[np.float32]
    """(h, w, C)."""
    box: Box


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a generator is told of one person."""

    vertices: NDArray[np.int64]
    """(H, W): the number of the point of the body that each pixel shows; meaningless where it is not known."""
    known: NDArray[np.bool_]
    """(H, W)."""

    def embedding(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """The numbers in `table` (points, C) for every pixel, (H, W, C), 0 where nothing is known."""
        return np.asarray(table[self.vertices] * self.known[..., None], np.float32)


def shown(surface: Surface, box: Box, size: Size, table: NDArray[np.float32]) -> Shown:
    """What a crop of `box` at `size` shows of a person, by the `table` (points, C) of all points of a body."""
    embedding, known = moved(surface, box, size)
    vertices = np.zeros(size, np.int64)
    vertices[known] = nearest_points(embedding[known], table)
    return Shown(vertices, known)


def moved(surface: Surface, box: Box, size: Size) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What a detector says, at its place in a crop of `box` at `size`: (H, W, C), and where it says anything (H, W)."""
    across, down = size[1] / (box[2] - box[0]), size[0] / (box[3] - box[1])
    x0, x1 = (round((x - box[0]) * across) for x in surface.box[::2])
    y0, y1 = (round((y - box[1]) * down) for y in surface.box[1::2])
    whole = np.zeros((*size, surface.embedding.shape[2]), np.float32)
    known = np.zeros(size, bool)
    inside = max(y0, 0), min(y1, size[0]), max(x0, 0), min(x1, size[1])
    if inside[0] < inside[1] and inside[2] < inside[3]:
        at = slice(*inside[:2]), slice(*inside[2:])
        own = slice(inside[0] - y0, inside[1] - y0), slice(inside[2] - x0, inside[3] - x0)
        whole[at] = bilinear_float(surface.embedding, (y1 - y0, x1 - x0))[own]
        known[at] = bilinear_float(surface.spots.astype(np.float32), (y1 - y0, x1 - x0))[own] > 0
    return whole, known


def nearest_points(embedding: NDArray[np.float32], table: NDArray[np.float32]) -> NDArray[np.int64]:
    """The row of `table` (points, C) that is nearest to each of `embedding` (N, C), (N,)."""
    lengths = (table**2).sum(1)
    answer = [
        (lengths - 2 * embedding[start : start + CHUNK] @ table.T).argmin(1)
        for start in range(0, len(embedding), CHUNK)
    ]
    return np.concatenate([np.empty(0, np.int64), *answer])


def normalized(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """`table` with every column at mean 0 and deviation 1; none of the published generators wants it."""
    return np.asarray((table - table.mean(0)) / table.std(0), np.float32)
