"""Undoing what is known: least squares through a blur or a mosaic, over one frame or all frames of a track.

An attacker who knows the operator A_t of each frame t, from what a tool is documented to do or from the look of its
output, solves

    minimize  Σ_t |A_t x - y_t|² + λ |∇x|²

for the face x behind all of them, by conjugate gradients on the normal equations (Hestenes and Stiefel 1952). With one
frame that is deblurring; with identities it is averaging noise away; with grids that moved it is super-resolution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.evaluate.embedders import Crop

Picture = NDArray[np.float32]
"""(H, W, 3), 0..255."""

SMOOTH = 1e-3
"""λ: what rounding to 8 bits asks for, 1/12 of a squared step against gradients of some nine steps of a face."""
STEPS = 60
"""Of conjugate gradients."""


class Linear(Protocol):
    """One frame's operator A and its adjoint, so that <A x, y> = <x, A' y>. Equal ones are taken for the same."""

    def forward(self, picture: Picture) -> Picture: ...
    def adjoint(self, picture: Picture) -> Picture: ...


@dataclass(frozen=True)
class Same:
    """Nothing but noise was added."""

    def forward(self, picture: Picture) -> Picture:
        return picture

    def adjoint(self, picture: Picture) -> Picture:
        return picture


@dataclass(frozen=True)
class Blurred:
    """A Gaussian of `sigma` pixels, mirrored at the edges: symmetric, hence its own adjoint."""

    sigma: float

    def forward(self, picture: Picture) -> Picture:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), self.sigma, borderType=cv2.BORDER_REFLECT), np.float32)

    def adjoint(self, picture: Picture) -> Picture:
        return self.forward(picture)


@dataclass(frozen=True)
class Averaged:
    """A mosaic of `cells` across and down, its grid moved by `shift` (x, y) pixels: a projection, its own adjoint."""

    cells: int
    shift: tuple[int, int]

    def forward(self, picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        down, across = _cells(height, self.cells, self.shift[1]), _cells(width, self.cells, self.shift[0])
        strips = (down.T @ picture.reshape(height, -1)).reshape(-1, width, 3)
        wide = across @ (across.T @ strips)
        return np.asarray((down @ wide.reshape(len(wide), -1)).reshape(height, width, 3), np.float32)

    def adjoint(self, picture: Picture) -> Picture:
        return self.forward(picture)


@lru_cache(maxsize=1024)
def _cells(length: int, cells: int, shift: int) -> Picture:
    """Which of a side's pixels lie in which cell, (length, cells): columns of length one, for means by U U'.

    The first and the last cell may be cut.
    """
    size = length / cells
    edges = np.rint(np.arange(-cells, 2 * cells) * size + shift % length).astype(np.intp)
    number = np.searchsorted(edges[(edges > 0) & (edges < length)], np.arange(length), side="right")
    inside = (number[:, None] == np.arange(number[-1] + 1)[None]).astype(np.float32)
    return np.asarray(inside / np.sqrt(inside.sum(axis=0)), np.float32)


def undone(hidden: Sequence[Crop], models: Sequence[Linear], smooth: float = SMOOTH, steps: int = STEPS) -> Crop:
    """The picture that best explains all `hidden` crops of one size, each by its model."""
    targets = [np.asarray(crop, np.float32) for crop in hidden]
    # Frames that came to be in the same way say the same as their mean.
    alike: dict[Linear, list[Picture]] = {}
    for model, target in zip(models, targets, strict=True):
        alike.setdefault(model, []).append(target)
    shares = {model: len(each) / len(targets) for model, each in alike.items()}

    def normal(x: Picture) -> Picture:
        seen = _sum([share * model.adjoint(model.forward(x)) for model, share in shares.items()])
        # A discrete Laplacian with mirrored edges is -∇'∇.
        return seen - np.float32(smooth) * cv2.Laplacian(x, cv2.CV_32F, borderType=cv2.BORDER_REFLECT)

    right = _sum([shares[model] * model.adjoint(_mean(each)) for model, each in alike.items()])
    solved = _conjugate_gradients(normal, right, _mean(targets), steps)
    return np.asarray(np.clip(np.rint(solved), 0, 255), np.uint8)


def _sum(pictures: Sequence[Picture]) -> Picture:
    return np.asarray(np.sum(pictures, axis=0, dtype=np.float64), np.float32)


def _mean(pictures: Sequence[Picture]) -> Picture:
    return np.asarray(np.mean(pictures, axis=0, dtype=np.float64), np.float32)


def _conjugate_gradients(normal: Callable[[Picture], Picture], right: Picture, x: Picture, steps: int) -> Picture:
    """The x for which `normal(x)` is `right`, from the `x` given on."""
    residual = right - normal(x)
    direction, energy = residual, float((residual**2).sum())
    for _ in range(steps):
        if energy < 1e-6 * right.size:  # a thousandth of a step of 8 bits
            break
        ahead = normal(direction)
        step = np.float32(energy / max(float((direction * ahead).sum()), 1e-30))
        x = x + step * direction
        residual = residual - step * ahead
        before, energy = energy, float((residual**2).sum())
        direction = residual + np.float32(energy / before) * direction
    return x
