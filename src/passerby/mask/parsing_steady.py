"""Masks of garments that do not flicker: what a person wore a moment ago, moved along with the box, counts as well.

A parser looks at each frame alone, so edges tremble, gaps come and go, and a waist jumps. Two things are smoothed: how
much of a pixel is worn at all, near edges and in narrow gaps only, and which garment it is. Neither may bring paint to
where somebody's arm is now: beyond a pixel at the edge of what is worn in this frame, gaps narrower than any limb are
all that is filled. A garment that is gone from one frame to the next is another matter: the parser missed it, so it is
where it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.errors import OptionError
from passerby.core.parsing import Group, Parsed
from passerby.mask.parsing import AROUND
from passerby.mask.parsing_edges import Shares, parsed

GAP = 0.006
"""Half the width of gaps that are filled, as a share of a box's longer side."""
ASTRAY = 0.1
"""Share of a box's sides from which on the middle of what is worn has not moved, but something has come or gone."""
GONE = 0.5
"""Share of a garment's pixels that are worn now, below which it has been missed: nobody undresses so fast."""
MATTERS = 0.1
"""Share of all that is worn that a garment has at least, which is missed."""
FORGOTTEN = 5
"""Frames after which a track that is not seen is one no more."""

Area = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Smoothing:
    """How much the past counts."""

    edges: float = 0.5
    """Share of the past in how much of a pixel is worn."""
    groups: float = 0.7
    """The same in which garment it is."""
    hold_frames: int = 5
    """Frames for which what the parser tells no more of, somebody or a garment, keeps its masks, moved along."""

    def __post_init__(self) -> None:
        if not (0 <= self.edges < 1 and 0 <= self.groups < 1):
            raise OptionError(f"the past's share lies in 0..1, 1 excluded; got {self.edges} and {self.groups}")
        if self.hold_frames < 0:
            raise OptionError(f"hold_frames is a number of frames from 0 up, got {self.hold_frames}")


@dataclass(slots=True, eq=False)
class _Past:
    """What somebody wore."""

    box: NDArray[np.float32]
    area: Area
    shares: Mapping[Group, Shares]
    exact: bool
    untold: int = 0
    """Frames since the parser told something."""
    unseen: int = 0


class Steady:
    """Steadies what a parser tells of one shot after another. Called once per frame, in order."""

    def __init__(self, smoothing: Smoothing | None = None) -> None:
        self._smoothing = smoothing or Smoothing()
        self._past: dict[int, _Past] = {}

    def cut(self) -> None:
        """The next frame belongs to another shot: nothing is remembered."""
        self._past.clear()

    def step(self, tracks: Sequence[int], boxes: Boxes, told: Sequence[Parsed | None]) -> list[Parsed | None]:
        """What the persons in `boxes` (N, 4) wear, of whom the parser has `told` (N,), by the numbers of their tracks.

        None where the parser tells nothing, and has not for longer than is held.
        """
        for number, past in list(self._past.items()):
            past.unseen += 1
            if past.unseen > FORGOTTEN:
                del self._past[number]
        return [self._one(*row) for row in zip(tracks, boxes, told, strict=True)]

    def _one(self, number: int, box: NDArray[np.float32], told: Parsed | None) -> Parsed | None:
        area = _around(box)
        past = self._past.get(number)
        if told is not None and told.garments:
            now: dict[Group, Shares] = {
                one.group: np.asarray(pixels.placed(one.mask, area) / np.float32(255), np.float32)
                for one in told.garments
            }
            before = _moved(past, box, area, now) if past else {}
            held = past is not None and past.untold < self._smoothing.hold_frames
            missed = _missed(now, before) if held else {}
            shares = _joined(self._blended(now, before, box), missed) if before else now
            self._past[number] = _Past(box, area, shares, told.exact, past.untold + 1 if past and missed else 0)
            return parsed(shares, area[:2], told.exact)
        if past is None or past.untold >= self._smoothing.hold_frames:
            self._past.pop(number, None)
            return None
        before = _moved(past, box, area)
        self._past[number] = _Past(box, area, before, past.exact, past.untold + 1)
        return parsed(before, area[:2], past.exact)

    def _blended(
        self, now: Mapping[Group, Shares], before: Mapping[Group, Shares], box: NDArray[np.float32]
    ) -> dict[Group, Shares]:
        """The shares of this frame and of those before it, both in the same pixels, and neither of them empty."""
        worn, worn_before = _sum(now), _sum(before)
        reach = max(math.ceil(GAP * float((box[2:] - box[:2]).max())), 1)
        disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        blend = worn + self._smoothing.edges * (worn_before - worn)
        pixel = np.ones((3, 3), np.uint8)
        less = np.maximum(blend, cv2.erode(worn, pixel))
        more = np.minimum(blend, cv2.dilate(worn, pixel))  # no skin: parsers keep two pixels off it
        filled = np.minimum(worn_before, cv2.morphologyEx(worn, cv2.MORPH_CLOSE, disk))
        total = np.where(worn_before > worn, np.maximum(np.maximum(more, filled), worn), less)
        # Where one of the two tells nothing, the other says which garment it is.
        past = self._smoothing.groups
        nothing = np.zeros(worn.shape, np.float32)
        mixed = {
            group: (1 - past) * now.get(group, nothing) + past * before.get(group, nothing)
            for group in {**now, **before}
        }
        scale = total / np.maximum(_sum(mixed), 1e-6)
        return {group: np.asarray(share * scale, np.float32) for group, share in mixed.items()}


