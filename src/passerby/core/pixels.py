"""Planes and RGB: small pictures for models, windows on planes, colours in a frame's own numbers.

Video stores light and colour apart and shares colour between neighbouring pixels, so that one chroma sample
serves up to 2x2 pixels. All of that is known here and nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache, reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.frame import Frame, Matrix, PixelFormat, Plane
from passerby.core.regions import Mask

# ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance): the shares of red and blue in light.
LUMA_SHARES: dict[Matrix, tuple[float, float]] = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
}

Box = tuple[int, int, int, int]
Window = tuple[slice, slice]


# Turning: the decoder's planes ⇄ the upright picture


def upright(planes: tuple[Plane, ...], stored: PixelFormat, turn: int) -> tuple[tuple[Plane, ...], PixelFormat]:
    """The decoder's planes as read-only views of the picture turned by `turn` quarters clockwise, and their format."""
    views = tuple(np.rot90(plane, -turn) for plane in planes)
    for view in views:
        view.flags.writeable = False
    if not turn:
        return views, stored
    height, width = planes[0].shape[:2]
    swap = turn % 2 == 1
    subsampling = tuple((sy, sx) if swap else (sx, sy) for sx, sy in stored.subsampling)
    # A side that is turned end to end begins with its last chroma sample, which is half a one when the side is odd.
    odd = (width % 2, height % 2)
    phase = ((0, 0), (odd[1], 0), odd, (0, odd[0]))[turn]
    return views, PixelFormat(stored.name, subsampling, stored.depth, stored.matrix, stored.full_range, phase)


def stored(plane: Plane, turn: int) -> Plane:
    """A plane of the upright picture as the decoder had it: undoes `upright`, without a copy."""
    return np.rot90(plane, turn)


# Windows: which samples of each plane belong to a box of the frame


def aligned(frame: Frame, box: Box) -> Box:
    """`box` cut to the frame and widened to whole chroma samples."""
    return _aligned(frame.format, frame.size, box)


