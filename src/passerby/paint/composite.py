"""The only place where pixels of a frame are written."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.errors import StageError
from passerby.core.frame import Frame, Plane
from passerby.core.regions import Patch, Region

BAND = 1 << 14
"""Samples that are blended at a time."""


def composite(frame: Frame, hidden: Sequence[Region], patches: Sequence[Patch]) -> Frame:
    """`frame` with every region of `hidden` replaced by the patch of the same place in `patches`.

    Pixels where a mask is 255 become the patch's, those where it is 0 stay as they are to the bit, and the soft edge
    between is a weighted mean. The decoder's own memory is never written to: later frames are predicted from it.

    Raises:
        StageError: there are fewer or more patches than regions, or one does not fit the frame or its mask.
    """
    if len(patches) != len(hidden):
        raise StageError(f"{len(hidden)} regions to hide in frame {frame.index}, but {len(patches)} patches came")
    if not hidden:
        return frame
    planes = tuple(_copy(plane, frame.turn) for plane in frame.planes)
    painted = frame.with_planes(planes)
    for region, patch in zip(hidden, patches, strict=True):
        _check(frame, region, patch)
    # The largest last: where things overlap, the coarser cells win, and no small patch brings detail back. A drawing on
    # what was there would bring all of it back, however large it is.
    order = sorted(zip(hidden, patches, strict=True), key=_rank)
    for region, patch in order:
        weights = pixels.alphas(painted, region.mask, patch.box)
        for old, new, alpha in zip(pixels.crop(painted, patch.box), patch.planes, weights, strict=True):
            _blend(old, new, alpha)
    for plane in planes:
        plane.flags.writeable = False
    return painted


def blanked(frame: Frame, hidden: Sequence[Region]) -> Frame:
    """`frame` with grey where regions hide it: what an anonymizer is shown that must not know what was there."""
    plain = grey(frame)
    boxes = [pixels.aligned(frame, region.mask.box) for region in hidden]
    return composite(frame, hidden, [Patch(box, tuple(pixels.crop(plain, box))) for box in boxes])


def grey(frame: Frame) -> Frame:
    """A frame like `frame` that is grey all over, in no memory: for an anonymizer that draws without looking."""
    values = pixels.colour(frame.format, (128, 128, 128))
    planes = zip(frame.planes, values, strict=True)
    return frame.with_planes(tuple(np.broadcast_to(np.asarray(v, plane.dtype), plane.shape) for plane, v in planes))


def _rank(pair: tuple[Region, Patch]) -> tuple[bool, bool, int]:
    region, patch = pair
    return patch.hides, patch.alters, region.mask.alpha.size


def _copy(plane: Plane, turn: int) -> Plane:
    """A writable copy that lies in memory as the decoder's does, so that the encoder reads it row by row."""
    return np.rot90(np.array(pixels.stored(plane, turn), order="C"), -turn)


def _check(frame: Frame, region: Region, patch: Patch) -> None:
    needed = pixels.aligned(frame, region.mask.box)
    if patch.box != needed:
        if patch.box != pixels.aligned(frame, patch.box):
            raise StageError(f"a patch for {patch.box} does not lie on whole samples inside frame {frame.index}")
        covers = patch.box[0] <= needed[0] and patch.box[1] <= needed[1]
        covers = covers and patch.box[2] >= needed[2] and patch.box[3] >= needed[3]
        if not covers and needed[0] < needed[2] and needed[1] < needed[3]:
            raise StageError(f"a patch for {patch.box} leaves part of the mask {needed} open in frame {frame.index}")
    wanted = [(plane.shape, plane.dtype) for plane in pixels.crop(frame, patch.box)]
    came = [(plane.shape, plane.dtype) for plane in patch.planes]
    if came != wanted:
        raise StageError(f"a patch in frame {frame.index} has planes {came}; wanted {wanted}")


def _blend(old: Plane, new: Plane, alpha: NDArray[np.uint8]) -> None:
    """Write `new` over `old` where `alpha` says so, in place: exactly `new` at 255, exactly `old` at 0."""
    # A band at a time: what lies between must stay in the processor's cache, or it costs several times as much.
    rows = max(BAND // max(old[:1].size, 1), 1)
    for top in range(0, len(old) if old.size else 0, rows):
        band = slice(top, top + rows)
        weight = alpha[band].astype(np.float32)
        if old.dtype == np.uint8:
            old[band] = cv2.blendLinear(new[band], old[band], weight, 255 - weight).reshape(old[band].shape)
            continue
        change = np.subtract(new[band], old[band], dtype=np.float32)
        change *= np.float32(1 / 255)
        change *= weight[..., None] if old.ndim == 3 else weight
        old[band] = cv2.add(old[band], change, dtype=cv2.CV_16U).reshape(old[band].shape)