def _sum(shares: Mapping[Group, Shares]) -> Shares:
    return np.asarray(np.minimum(np.sum(list(shares.values()), axis=0), 1), np.float32)


def _missed(now: Mapping[Group, Shares], before: Mapping[Group, Shares]) -> dict[Group, Shares]:
    """The garments of `before` of which hardly anything is worn `now`, whatever it may be called."""
    worn, least = _sum(now), MATTERS * float(_sum(before).sum())
    kept = {group: float(np.minimum(share, worn).sum()) / max(float(share.sum()), 1) for group, share in before.items()}
    return {group: share for group, share in before.items() if kept[group] < GONE and float(share.sum()) >= least}


def _joined(shares: dict[Group, Shares], more: Mapping[Group, Shares]) -> dict[Group, Shares]:
    """`shares` with `more` where nothing else is."""
    for group, share in more.items():
        nothing = np.zeros_like(share)
        others = np.minimum(sum((it for other, it in shares.items() if other != group), nothing), 1)
        shares[group] = np.maximum(shares.get(group, nothing), np.minimum(share, 1 - others))
    return shares


def _around(box: NDArray[np.float32]) -> Area:
    """The whole pixels that may hold what is worn in `box` (4,)."""
    x0, y0, x1, y1 = bx.grow(box[None], AROUND)[0].tolist()
    return (
        math.floor(x0),
        math.floor(y0),
        max(math.ceil(x1), math.floor(x0) + 1),
        max(math.ceil(y1), math.floor(y0) + 1),
    )


def _moved(
    past: _Past, box: NDArray[np.float32], area: Area, now: Mapping[Group, Shares] | None = None
) -> dict[Group, Shares]:
    """What was worn, moved and scaled as its box has become `box`, in the pixels of `area`.

    A box is as wide as the arms are held apart, so its height alone tells the scale, and where there is something worn
    `now`, the middle of that tells the place.
    """
    scale = float((box[3] - box[1]) / max(float(past.box[3] - past.box[1]), 1e-3))
    old, new = (np.array(corner[:2]) + 0.5 for corner in (past.area, area))  # the middles of their first pixels
    shift = (old - bx.centre(past.box[None])[0]) * scale + bx.centre(box[None])[0] - new
    if now:
        by_worn = _middle(now) - scale * _middle(past.shares)
        shift = np.where(np.abs(by_worn - shift) < ASTRAY * (box[2:] - box[:2]), by_worn, shift)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    size = area[2] - area[0], area[3] - area[1]
    return {
        group: np.asarray(cv2.warpAffine(share, matrix, size, flags=cv2.INTER_LINEAR), np.float32)
        for group, share in past.shares.items()
    }


def _middle(shares: Mapping[Group, Shares]) -> NDArray[np.float64]:
    """Where the middle of all that is worn is, x and y."""
    moments = cv2.moments(_sum(shares))
    return np.array([moments["m10"], moments["m01"]]) / max(moments["m00"], 1e-6)
