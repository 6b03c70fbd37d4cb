"""What was made up in key frames, carried to the frames between them.

Where somebody is hidden nothing may be looked at, so their motion cannot be measured there, and what moves around them
is not they. Two things are known without looking: where their box is, which anybody sees in the output, and what was
made up. So a key frame follows the box, by shift and scale; and of two key frames, one before and one after, the
optical flow of one to the other, both made up, tells which part of the one became which of the other. In between they
are moved towards each other along it, and one fades into the other.

Where going along the flow and back ends elsewhere, nothing corresponds: there, one fades into the other as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan.boxes import Box

FARTHEST = 0.15
"""Share of a crop's side that parts of it move from key frame to key frame; what seems to move farther is an error."""
AGREES = 0.5
"""Share of the flow that has to lead back, or none of it counts."""
LEAST = 12
"""Pixels that a side must have for DIS."""

Sides = tuple[float, float, float, float]
"""x0 y0 x1 y1, between pixels as well."""
Colours = NDArray[np.float32]
"""(H, W, 3) in 0..255."""
Vectors = NDArray[np.float32]
"""(H, W, 2) pixels to the right and down."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was made up for a region in its key frame."""

    window: Sides
    """Where the thing is there."""
    box: Box
    """What the colours show."""
    colours: NDArray[np.uint8]
    """(h, w, 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two key frames of a track, one after the other, and how the first moves to the second."""

    before: Drawn
    after: Drawn
    flow: Vectors
    """In pixels of `before`, of its size."""


def pair(before: Drawn, after: Drawn) -> Pair:
    """Both, with the flow between them where it can be told."""
    none = np.zeros((*before.colours.shape[:2], 2), np.float32)
    if min(none.shape[:2]) < LEAST:
        return Pair(before, after, none)
    one = _light(before.colours)
    two = _light(np.rint(_seen(after, *_places(before.box, before.window, after))).astype(np.uint8))
    dis: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there, back = np.array(dis.calc(one, two, None), np.float32), dis.calc(two, one, None)
    good = _leads_back(there, back) & (np.abs(there).max(2) <= FARTHEST * max(one.shape))
    if good.mean() < AGREES:
        return Pair(before, after, none)
    # Smoothly down to nothing where it cannot be told, or the picture would tear there.
    weight = cv2.GaussianBlur(good.astype(np.float32), (0, 0), 2)
    flow = cv2.GaussianBlur(there * good[..., None], (0, 0), 2)
    return Pair(before, after, np.asarray(flow * weight[..., None], np.float32))


def alone(drawn: Drawn, window: Sides, box: Box) -> Colours:
    """What is seen in `box` of a frame in which the thing is at `window`."""
    return _seen(drawn, *_places(box, window, drawn))


def between(keys: Pair, share: float, window: Sides, box: Box) -> Colours:
    """The same, `share` (0..1) of the way from the first key frame to the second."""
    x, y = _places(box, window, keys.before)
    flow = np.asarray(cv2.remap(keys.flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
    first = _seen(keys.before, x - share * flow[..., 0], y - share * flow[..., 1])
    ahead_x, ahead_y = x + (1 - share) * flow[..., 0], y + (1 - share) * flow[..., 1]
    second = _seen(keys.after, *_from_one_to_other(keys.before, keys.after, ahead_x, ahead_y))
    return np.asarray((1 - share) * first + share * second, np.float32)


def _places(box: Box, window: Sides, drawn: Drawn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where the pixels of `box` of a frame, in which the thing is at `window`, lie among those of `drawn`."""
    x = _along(np.arange(box[0], box[2]), window[0::2], drawn.window[0::2], drawn.box[0])
    y = _along(np.arange(box[1], box[3]), window[1::2], drawn.window[1::2], drawn.box[1])
    across, down = np.meshgrid(x, y)
    return across.astype(np.float32), down.astype(np.float32)


def _from_one_to_other(
    one: Drawn, other: Drawn, x: NDArray[np.float32], y: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Places among the pixels of `one` as places among those of `other`."""
    return (
        _along(x + one.box[0], one.window[0::2], other.window[0::2], other.box[0]).astype(np.float32),
        _along(y + one.box[1], one.window[1::2], other.window[1::2], other.box[1]).astype(np.float32),
    )


def _along(places: NDArray[Any], window: tuple[float, ...], to: tuple[float, ...], start: int) -> NDArray[Any]:
    """Middles of pixels along one side, moved and scaled as `window` becomes `to`, counted from `start`."""
    share = (places + 0.5 - window[0]) / (window[1] - window[0])
    return np.asarray(to[0] + share * (to[1] - to[0]) - 0.5 - start)


def _seen(drawn: Drawn, x: NDArray[np.float32], y: NDArray[np.float32]) -> Colours:
    seen = cv2.remap(drawn.colours.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.float32)


def _light(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), np.uint8)


def _leads_back(there: Vectors, back: Any) -> NDArray[np.bool_]:
    """Sundaram et al., "Dense point trajectories by GPU-accelerated large displacement optical flow", 2010, eq. 5."""
    height, width = there.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    returned = cv2.remap(back, x + there[..., 0], y + there[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    apart = np.square(there + returned).sum(2)
    lengths = np.square(there).sum(2) + np.square(returned).sum(2)
    return np.asarray(apart <= 0.01 * lengths + 0.5, np.bool_)
