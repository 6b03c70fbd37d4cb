"""Does my model, or my virtual try-on, keep its contract? One line in its tests says so.

    from passerby.testing_inpainting import check_inpainter, check_try_on

    def test_my_model():
        check_inpainter(MyModel())

Every check raises AssertionError with a sentence on what is broken. The crops are drawn here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from passerby.paint.clothes.tryon import TryOn
from passerby.paint.diffusion.contract import Crop, Inpainter
from passerby.testing.claims import claim

GREY = 128
SIZES = ((64, 64), (96, 64), (64, 128))
"""(height, width) of the crops."""
NEAR = 2
"""Levels of 255 by which a crop alone may differ from the same among others: cards round by how many come together."""


def check_inpainter(inpainter: Inpainter, label: str = "person") -> None:
    """Check `inpainter` on drawn crops of `label`, of several sizes.

    Raises:
        AssertionError: it breaks the contract of `paint.diffusion.contract.Inpainter`.
    """
    claim(inpainter.batch >= 1, f"batch is a number of crops from 1 up, is {inpainter.batch}")
    claim(inpainter.inpaint([]) == [], "for no crops there must be no pictures")
    crops = [drawn(size, label, seed) for seed, size in enumerate((*SIZES, *SIZES))]
    before = [crop.picture.copy() for crop in crops]
    together = inpainter.inpaint(crops)
    claim(len(together) == len(crops), f"{len(crops)} crops got {len(together)} pictures; one each is needed")
    for crop, picture in zip(crops, together, strict=True):
        _check_picture(crop.picture, picture)
    for crop, picture in zip(crops, together, strict=True):
        [alone] = inpainter.inpaint([crop])
        apart = int(np.abs(alone.astype(int) - picture)[crop.hole].max())
        claim(apart <= NEAR, f"a crop alone becomes something else than among others, by {apart} of 255")
    same = all(np.array_equal(crop.picture, was) for crop, was in zip(crops, before, strict=True))
    claim(same, "a crop's pixels changed after it was handed over")


def check_try_on(try_on: TryOn) -> None:
    """Check `try_on` on drawn persons and garments of several sizes.

    Raises:
        AssertionError: it breaks the contract of `paint.clothes.tryon.TryOn`.
    """
    for seed, size in enumerate(SIZES):
        crop, garment = drawn(size, "clothes", seed), _gradient((40, 56))
        before = crop.picture.copy(), crop.hole.copy(), garment.copy()
        _check_picture(crop.picture, try_on.wear(crop.picture, crop.hole, garment))
        after = crop.picture, crop.hole, garment
        same = all(np.array_equal(one, was) for one, was in zip(after, before, strict=True))
        claim(same, "what it was given changed after it was handed over")


def drawn(size: tuple[int, int], label: str, seed: int) -> Crop:
    """A crop of (height, width): a gradient, and a hole in its middle, grey as the contract wants it."""
    picture = _gradient(size)
    hole = np.zeros(size, bool)
    hole[size[0] // 4 : -size[0] // 4, size[1] // 3 : -size[1] // 3] = True
    picture[hole] = GREY
    return Crop(picture, hole, label, seed)


def _gradient(size: tuple[int, int]) -> NDArray[np.uint8]:
    light = np.add.outer(np.arange(size[0]), np.arange(size[1])) % 200 + 20
    return np.stack([light, 255 - light, np.full(size, 90)], axis=2).astype(np.uint8)


def _check_picture(given: NDArray[np.uint8], came: NDArray[np.uint8]) -> None:
    fits = isinstance(came, np.ndarray) and came.shape == given.shape and came.dtype == np.uint8
    told = f"{came.dtype} {came.shape}" if isinstance(came, np.ndarray) else type(came).__name__
    claim(fits, f"a crop of {given.shape} became {told}; wanted is uint8 of the same shape")
