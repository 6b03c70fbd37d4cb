"""Ways to hide faces, as an attacker meets them: crops of one track go in, in order of time, and come out hidden.

All crops have one size, and all of a crop is what is hidden; what an effect needs to know of a video around it, such as
where its grid lies from frame to frame, is drawn from the track's seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.core.frame import Frame, PixelFormat
from passerby.core.regions import Mask, Region
from passerby.core.stages import Anonymizer
from passerby.evaluate.embedders import Crop
from passerby.evaluate.inversion import Averaged, Blurred, Linear, Same

MOST_CELLS = 4
"""Mosaic cells across a face up to which it withstands; with more it can be recognized again."""
_RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)


class Operator(Protocol):
    """Hides the crops of one track."""

    @property
    def name(self) -> str: ...

    def hide(self, crops: Sequence[Crop], seed: int) -> list[Crop]:
        """One hidden crop for each, of the same size; whatever is random is drawn from `seed`, that of the track."""
        ...

    def known(self, count: int, seed: int) -> Sequence[Linear] | None:
        """What an attacker knows of how each of `count` frames of a track came to be; None: nothing can be undone.

        In doubt he knows more than he would: where the grid lies, how wide the blur is. Noise is never known.
        """
        ...


def cells_across(face_px: float, block_px: float) -> int:
    """How many blocks of a mosaic lie across a face, rounded up."""
    if not (face_px > 0 and block_px > 0):
        raise OptionError(f"a face and a block have sizes above 0, got {face_px} and {block_px} pixels")
    return -int(-face_px // block_px)


def check_cells(face_px: float, block_px: float) -> None:
    """Refuse a mosaic that is too fine for the face that it hides.

    Raises:
        OptionError: more than `MOST_CELLS` lie across the face.
    """
    cells = cells_across(face_px, block_px)
    if cells > MOST_CELLS:
        least = face_px / MOST_CELLS
        raise OptionError(
            f"blocks of {block_px:g} pixels make {cells} cells across a face of {face_px:g}, and {MOST_CELLS} are the "
            f"most; make them {least:g} pixels or larger"
        )


@dataclass(frozen=True)
class Nothing:
    """Leaves faces as they are: the control that has to be re-identified."""

    name: str = "nothing"

    def hide(self, crops: Sequence[Crop], seed: int) -> list[Crop]:
        return list(crops)

    def known(self, count: int, seed: int) -> None:
        return None


@dataclass(frozen=True)
class Solid:
    """One colour: the control that has to come out at chance."""

    name: str = "fill"

    def hide(self, crops: Sequence[Crop], seed: int) -> list[Crop]:
        return [np.zeros_like(crop) for crop in crops]

    def known(self, count: int, seed: int) -> None:
        return None


@dataclass(frozen=True)
class GaussianBlur:
    """A Gaussian blur of `sigma` pixels, rounded to 8 bits."""

    sigma: float

    @property
    def name(self) -> str:
        return f"Gaussian blur, sigma {self.sigma:g}"

    def hide(self, crops: Sequence[Crop], seed: int) -> list[Crop]:
        return [_rounded(Blurred(self.sigma).forward(crop.astype(np.float32))) for crop in crops]

    def known(self, count: int, seed: int) -> list[Linear]:
        return [Blurred(self.sigma)] * count


@dataclass(frozen=True)
class BoxBlurInEllipse:
    """What deface 1.5.0 does by default: a box blur half as wide as the box, inside of the ellipse that fits into it.

    Read from `draw_det` of that version; its corners stay as they are.
    """

    name: str = "deface's default (box blur of half the size, ellipse)"

    def hide(self, crops: Sequence[Crop], seed: int) -> list[Crop]:
        answer = []
        for crop in crops:
            height, width = crop.shape[:2]
            blurred = cv2.blur(crop, (max(width // 2, 1), max(height // 2, 1)))
            rows, columns = np.arange(height)[:, None], np.arange(width)[None]
            inside = ((rows - height // 2) / (height // 2)) ** 2 + ((columns - width // 2) / (width // 2)) ** 2 < 1
            answer.append(np.asarray(np.where(inside[..., None], blurred, crop), np.uint8))
        return answer

    def known(self, count: int, seed: int) -> None:
        return None


@dataclass(frozen=True)
class Pixelate:
    """Mean colours of `cells` across and down, on a grid that shakes against the face as boxes of detectors do."""

    cells: int
    shake_px: float = 0
    """Standard deviation of where the grid lies, in pixels of the crop."""

    @property
    def name(self) -> str:
        shaking = f", grid shaking by {self.shake_px:g} px" if self.shake_px else ""
        return f"mosaic of {self.cells} cells{shaking}"

    def hide(self, crops: Sequence[Crop], seed: int) -> list[Crop]:
        pairs = zip(crops, self.known(len(crops), seed), strict=True)
        return [_rounded(model.forward(crop.astype(np.float32))) for crop, model in pairs]

    def known(self, count: int, seed: int) -> list[Linear]:
        shifts = np.random.default_rng(seed).normal(0, self.shake_px, (count, 2)).round().astype(int)
        return [Averaged(self.cells, (int(x), int(y))) for x, y in shifts]


@dataclass(frozen=True)
class FreshNoise:
    """Uniform whole numbers from -`most` to `most` on every sample, drawn anew in every frame."""

    most: int

    @property
    def name(self) -> str:
        return f"fresh noise of ±{self.most} in every frame"

    def hide(self, crops: Sequence[Crop], seed: int) -> list[Crop]:
        random = np.random.default_rng(seed)
        noise = (random.integers(-self.most, self.most, crop.shape, endpoint=True) for crop in crops)
        return [_rounded(crop + grain) for crop, grain in zip(crops, noise, strict=True)]

    def known(self, count: int, seed: int) -> list[Linear]:
        return [Same()] * count


@dataclass(frozen=True)
class Painted:
    """One of passerby's own effects, or anything else of its shape, over the whole crop."""

    name: str
    effect: Anonymizer

    def hide(self, crops: Sequence[Crop], seed: int) -> list[Crop]:
        answer = []
        for index, crop in enumerate(crops):
            height, width = crop.shape[:2]
            box = np.array([0, 0, width, height], np.float32)
            region = Region(seed, "face", box, Mask(0, 0, np.full((height, width), 255, np.uint8)), seed)
            [[patch]] = self.effect.paint([_frame(crop, index)], [[region]])
            answer.append(np.asarray(patch.planes[0], np.uint8))
        return answer

    def known(self, count: int, seed: int) -> None:
        return None


def _frame(crop: Crop, index: int) -> Frame:
    return Frame((np.ascontiguousarray(crop),), _RGB, index, index, Fraction(1, 25))


def _rounded(picture: NDArray[np.floating] | NDArray[np.integer]) -> Crop:
    """8 bits, as a video has them."""
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)
