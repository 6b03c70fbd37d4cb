"""What stages are tried on: drawn frames, and regions to hide in them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame, MediaInfo, PixelFormat, Plane
from passerby.core.regions import Mask, Region

SHARED = ((1, 1), (2, 2), (2, 2))
FORMATS = {
    pixel_format.name: pixel_format
    for pixel_format in (
        PixelFormat("yuv420p", SHARED, 8, "bt709", False),
        PixelFormat("yuv420p10le", SHARED, 10, "bt2020", False),
        PixelFormat("yuv422p", ((1, 1), (2, 1), (2, 1)), 8, "bt601", False),
        PixelFormat("yuv444p", ((1, 1),) * 3, 8, "bt601", True),
        PixelFormat("gray", ((1, 1),), 8, "grey", True),
        PixelFormat("rgb24", ((1, 1),), 8, "rgb", True),
        PixelFormat("rgba64le", ((1, 1),), 16, "rgb", True),
    )
}
CASES = (
    ("yuv420p", (64, 48), 0),
    ("yuv420p", (53, 37), 1),
    ("yuv420p10le", (53, 37), 0),
    ("yuv420p10le", (48, 64), 3),
    ("yuv422p", (51, 34), 2),
    ("yuv444p", (41, 33), 3),
    ("gray", (33, 41), 0),
    ("rgb24", (45, 31), 0),
    ("rgba64le", (31, 45), 0),
)
"""(pixel format, (width, height) as stored, quarter turns) of the frames that stages are tried on."""


def drawn(name: str = "yuv420p", size: tuple[int, int] = (64, 48), turn: int = 0, count: int = 4) -> list[Frame]:
    """`count` frames of one of `FORMATS`: a bright square that moves over a gradient, with fixed grain.

    `size` is (width, height) as stored; the frames are turned upright by `turn` quarters clockwise.
    """
    stored = FORMATS[name]
    width, height = size
    grain = np.random.default_rng(0).integers(-8, 9, (height, width))
    frames = []
    for index in range(count):
        light = np.add.outer(np.arange(height), np.arange(width)) % 128 + 48 + grain
        light[8 + index : 20 + index, 10 + index : 22 + index] += 64
        planes = tuple(_sampled(light // (1 + plane), stored, step) for plane, step in enumerate(stored.subsampling))
        views, upright = pixels.upright(planes, stored, turn)
        frames.append(Frame(views, upright, index, 3 * index, Fraction(1, 90), turn))
    return frames


def _sampled(light: NDArray[np.int_], stored: PixelFormat, step: tuple[int, int]) -> Plane:
    """8-bit numbers (H, W) as a plane of `stored`, one sample for every `step` (across, down)."""
    plane = (light[:: step[1], :: step[0]] << (stored.depth - 8)).astype(stored.dtype)
    return np.repeat(plane[..., None], stored.channels, axis=2) if stored.channels > 1 else plane


def regions(frame: Frame, label: str = "face") -> list[Region]:
    """Ovals to hide in `frame`: inside, over it, across two corners, one pixel large, and wholly outside."""
    width, height = frame.size
    places = (
        (width // 4, height // 4, width // 2, height // 2),
        (width // 3, height // 3, width // 2, height // 2),
        (-7, -5, 20, 17),
        (width - 9, height - 11, 21, 23),
        (width - 1, height - 1, 1, 1),
        (width + 5, 3, 10, 10),
    )
    return [
        Region(i, label, np.array([x, y, x + w, y + h], np.float32), Mask(x, y, _oval(w, h)), seed=1000 + i, score=0.5)
        for i, (x, y, w, h) in enumerate(places)
    ]


def _oval(width: int, height: int) -> NDArray[np.uint8]:
    """(height, width): 255 inside an oval, falling to 0 at the corners."""
    x = (np.arange(width) + 0.5) * 2 / width - 1
    y = (np.arange(height) + 0.5) * 2 / height - 1
    return np.clip(255 * (2 - np.hypot(x[None], y[:, None]) / 0.9), 0, 255).astype(np.uint8)


def described(frames: Sequence[Frame]) -> MediaInfo:
    """What a source would say about `frames`."""
    first = frames[0]
    length = frames[-1].time - first.time
    return MediaInfo(
        name="drawn",
        sha256=None,
        container="still" if len(frames) == 1 else "mov",
        size=first.size,
        rotation=90 * first.turn,
        sample_aspect=first.sample_aspect,
        frames=len(frames),
        rate=(len(frames) - 1) / length if length else None,
        time_base=first.time_base,
        duration_s=float(length),
        format=first.format,
    )
