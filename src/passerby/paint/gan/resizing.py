"""Pictures made larger and smaller as PyTorch does it, which is what the generators were trained on.

Its antialiased resizing widens the kernel by the factor by which a picture shrinks; OpenCV's does not. Sums are rounded
where PyTorch's are on a processor: one that lies half-way between two bytes is a matter of the last bit, and in plain
grey all of them do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]
"""(height, width) in pixels, as arrays have it."""

CUBIC = -0.5
"""The parameter of Keys' cubic kernel (https://doi.org/10.1109/TASSP.1981.1163711)."""


def bicubic(picture: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """A picture (H, W[, C]) of `size`, bicubic and antialiased."""
    return np.clip(np.rint(bicubic_float(picture.astype(np.float32), size)), 0, 255).astype(np.uint8)


def bicubic_float(picture: NDArray[np.float32], size: Size) -> NDArray[np.float32]:
    """`bicubic` without rounding; may overshoot."""
    return _resized(picture, size, "bicubic")


def bilinear_float(picture: NDArray[np.float32], size: Size) -> NDArray[np.float32]:
    """A picture (H, W[, C]) of `size`, bilinear and antialiased."""
    return _resized(picture, size, "bilinear")


def area(picture: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """A picture (H, W[, C]) of `size`, each pixel the mean of what it covers."""
    return np.asarray(cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA), np.uint8).reshape(
        *size, *picture.shape[2:]
    )


def nearest(picture: NDArray[Any], size: Size) -> NDArray[Any]:
    """A picture (H, W[, C]) of `size`, each pixel one of the old ones: that at or before its left upper corner."""
    rows, columns = (_nearest(old, new) for old, new in zip(picture.shape[:2], size, strict=True))
    return picture[rows][:, columns]


def _nearest(old: int, new: int) -> NDArray[np.int64]:
    # In 32 bits, as PyTorch computes it: now and then the result differs.
    scale = np.float32(old) / np.float32(new)
    return np.minimum((np.arange(new, dtype=np.float32) * scale).astype(np.int64), old - 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Taps:
    """Which old samples make up each new one along a side."""

    places: NDArray[np.int64]
    """(new, taps) of old samples."""
    weights: NDArray[np.float32]
    """(new, taps), 0 for those that do not count."""
    fused: NDArray[np.bool_]
    """(new, taps): its product is added without being rounded first."""


def _resized(picture: NDArray[np.float32], size: Size, kernel: str) -> NDArray[np.float32]:
    for axis in (1, 0):
        taps = _taps(picture.shape[axis], size[axis], kernel)
        shape = [1] * picture.ndim
        shape[axis] = -1
        total = np.zeros((), np.float32)
        for place, weight, fused in zip(taps.places.T, taps.weights.T, taps.fused.T, strict=True):
            product = np.take(picture, place, axis).astype(np.float64) * weight.reshape(shape)
            if not fused.all():
                product = np.where(fused.reshape(shape), product, product.astype(np.float32))
            total = (product + total).astype(np.float32)
        picture = total
    return picture


@lru_cache(maxsize=64)
def _taps(old: int, new: int, kernel: str) -> _Taps:
    half = np.float32(0.5)
    scale = np.float32(old) / np.float32(new)
    reach = max(scale, np.float32(1))
    support = reach * np.float32(2 if kernel == "bicubic" else 1)
    middles = scale * (np.arange(new, dtype=np.float32) + half)
    first = np.maximum((middles - support + half).astype(np.int64), 0)
    last = np.minimum((middles + support + half).astype(np.int64), old)
    places = first[:, None] + np.arange((last - first).max())
    distance = np.abs((places.astype(np.float32) - middles[:, None] + half) * (np.float32(1) / reach))
    weights = _cubic(distance) if kernel == "bicubic" else np.maximum(1 - distance, 0)
    weights = np.where(places < last[:, None], weights, 0).astype(np.float32)
    total = np.zeros(new, np.float32)
    for column in weights.T:
        total += column
    # After the first, PyTorch multiplies four at a time and adds them up one by one; those left over it adds fused.
    fours = 1 + (last - first - 1) // 4 * 4
    return _Taps(np.minimum(places, old - 1), weights / total[:, None], np.arange(places.shape[1]) >= fours[:, None])


def _cubic(x: NDArray[np.float32]) -> NDArray[np.float32]:
    a = np.float32(CUBIC)
    near = _fused(_fused(x, a + 2, -a - 3) * x, x, np.float32(1))
    far = _fused(_fused(_fused(x, a, -5 * a), x, 8 * a), x, -4 * a)
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _fused(x: NDArray[np.float32], times: Any, plus: Any) -> NDArray[np.float32]:
    """Multiply and add, rounded once."""
    return np.asarray(x.astype(np.float64) * times + plus, np.float32)
