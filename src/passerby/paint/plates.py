"""Number plates that no authority gives out, or blank ones, drawn in place of the plates that were there.

What is drawn has the form of French and Italian numbers, XX-000-XX, and is none of them: both systems do without the
letters I, O and U, of which there is one in each pair here, and the French one counts from 001. That is no promise for
every country, or for plates to order. No model has a part in it. Sources: docs/plates.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame
from passerby.core.regions import Patch, Region

# Strokes of the glyphs as the corners that they go through: columns 0..4, rows 0..6 from the top.
_ROUND = "10 30 41 45 36 16 05 01 10"
_GLYPHS: Mapping[str, tuple[str, ...]] = {
    "0": (_ROUND,),
    "A": ("06 20 46", "14 34"),
    "E": ("40 00 06 46", "03 33"),
    "F": ("40 00 06", "03 33"),
    "H": ("00 06", "40 46", "03 43"),
    "I": ("20 26",),
    "K": ("00 06", "40 04", "13 46"),
    "L": ("00 06 46",),
    "M": ("06 00 23 40 46",),
    "N": ("06 00 46 40",),
    "O": (_ROUND,),
    "T": ("00 40", "20 26"),
    "U": ("00 05 16 36 45 40",),
    "V": ("00 26 40",),
    "X": ("00 46", "40 06"),
    "Y": ("00 23 40", "23 26"),
    "Z": ("00 40 06 46",),
    "-": ("13 33",),
    " ": (),
}
_GIVEN_OUT, _NEVER = "AEFHKLMNTVXYZ", "IOU"
"""Letters of French and Italian plates that are made of straight strokes, and those that these plates do without."""
_UNIT = 14
"""Pixels of a step between columns or rows, as it is drawn at first."""
_WHITE, _LINE, _INK = 205, 140, 45
"""Light of the plate, of the line along its edge and of its letters, 0..255: the same by day and by night, for what is
around a plate may be hidden as well, and then nothing of it may show."""
_TWO_LINES = 1.8
"""Width by height below which a plate has two lines: those of one line are at least twice as wide as they are high."""


def number(seed: int) -> str:
    """The number for a seed, 'XX-000-XX': one of 7569."""
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(2):
        pair = [rng.choice(list(_NEVER)), rng.choice(list(_GIVEN_OUT + _NEVER))]
        pairs.append("".join(rng.permutation(pair)))
    return f"{pairs[0]}-000-{pairs[1]}"


@dataclass(frozen=True)
class Plate:
    """An `Anonymizer` (see `core.stages`) for plates: one number per track, along the edges of what is hidden."""

    blank: bool = False
    """Without a number."""
    batch = 1
    reach = 0
    blind = True

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        return [
            [self._patch(frame, region) for region in regions] for frame, regions in zip(frames, hidden, strict=True)
        ]

    def _patch(self, frame: Frame, region: Region) -> Patch:
        box = pixels.aligned(frame, region.mask.box)
        width, height = box[2] - box[0], box[3] - box[1]
        corners = _corners(region.mask.alpha) + np.array([region.mask.x - box[0], region.mask.y - box[1]], np.float32)
        across, down = (float(np.linalg.norm(corners[i] - corners[0])) for i in (1, 3))
        lines = _lines("" if self.blank else number(region.seed), across / max(down, 1.0))
        # Made small first, and turned then: turning skips pixels where it makes small.
        size = min(max(round(across), 1), 2048), min(max(round(down), 1), 2048)
        flat = cv2.resize(_drawn(lines), size, interpolation=cv2.INTER_AREA)
        turn = cv2.getPerspectiveTransform(_four(0, 0, *size) - np.float32(0.5), corners - np.float32(0.5))
        shown = np.zeros((height, width), np.uint8)
        if shown.size:
            # Beyond its edge the plate goes on: all that is hidden is covered.
            shown = np.asarray(cv2.warpPerspective(flat, turn, (width, height), borderMode=cv2.BORDER_REPLICATE))
        return Patch(box, pixels.to_planes(np.dstack([shown] * 3), frame, box))


def _corners(alpha: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The corners (4, 2) of what a mask hides, from the upper left one clockwise: of its four sides, or a box."""
    points = cv2.findNonZero((alpha == 255).astype(np.uint8))
    if points is None:
        height, width = alpha.shape
        return _four(0, 0, width, height)
    x, y, width, height = cv2.boundingRect(points)
    if len(points) == width * height:
        return _four(x, y, x + width, y + height)
    hull = cv2.convexHull(points)
    sides = cv2.approxPolyDP(hull, 0.05 * cv2.arcLength(hull, True), True)
    if len(sides) != 4:
        sides = cv2.boxPoints(cv2.minAreaRect(hull))
    corners = np.asarray(sides, np.float32).reshape(4, 2) + 0.5
    # Clockwise from the upper left: by their angles around the middle, which rise that way where y grows downwards.
    spokes = corners - corners.mean(axis=0)
    corners = corners[np.argsort(np.arctan2(spokes[:, 1], spokes[:, 0]))]
    return np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)


def _four(x0: int, y0: int, x1: int, y1: int) -> NDArray[np.float32]:
    """The corners of a box, likewise."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def _lines(text: str, aspect: float) -> tuple[str, ...]:
    """A number on one line, or on two where the plate is too narrow for one."""
    if aspect >= _TWO_LINES or not text:
        return (text,)
    return text[:6].replace("-", " "), text[7:]


@lru_cache(maxsize=256)
def _drawn(lines: tuple[str, ...]) -> NDArray[np.uint8]:
    """The light of a plate of one line or two, seen from the front: uint8 (H, W)."""
    columns = 9 * 6 + 4 if len(lines) == 1 else 6 * 6 + 4
    rows = 10 if len(lines) == 1 else 19
    canvas = np.full((rows * _UNIT, columns * _UNIT), _WHITE, np.uint8)
    last = (columns * _UNIT - _UNIT // 2, rows * _UNIT - _UNIT // 2)
    cv2.rectangle(canvas, (_UNIT // 2, _UNIT // 2), last, _LINE, _UNIT // 3)
    for row, line in enumerate(lines):
        left = (columns - 6 * len(line) + 2) / 2
        for place, letter in enumerate(line):
            for stroke in _GLYPHS[letter]:
                steps = [(left + 6 * place + int(at[0]), 2 + 8.5 * row + int(at[1])) for at in stroke.split()]
                corners = np.rint(np.array(steps) * _UNIT).astype(np.int32)
                cv2.polylines(canvas, [corners], False, _INK, _UNIT + _UNIT // 8, cv2.LINE_AA)
    return canvas
