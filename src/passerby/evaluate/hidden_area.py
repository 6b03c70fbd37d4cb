"""What of each frame is hidden: as a plan says, or as the pixels show; and how much of a face that leaves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.errors import NotMeasurable
from passerby.core.frame import Frame
from passerby.core.plan import Plan, decided
from passerby.evaluate.leaks import HIDDEN, Cover
from passerby.evaluate.people import Appearances
from passerby.leftovers.judges import GRID, light_of
from passerby.methods import hiding
from passerby.settings import Options
from passerby.track.refine import settled

Area = NDArray[np.bool_]
"""(H, W)"""

BLOCK = 8
"""Sides of the squares that are compared, in pixels: what an encoder does to a picture evens out over them."""
DIFFERS = 8.0
"""Mean difference of 0..255 from which a square is another one, at least."""
TIMES_USUAL, AT_MOST = 10.0, 30.0
"""Or so many times the lower quartile of all squares, where the encoder was coarse; but no more than that. Not the
median, for of a portrait most may be hidden."""
GAP = 3
"""Squares across which what differs is one area: between the cells of a mosaic some look as before."""


class Hidden(Protocol):
    """Knows what is hidden in a frame."""

    protocol: str
    """How it is known, for figures."""

    def area(self, original: Frame, other: Frame) -> Area: ...


class ByPlan:
    """As a plan says, in the shapes that `options` stand for."""

    def __init__(self, plan: Plan, options: Options) -> None:
        rows = settled(plan.rows())
        rows = rows[np.argsort(rows.frames, kind="stable")]
        self._rows = decided(plan.decisions, rows)[0]
        self._shapes = hiding.shapes(options, plan.labels)
        self.protocol = f"hidden is what the plan hides ({options.shape} {options.grow:.0%} larger)"

    def area(self, original: Frame, other: Frame) -> Area:
        """See `Hidden`."""
        width, height = original.size
        answer = np.zeros((height, width), np.bool_)
        mine = self._rows[slice(*np.searchsorted(self._rows.frames, [original.index, original.index + 1]))]
        for label, box in zip(mine.labels, mine.boxes, strict=True):
            mask = self._shapes[str(label)].mask(box, original.size)
            x0, y0, x1, y1 = mask.box
            left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
            if left < right and top < bottom:
                part = mask.alpha[top - y0 : bottom - y0, left - x0 : right - x0]
                answer[top:bottom, left:right] |= part == HIDDEN
        return answer


class ByPixels:
    """What looks otherwise than in the original, in squares of `BLOCK` pixels; for files of any tool."""

    protocol = f"hidden is what differs from the original, in squares of {BLOCK} pixels"

    def area(self, original: Frame, other: Frame) -> Area:
        """See `Hidden`."""
        one, now = pixels.rgb(original).astype(np.int16), pixels.rgb(other).astype(np.int16)
        return changed(np.abs(one - now).mean(axis=2, dtype=np.float32))


def changed(difference: NDArray[np.float32]) -> Area:
    """Where a picture was changed, by the `difference` (H, W) of 0..255 of two pictures."""
    height, width = difference.shape
    size = -(-width // BLOCK), -(-height // BLOCK)
    squares = cv2.resize(difference, size, interpolation=cv2.INTER_AREA)
    other = squares > min(max(DIFFERS, TIMES_USUAL * float(np.quantile(squares, 0.25))), AT_MOST)
    closed = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((GAP, GAP), np.uint8))
    # A single square is an encoder's doing more often than anybody's face.
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return np.asarray(cv2.resize(opened, (width, height), interpolation=cv2.INTER_NEAREST) > 0, np.bool_)


COVER = "of a face, as much is hidden as has lost its detail"
COVER_BY_PLAN = "of a face, as much as the plan hides, unless the pixels show that it was not painted"
PARTS = 8
"""A face is compared in so many parts across and down."""
GONE = 0.25
"""Share of a part's detail that differs, from which it is gone."""
FLAT = 0.05
"""Of the mean detail of all parts: with less, nobody can say whether a part was painted over."""
UNPAINTED = 0.5
"""Share of a face's parts that have to be gone for a plan to be believed."""


def lost(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """The share of a face's parts whose detail is gone, in [0, 1]; light of both, (GRID, GRID).

    Detail is what differs from the surroundings, a Gaussian whose sigma is a sixteenth of the face. A part's is gone
    when what is there now differs from it by `GONE` of its energy: smeared, covered or replaced. What an encoder does
    is less. Parts that were flat do not count; a face that is flat all over is taken for visible.
    """
    fine, now = (light - cv2.GaussianBlur(light, (0, 0), GRID / 16) for light in (before, after))
    energy, wrong = _parts(fine**2), _parts((fine - now) ** 2)
    counts = energy > max(FLAT * float(energy.mean()), 1e-9)
    return float((wrong >= GONE * energy)[counts].mean()) if counts.any() else 0.0


def _parts(light: NDArray[np.float64]) -> NDArray[np.float64]:
    side = GRID // PARTS
    return np.asarray(light.reshape(PARTS, side, PARTS, side).sum(axis=(1, 3)), np.float64)


def cover(faces: Appearances, frames: Iterable[tuple[Frame, Frame]], hidden: Hidden, *, planned: bool) -> Cover:
    """How much of `faces` is hidden, by how much of each is `lost`.

    With a plan (`planned`) the share of the box that it hides counts, unless less than `UNPAINTED` is lost: a plan
    that was not painted hides nobody.

    Raises:
        NotMeasurable: there is no frame.
    """
    shares = np.zeros(len(faces.frames), np.float32)
    boxes = np.rint(faces.boxes).astype(int)
    hidden_px = outside_px = pixel_count = 0
    for index, (one, other) in enumerate(frames):
        area = hidden.area(one, other)
        hidden_px += int(np.count_nonzero(area))
        pixel_count += area.size
        rows = np.flatnonzero(faces.frames == index)
        for row in rows:
            gone = lost(light_of(one, faces.boxes[row]), light_of(other, faces.boxes[row]))
            x0, y0, x1, y1 = boxes[row]
            part = area[y0:y1, x0:x1]
            shares[row] = part.mean() if planned and part.size and gone >= UNPAINTED else gone
        for x0, y0, x1, y1 in boxes[rows]:
            area[y0:y1, x0:x1] = False
        outside_px += int(np.count_nonzero(area))
    if not pixel_count:
        raise NotMeasurable("there is no frame in which something could be hidden")
    sides = boxes[:, 2:] - boxes[:, :2]
    return Cover(shares, hidden_px, int(sides.prod(axis=1).sum()), outside_px, pixel_count)