@lru_cache(maxsize=1024)
def _aligned(pixel_format: PixelFormat, size: tuple[int, int], box: Box) -> Box:
    sides = []
    for axis in (0, 1):
        step = max(plane[axis] for plane in pixel_format.subsampling)
        phase = pixel_format.phase[axis] if step > 1 else 0
        low, high = max(box[axis], 0), min(box[axis + 2], size[axis])
        low = max((low + phase) // step * step - phase, 0)
        high = min(-(-(high + phase) // step) * step - phase, size[axis])
        sides.append((low, max(high, low)))
    (x0, x1), (y0, y1) = sides
    return x0, y0, x1, y1


@lru_cache(maxsize=1024)
def window(pixel_format: PixelFormat, box: Box) -> tuple[Window, ...]:
    """(rows, columns) of every plane for an `aligned` box."""
    windows = []
    for sx, sy in pixel_format.subsampling:
        px, py = (pixel_format.phase[0] if sx > 1 else 0), (pixel_format.phase[1] if sy > 1 else 0)
        columns = slice((box[0] + px) // sx, -(-(box[2] + px) // sx))
        rows = slice((box[1] + py) // sy, -(-(box[3] + py) // sy))
        windows.append((rows, columns))
    return tuple(windows)


def crop(frame: Frame, box: Box) -> tuple[Plane, ...]:
    """The samples of every plane for an `aligned` box: views, read-only."""
    return tuple(plane[at] for plane, at in zip(frame.planes, window(frame.format, box), strict=True))


def cut(frame: Frame, box: Box) -> Frame:
    """The part of `frame` in an `aligned` box, as a frame: views, no copies."""
    across, down = (p if start == 0 else 0 for p, start in zip(frame.format.phase, box[:2], strict=True))
    part = replace(frame.format, phase=(across, down))
    return replace(frame, planes=crop(frame, box), format=part, depth=None)


def scaled(frame: Frame, size: tuple[int, int]) -> Frame:
    """`frame` at `size` (width, height): bicubic, or averaged over areas where that `shrinks` it."""
    part = replace(frame.format, phase=(0, 0))
    way = cv2.INTER_AREA if shrinks(frame.size, size) else cv2.INTER_CUBIC
    planes = []
    for plane, (sx, sy) in zip(frame.planes, part.subsampling, strict=True):
        to = -(-size[0] // sx), -(-size[1] // sy)
        planes.append(np.asarray(cv2.resize(np.ascontiguousarray(plane), to, interpolation=way)))
    return replace(frame, planes=_frozen(planes), format=part, depth=None)


def shrinks(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether neither side grows."""
    return after[0] <= before[0] and after[1] <= before[1]


def cut_at(frame: Frame, offset: tuple[int, int], size: tuple[int, int]) -> Frame:
    """`size` (width, height) pixels of `frame` from `offset` (x, y) on; what lies beyond it repeats its edge.

    Shared chroma begins with a whole sample, the one of the first pixel.
    """
    planes = []
    for plane, (sx, sy) in zip(frame.planes, frame.format.subsampling, strict=True):
        px, py = (frame.format.phase[0] if sx > 1 else 0), (frame.format.phase[1] if sy > 1 else 0)
        columns = (np.arange(-(-size[0] // sx)) * sx + offset[0] + px) // sx
        rows = (np.arange(-(-size[1] // sy)) * sy + offset[1] + py) // sy
        planes.append(plane[np.ix_(rows.clip(0, plane.shape[0] - 1), columns.clip(0, plane.shape[1] - 1))])
    return replace(frame, planes=_frozen(planes), format=replace(frame.format, phase=(0, 0)), depth=None)


def _frozen(planes: list[Plane]) -> tuple[Plane, ...]:
    for plane in planes:
        plane.flags.writeable = False
    return tuple(planes)


def alphas(frame: Frame, mask: Mask, box: Box) -> tuple[NDArray[np.uint8], ...]:
    """`mask` on the samples of every plane for an `aligned` box, of the shapes that `crop` gives.

    A chroma sample takes the largest value of the pixels it serves: colour must not betray an edge.
    """
    answer: list[NDArray[np.uint8]] = []
    done: dict[tuple[int, int], NDArray[np.uint8]] = {}
    whole: dict[Box, NDArray[np.uint8]] = {}
    for (sx, sy), (rows, columns) in zip(frame.format.subsampling, window(frame.format, box), strict=True):
        if (sx, sy) not in done:
            px, py = (frame.format.phase[0] if sx > 1 else 0), (frame.format.phase[1] if sy > 1 else 0)
            served = columns.start * sx - px, rows.start * sy - py, columns.stop * sx - px, rows.stop * sy - py
            if served not in whole:
                whole[served] = placed(mask, served)
            # Whole rows first: they lie in memory one after the other.
            tall = reduce(np.maximum, (whole[served][dy::sy] for dy in range(sy)))
            done[sx, sy] = reduce(np.maximum, (tall[:, dx::sx] for dx in range(sx)))
        answer.append(done[sx, sy])
    return tuple(answer)


def placed(mask: Mask, box: Box) -> NDArray[np.uint8]:
    """`mask` cut and padded to `box`: uint8 (h, w); the mask's own picture where that is its box."""
    if box == mask.box:
        return mask.alpha
    x0, y0, x1, y1 = box
    canvas = np.zeros((y1 - y0, x1 - x0), np.uint8)
    mx0, my0, mx1, my1 = mask.box
    left, top, right, bottom = max(x0, mx0), max(y0, my0), min(x1, mx1), min(y1, my1)
    if left < right and top < bottom:
        inside = mask.alpha[top - my0 : bottom - my0, left - mx0 : right - mx0]
        canvas[top - y0 : bottom - y0, left - x0 : right - x0] = inside
    return canvas


# Pictures for models


def rgb(frame: Frame, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """The upright picture as RGB uint8 (H, W, 3), scaled to `size` (width, height); None keeps the frame's own."""
    size = size or frame.size
    if frame.turn % 2:
        size = size[1], size[0]
    # Scale as stored, where rows are contiguous, and turn the small result.
    planes = [_scaled(stored(plane, frame.turn), size, frame.format.depth) for plane in frame.planes]
    return np.ascontiguousarray(np.rot90(_to_rgb(planes, frame.format), -frame.turn))


def luma(frame: Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The light of the upright picture, uint8 (H, W), scaled to `size` (width, height)."""
    if frame.turn % 2:
        size = size[1], size[0]
    small = _scaled(stored(frame.planes[0], frame.turn), size, frame.format.depth)
    if small.ndim == 3:
        small = np.asarray(cv2.cvtColor(small[..., :3], cv2.COLOR_RGB2GRAY), np.uint8)
    return np.ascontiguousarray(np.rot90(small, -frame.turn))


def light(frame: Frame, longest: int) -> tuple[NDArray[np.uint8], int]:
    """The light of the upright picture made small by a whole number, uint8 (H, W), and that number.

    Its longest side has at most `longest` pixels. Scaling by whole numbers costs a tenth of any other, and what is
    left over at the right and lower edges is left out.
    """
    height, width = frame.planes[0].shape[:2]
    factor = -(-max(width, height) // longest)
    plane = frame.planes[0][: height // factor * factor or None, : width // factor * factor or None]
    whole = replace(frame, planes=(plane, *frame.planes[1:]))
    return luma(whole, (max(width // factor, 1), max(height // factor, 1))), factor


def _scaled(plane: Plane, size: tuple[int, int], depth: int) -> NDArray[np.uint8]:
    """`plane` at `size` (width, height) in 8 bits."""
    height, width = plane.shape[:2]
    if (width, height) != size:
        # Area averaging from half size down: linear sampling would skip pixels, and small faces with them.
        shrinks = width >= 2 * size[0] and height >= 2 * size[1]
        plane = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))
    return plane if depth <= 8 else (plane >> (depth - 8)).astype(np.uint8)


def _to_rgb(planes: list[NDArray[np.uint8]], pixel_format: PixelFormat) -> NDArray[np.uint8]:
    """8-bit planes of one size as RGB uint8 (H, W, 3)."""
    first = planes[0]
    if pixel_format.matrix == "rgb":
        return np.ascontiguousarray(first[..., :3])
    if len(planes) == 1:
        grey = first if pixel_format.full_range else cv2.convertScaleAbs(first, alpha=255 / 219, beta=-16 * 255 / 219)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
    to_rgb = np.linalg.inv(_from_rgb(pixel_format.matrix))
    scale, offset = _levels(pixel_format.full_range, 8)
    matrix = to_rgb / scale * 255
    # Windows on planes are merged a row at a time: ten times as slow as whole planes, which take a copy.
    merged = cv2.merge([np.ascontiguousarray(plane) for plane in planes])
    return np.asarray(cv2.transform(merged, np.column_stack([matrix, -matrix @ offset])))


def spread(pixel_format: PixelFormat) -> int:
    """How many pixels beyond its own what a pixel shows may be seen in, when planes become RGB by way of `rgb`.

    As far as the next sample of shared colour, of which one serves four pixels in a row at most.
    """
    return 5 if any(step > 1 for steps in pixel_format.subsampling for step in steps) else 0


# Colours


def colour(pixel_format: PixelFormat, red_green_blue: tuple[int, int, int]) -> tuple[Any, ...]:
    """An 8-bit RGB colour as one value per plane in the frame's own numbers; an array for interleaved planes."""
    return tuple(value[0, 0] for value in from_rgb(np.array([[red_green_blue]], np.uint8), pixel_format))


def from_rgb(picture: NDArray[np.uint8], pixel_format: PixelFormat) -> tuple[Plane, ...]:
    """RGB uint8 (H, W, 3) as planes of `pixel_format`, every one of full size (H, W): shrink the chroma yourself.

    Interleaved formats get their alpha, if they have one, fully opaque.
    """
    if pixel_format.matrix == "rgb":
        share = picture.astype(np.float64) / 255
        opaque = np.ones((*picture.shape[:2], pixel_format.channels - 3))
        values = np.concatenate([share, opaque], axis=2) * pixel_format.peak
        return (np.rint(values).astype(pixel_format.dtype),)
    count = len(pixel_format.subsampling)
    scale, offset = _levels(pixel_format.full_range, pixel_format.depth)
    matrix = _from_rgb("bt601" if pixel_format.matrix == "grey" else pixel_format.matrix)
    whole = np.column_stack([matrix * scale[:, None] / 255, offset])[:count]
    if not picture.size:  # OpenCV takes no empty arrays
        return tuple(np.empty(picture.shape[:2], pixel_format.dtype) for _ in range(count))
    values = cv2.transform(picture.astype(np.float32), whole)
    if pixel_format.peak == 255:  # none of them is below 0, and all of it is done at once
        values = cv2.convertScaleAbs(values)
    else:
        values = np.clip(np.rint(values), 0, pixel_format.peak).astype(pixel_format.dtype)
    return tuple(np.asarray(plane) for plane in cv2.split(values))


def to_planes(picture: NDArray[np.uint8], frame: Frame, box: Box) -> tuple[Plane, ...]:
    """RGB uint8 (H, W, 3) for an `aligned` box as samples of every plane, of the shapes that `crop` gives.

    A shared sample takes the mean of the pixels that it serves.
    """
    shown = frame.format
    answer = []
    for plane, steps, windows in zip(from_rgb(picture, shown), shown.subsampling, window(shown, box), strict=True):
        size = windows[1].stop - windows[1].start, windows[0].stop - windows[0].start
        if plane.size and max(steps) > 1 and plane.shape[::-1] == (size[0] * steps[0], size[1] * steps[1]):
            whole = plane.astype(np.float32)
            answer.append(np.rint(cv2.resize(whole, size, interpolation=cv2.INTER_AREA)).astype(shown.dtype))
            continue
        for axis, step in enumerate(steps[::-1]):
            if step > 1:
                first = windows[axis].start * step - shown.phase[1 - axis]
                plane = _means(plane, axis, step, box[1 - axis] - first, windows[axis].stop - windows[axis].start)
        answer.append(plane if plane.dtype == shown.dtype else np.rint(plane).astype(shown.dtype))
    return tuple(answer)


def _means(plane: Plane, axis: int, step: int, before: int, count: int) -> NDArray[np.float64]:
    """Means of every `step` samples of `plane` (H, W) along an axis, `count` of them.

    The first is of fewer, where `before` of its samples are not there, and so may be the last.
    """
    if not plane.size:
        return np.zeros([count if i == axis else side for i, side in enumerate(plane.shape)])
    after = count * step - before - plane.shape[axis]
    if not before and not after:
        size = (plane.shape[1], count) if axis == 0 else (count, plane.shape[0])
        return np.asarray(cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float64)
    whole = np.pad(plane, [(before, after) if i == axis else (0, 0) for i in range(2)], mode="edge")
    groups = whole.reshape(count, step, -1) if axis == 0 else whole.reshape(-1, count, step)
    return np.asarray(groups.mean(1 + axis), np.float64)


def _from_rgb(matrix: Matrix) -> NDArray[np.float64]:
    """The 3x3 matrix from R'G'B' in [0, 1] to Y' in [0, 1], Cb and Cr in [-0.5, 0.5]."""
    red, blue = LUMA_SHARES[matrix]
    y = np.array([red, 1 - red - blue, blue])
    cb = (np.array([0, 0, 1]) - y) / (2 * (1 - blue))
    cr = (np.array([1, 0, 0]) - y) / (2 * (1 - red))
    return np.stack([y, cb, cr])


def _levels(full_range: bool, depth: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(scale, offset) that turn Y', Cb, Cr into numbers of `depth` bits."""
    unit, middle = 1 << (depth - 8), 1 << (depth - 1)
    if full_range:
        return np.full(3, (1 << depth) - 1.0), np.array([0.0, middle, middle])
    return np.array([219.0, 224, 224]) * unit, np.array([16.0 * unit, middle, middle])


def limits(pixel_format: PixelFormat) -> tuple[tuple[int, int], ...]:
    """(darkest, brightest) legal number of every plane."""
    if pixel_format.full_range or pixel_format.matrix == "rgb":
        return ((0, pixel_format.peak),) * len(pixel_format.subsampling)
    unit = 1 << (pixel_format.depth - 8)
    legal = ((16 * unit, 235 * unit), (16 * unit, 240 * unit), (16 * unit, 240 * unit))
    return legal[: len(pixel_format.subsampling)]


def places(frame: Frame, box: Box, inside: Box) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
    """Where the samples of an `aligned` box lie within another box: per plane (across (w,), down (h,)), in [0, 1).

    What is drawn by these numbers moves and scales with `inside`, whatever the planes' subsampling.
    """
    answer = []
    for (sx, sy), (rows, columns) in zip(frame.format.subsampling, window(frame.format, box), strict=True):
        px, py = (frame.format.phase[0] if sx > 1 else 0), (frame.format.phase[1] if sy > 1 else 0)
        across = (np.arange(columns.start, columns.stop) + 0.5) * sx - px - inside[0]
        down = (np.arange(rows.start, rows.stop) + 0.5) * sy - py - inside[1]
        last = np.nextafter(1, 0)
        answer.append(
            (np.clip(across / (inside[2] - inside[0]), 0, last), np.clip(down / (inside[3] - inside[1]), 0, last))
        )
    return tuple(answer)


Bounds = tuple[list[int], list[int]]
"""Where cells begin and end among the columns and the rows of a plane's samples."""


def bounds(frame: Frame, box: Box, inside: Box, count: int) -> tuple[Bounds, ...]:
    """Where `count` cells along each side of another box begin and end among the samples of an `aligned` box.

    Per plane (columns, rows), each `count + 1` rising numbers from 0 to the number of samples: those of cell i lie
    between the i-th and the next. A cell that has no sample begins where it ends.
    """
    done: dict[tuple[int, int], Bounds] = {}
    for (sx, sy), (rows, columns) in zip(frame.format.subsampling, window(frame.format, box), strict=True):
        if (sx, sy) not in done:
            px, py = (frame.format.phase[0] if sx > 1 else 0), (frame.format.phase[1] if sy > 1 else 0)
            across = _bounds(columns, sx, px, inside[0], inside[2], count)
            done[sx, sy] = across, _bounds(rows, sy, py, inside[1], inside[3], count)
    return tuple(done[step] for step in frame.format.subsampling)


def _bounds(samples: slice, step: int, phase: int, low: int, high: int, count: int) -> list[int]:
    """`bounds` along one side, of which `low` to `high` is divided: a sample belongs where its middle lies."""
    length = samples.stop - samples.start
    first, size = (low + phase) / step - 0.5 - samples.start, (high - low) / (step * count)
    return [0, *(min(max(math.ceil(first + size * i), 0), length) for i in range(1, count)), length]
