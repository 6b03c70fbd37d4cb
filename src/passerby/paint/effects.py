"""Effects that need no model: mosaic, fill, blur, noise, a picture, and an outline that hides nothing.

Every one works on the frame's own planes, at its own bit depth, inside the regions only. What is random stays the same
while a track lasts: noise that changed from frame to frame would average away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.errors import OptionError
from passerby.core.frame import Frame, PixelFormat, Plane
from passerby.core.regions import Mask, Patch, Region

Places = tuple[NDArray[np.float64], NDArray[np.float64]]


class _Painter(Protocol):
    """What an effect that treats each region on its own has to say."""

    def patch(self, frame: Frame, region: Region) -> Patch: ...


class _PerRegion:
    """An `Anonymizer` (see `core.stages`) that paints one region of one frame at a time."""

    batch = 1
    reach = 0

    def paint(self: _Painter, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[list[Patch]]:
        return [
            [self.patch(frame, region) for region in regions] for frame, regions in zip(frames, hidden, strict=True)
        ]


class _Drawn(_PerRegion):
    """One that reads nothing of a frame but its size and format."""

    blind = True
    drawn = True


@dataclass(frozen=True, kw_only=True)
class Mosaic(_Drawn):
    """Large grey cells, lighter and darker, on a grid that moves and scales with what is hidden.

    They are noise, and the same for everybody in every frame. Means of the picture would tell the people of one scene
    apart, by skin, hair and light, whatever noise is on them; cells drawn for each track, as the grains of `Noise` are,
    would be a sign by which who is known at one moment is found at another.
    """

    cells: int = 4
    """Cells across and down, over the whole of what is hidden."""
    noise: float = 0.08
    """Standard deviation of the light of a cell, as a share of full scale."""

    def __post_init__(self) -> None:
        if not 1 <= self.cells <= 64:
            raise OptionError(f"--cells must lie in 1..64, got {self.cells}")

    def levels(self) -> NDArray[np.uint8]:
        """(cells, cells) the light of each cell, which is grey, in 0..255 of full range."""
        light = 0.45 + np.random.default_rng(self.cells).normal(0, self.noise, (self.cells, self.cells))
        return np.asarray(np.rint(light.clip(0, 1) * 255), np.uint8)

    def patch(self, frame: Frame, region: Region) -> Patch:
        box = pixels.aligned(frame, region.mask.box)
        drawn = _cells(self, frame.format)
        bounds = pixels.bounds(frame, box, region.mask.box, self.cells)
        return Patch(
            box,
            tuple(
                plane.repeat(np.diff(columns), axis=1).repeat(np.diff(rows), axis=0)
                for plane, (columns, rows) in zip(drawn, bounds, strict=True)
            ),
        )


@lru_cache(maxsize=8)
def _cells(mosaic: Mosaic, pixel_format: PixelFormat) -> tuple[Plane, ...]:
    """One sample for each cell, planes of (cells, cells[, C])."""
    return pixels.from_rgb(mosaic.levels()[..., None].repeat(3, axis=2), pixel_format)


@dataclass(frozen=True, kw_only=True)
class Fill(_Drawn):
    """One colour."""

    colour: tuple[int, int, int] = (0, 0, 0)
    """Red, green and blue, 0..255."""

    def patch(self, frame: Frame, region: Region) -> Patch:
        box = pixels.aligned(frame, region.mask.box)
        return Patch(box, _plain(frame, box, self.colour))


@dataclass(frozen=True, kw_only=True)
class Blur(_PerRegion):
    """A soft picture made of a few samples. A blur can be undone in part: prefer a mosaic or a fill."""

    samples: int = 8
    """Samples across and down that are left of what is hidden."""
    blind = False

    def __post_init__(self) -> None:
        if not 1 <= self.samples <= 64:
            raise OptionError(f"a blur keeps 1..64 samples across, got {self.samples}")

    def patch(self, frame: Frame, region: Region) -> Patch:
        # Shrinking and enlarging costs the same for every face; a Gaussian of this width would not.
        box = pixels.aligned(frame, region.mask.box)
        planes = []
        for plane in pixels.crop(frame, box):
            height, width = plane.shape[:2]
            if plane.size:
                few = min(self.samples, width), min(self.samples, height)
                small = cv2.resize(np.ascontiguousarray(plane), few, interpolation=cv2.INTER_AREA)
                plane = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).reshape(plane.shape)
            planes.append(plane)
        return Patch(box, tuple(planes))


@dataclass(frozen=True, kw_only=True)
class Noise(_Drawn):
    """A pattern of random grains that belongs to the track and tells nothing of what is under it."""

    grains: int = 24
    """Grains across and down."""

    def patch(self, frame: Frame, region: Region) -> Patch:
        box = pixels.aligned(frame, region.mask.box)
        rng = np.random.default_rng(region.seed)
        planes = []
        for plane, (across, down), legal in zip(
            pixels.crop(frame, box),
            pixels.places(frame, box, region.mask.box),
            pixels.limits(frame.format),
            strict=True,
        ):
            grains = rng.integers(*legal, (self.grains, self.grains, *plane.shape[2:]), plane.dtype, endpoint=True)
            if frame.format.channels == 4:  # grains that were seen through would show what lies under the picture
                grains[..., 3] = frame.format.peak
            at = np.ix_((down * self.grains).astype(int), (across * self.grains).astype(int))
            planes.append(grains[at])
        return Patch(box, tuple(planes))


class Image(_Drawn):
    """A picture over each thing, stretched to what is hidden."""

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        """`picture`: RGB uint8 (H, W, 3)."""
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
            raise OptionError(f"the picture to put over faces must be RGB uint8 (H, W, 3), got {picture.shape}")
        # No face needs more, and shrinking once here spares every frame the work.
        height, width = (min(side, 512) for side in picture.shape[:2])
        self._picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        self._planes = lru_cache(maxsize=2)(partial(_contiguous, self._picture))

    def patch(self, frame: Frame, region: Region) -> Patch:
        box = pixels.aligned(frame, region.mask.box)
        spots = pixels.places(frame, box, region.mask.box)
        planes = self._planes(frame.format)
        return Patch(box, tuple(_sampled(plane, spot) for plane, spot in zip(planes, spots, strict=True)))


def _sampled(plane: Plane, spot: Places) -> Plane:
    """A whole `plane` at the places (across, down), each in [0, 1), linear between its samples."""
    across, down = spot
    if not len(across) or not len(down):  # nothing of it is in the frame, and OpenCV takes no empty arrays
        return np.empty((len(down), len(across), *plane.shape[2:]), plane.dtype)
    height, width = plane.shape[:2]
    columns, rows = np.meshgrid(np.float32(across * width - 0.5), np.float32(down * height - 0.5))
    return np.asarray(cv2.remap(plane, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _contiguous(picture: NDArray[np.uint8], pixel_format: PixelFormat) -> tuple[Plane, ...]:
    return tuple(np.ascontiguousarray(plane) for plane in pixels.from_rgb(picture, pixel_format))


@dataclass(frozen=True, kw_only=True)
class Outline(_PerRegion):
    """Boxes, track ids and scores drawn over the picture. Hides nothing."""

    colour: tuple[int, int, int] = (255, 64, 64)
    """Red, green and blue, 0..255."""
    blind = False

    def patch(self, frame: Frame, region: Region) -> Patch:
        box = pixels.aligned(frame, region.mask.box)
        ink = Mask(box[0], box[1], _drawing(box, region, max(1, frame.size[1] // 400)))
        old, lines = pixels.crop(frame, box), _plain(frame, box, self.colour)
        planes = []
        for was, line, drawn in zip(old, lines, pixels.alphas(frame, ink, box), strict=True):
            where = drawn[..., None] if was.ndim == 3 else drawn
            planes.append(np.where(where > 0, line, was))
        return Patch(box, tuple(planes), hides=False)


def _drawing(box: pixels.Box, region: Region, thick: int) -> NDArray[np.uint8]:
    """The outline of a region, its id and its score as a picture of `box`, 255 where there is ink."""
    canvas = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    if canvas.size:
        x0, y0, x1, y1 = (int(side) for side in region.box - np.array([box[0], box[1]] * 2, np.float32))
        cv2.rectangle(canvas, (x0, y0), (x1 - 1, y1 - 1), 255, thick)
        score = "" if np.isnan(region.score) else f" {region.score:.2f}"
        cv2.putText(canvas, f"{region.track_id}{score}", (x0, y1 + 12 * thick), 0, 0.4 * thick, 255, thick)
    return canvas


def _plain(frame: Frame, box: pixels.Box, colour: tuple[int, int, int]) -> tuple[Plane, ...]:
    """Planes of one colour for an aligned box."""
    planes = [np.empty_like(plane) for plane in pixels.crop(frame, box)]
    for plane, value in zip(planes, pixels.colour(frame.format, colour), strict=True):
        plane[:] = value
    return tuple(planes)
