"""What an attacker knows of how a finished file came to be: each frame's operator, in the pixels of a cut-out face.

It is told (`--undo`), or stands in the report of the run. The grid of a mosaic, and the samples of passerby's blur, are
measured by the whole of what is hidden; its soft edge and what lies outside of it are part of the operator, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.evaluate import cost
from passerby.evaluate.inversion import Linear, Picture, Same
from passerby.mask.shapes import Box, Shape, Size
from passerby.methods import hiding
from passerby.paint.effects import Blur
from passerby.settings import Options

Side = tuple[float, float]
"""One side of what is hidden, from where to where, in pixels of a crop; it may reach beyond it."""
Matrix = NDArray[np.float32]
"""(length, length): from the pixels of a crop's side to those of what is shown."""
FORMS = "mosaic:CELLS, samples:COUNT (passerby's blur), blur:SIGMA or noise"


@dataclass(frozen=True, slots=True, eq=False)
class Separable:
    """The same along every row, and then along every column."""

    down: Matrix
    across: Matrix

    def forward(self, picture: Picture) -> Picture:
        return _along(self.down, self.across, picture)

    def adjoint(self, picture: Picture) -> Picture:
        return _along(self.down.T, self.across.T, picture)


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """An operator under a mask; elsewhere nothing is changed."""

    inner: Linear
    alpha: NDArray[np.float32]
    """(H, W, 1) in 0..1: how much of each pixel is hidden."""

    def forward(self, picture: Picture) -> Picture:
        return self.alpha * self.inner.forward(picture) + (1 - self.alpha) * picture

    def adjoint(self, picture: Picture) -> Picture:
        return self.inner.adjoint(self.alpha * picture) + (1 - self.alpha) * picture


def _along(down: Matrix, across: Matrix, picture: Picture) -> Picture:
    return np.asarray(np.einsum("ij,jkc,lk->ilc", down, picture, across, optimize=True), np.float32)


@dataclass(frozen=True, slots=True)
class Known:
    """How faces were hidden."""

    kind: str
    amount: float
    shape: Shape
    """What is hidden around the box of a face."""

    def __str__(self) -> str:
        """As it is written behind `--undo`."""
        return f"{self.kind}:{self.amount:g}" if self.amount else self.kind

    def at(self, box: Box, crop: tuple[int, int, int, int], frame: Size, side: int) -> Linear:
        """The operator of one face.

        Args:
            box: (4,) of the face, x0 y0 x1 y1 in pixels of the frame.
            crop: what was cut out, likewise; it lies in the frame.
            frame: size of that, (width, height).
            side: the crop was brought to so many pixels across and down.
        """
        if self.kind == "noise":
            return Same()
        x0, y0, x1, y1 = crop
        mask = self.shape.mask(box, frame)
        scales = side / (x1 - x0), side / (y1 - y0)
        left, top, right, bottom = mask.box
        if self.kind == "samples":  # of what the frame has; a mosaic's grid goes on beyond it
            left, top, right, bottom = max(left, 0), max(top, 0), min(right, frame[0]), min(bottom, frame[1])
        across = (left - x0) * scales[0], (right - x0) * scales[0]
        down = (top - y0) * scales[1], (bottom - y0) * scales[1]
        make = KINDS[self.kind]
        inner = Separable(
            make(down, side, self.amount, scales[1]),
            make(across, side, self.amount, scales[0]),
        )
        at = (mask.x - x0 + 0.5) * scales[0] - 0.5, (mask.y - y0 + 0.5) * scales[1] - 0.5
        moved = np.array([[scales[0], 0, at[0]], [0, scales[1], at[1]]])
        alpha = cv2.warpAffine(mask.alpha, moved, (side, side), flags=cv2.INTER_LINEAR)
        return Covered(inner, np.asarray(alpha[..., None] / 255, np.float32))


def _cells(where: Side, length: int, count: float, scale: float) -> Matrix:
    """Means over `count` cells; what lies beyond the crop of a cell counts as what lies within it."""
    number = _number(where, length, round(count))
    same = (number[:, None] == number[None]).astype(np.float32)
    return np.asarray(same / same.sum(axis=1, keepdims=True), np.float32)


def _samples(where: Side, length: int, count: float, scale: float) -> Matrix:
    """The same means, and then straight lines from the middle of each to the next."""
    samples = round(count)
    number = _number(where, length, samples)
    means = (number[None] == np.arange(samples)[:, None]).astype(np.float32)
    means /= np.maximum(means.sum(axis=1, keepdims=True), 1)
    seen = means.any(axis=1)
    at = np.clip((np.arange(length) + 0.5 - where[0]) / (where[1] - where[0]) * samples - 0.5, 0, samples - 1)
    # Of what lies beyond the crop nothing is known: the nearest sample that is within stands for it.
    low, high = np.flatnonzero(seen)[[0, -1]]
    at = np.clip(at, low, high)
    lines = np.maximum(1 - np.abs(at[:, None] - np.arange(samples)[None]), 0).astype(np.float32)
    return np.asarray(lines @ means, np.float32)


def _gaussian(where: Side, length: int, sigma: float, scale: float) -> Matrix:
    """A Gaussian of `sigma` pixels of the frame, mirrored at the crop's edges."""
    kernel = cv2.getGaussianKernel(2 * max(round(4 * sigma * scale), 1) + 1, sigma * scale, cv2.CV_32F)
    apart = np.eye(length, dtype=np.float32)
    return np.asarray(cv2.filter2D(apart, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)


def _number(where: Side, length: int, count: int) -> NDArray[np.intp]:
    """Which of `count` equal parts of a side the middle of each pixel lies in, (length,)."""
    part = (np.arange(length) + 0.5 - where[0]) / (where[1] - where[0]) * count
    return np.asarray(np.clip(np.floor(part), 0, count - 1), np.intp)


KINDS: Mapping[str, Callable[[Side, int, float, float], Matrix]] = {
    "mosaic": _cells,
    "samples": _samples,
    "blur": _gaussian,
}


def told(written: str, options: Options) -> Known:
    """What is `written` behind `--undo`, in the shape that `options` stand for.

    Raises:
        OptionError: it is of no known kind, or its number makes no sense.
    """
    kind, _, amount = written.partition(":")
    shape = hiding.shapes(options, ["face"])["face"]
    if kind == "noise" and not amount:
        return Known(kind, 0, shape)
    try:
        number = float(amount)
    except ValueError:
        number = 0
    whole = kind == "blur" or number == int(number)
    if kind not in KINDS or not 0 < number <= 1000 or not whole:
        raise OptionError(f"--undo {written} says nothing that can be undone; write {FORMS}")
    return Known(kind, number, shape)


def by_run(report: Path, options: Options) -> Known | None:
    """What the report of a run says; None where faces were hidden by what cannot be undone, or in several ways.

    Raises:
        InputError: it is no report of a run.
    """
    runs = cost.finished(report)
    ways = {run.get("methods", {}).get("face") for run in runs}
    return told(f"samples:{Blur().samples}", options) if ways == {"blur"} else None
