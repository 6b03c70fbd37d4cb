"""Everything that makes up crops keeps the contract, and the checks see what does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.paint.clothes.tryon import Dressed
from passerby.paint.diffusion.contract import Crop, Inpainter
from passerby.paint.diffusion.devices import Spread
from passerby.testing_inpainting import check_inpainter, check_try_on

Picture = NDArray[np.uint8]


class Noise:
    """Noise of the seed in the hole."""

    batch = 2

    def inpaint(self, crops: Sequence[Crop]) -> list[Picture]:
        return [self.one(crop) for crop in crops]

    def one(self, crop: Crop) -> Picture:
        noise = np.random.default_rng(crop.seed).integers(0, 256, crop.picture.shape).astype(np.uint8)
        return np.where(crop.hole[..., None], noise, crop.picture)


class Draped:
    """The garment's mean colour."""

    def wear(self, person: Picture, mask: NDArray[np.bool_], garment: Picture) -> Picture:
        return np.where(mask[..., None], garment.mean(axis=(0, 1)).astype(np.uint8), person)


INPAINTERS: dict[str, Callable[[], Inpainter]] = {
    "one": Noise,
    "several devices": lambda: Spread({"cuda:0": Noise(), "cuda:1": Noise()}),
    "a try-on": lambda: Dressed(Draped(), np.full((20, 20, 3), 77, np.uint8)),
}


@pytest.mark.parametrize("name", INPAINTERS)
def test_an_inpainter_keeps_the_contract(name: str) -> None:
    check_inpainter(INPAINTERS[name]())


def test_a_try_on_keeps_the_contract() -> None:
    check_try_on(Draped())


class Short(Noise):
    def inpaint(self, crops: Sequence[Crop]) -> list[Picture]:
        return super().inpaint(crops)[1:]


class ByOthers(Noise):
    def inpaint(self, crops: Sequence[Crop]) -> list[Picture]:
        return [np.full_like(crop.picture, 40 * len(crops)) for crop in crops]


class Floats(Noise):
    def one(self, crop: Crop) -> Picture:
        return super().one(crop) / 255  # type: ignore[return-value]


class Scribbling(Noise):
    def one(self, crop: Crop) -> Picture:
        crop.picture[0] = 7
        return super().one(crop)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(Short, "got 5 pictures"), (ByOthers, "among others"), (Floats, "became float64"), (Scribbling, "changed after")],
)
def test_what_breaks_the_contract_is_seen(wrong: Callable[[], Inpainter], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_inpainter(wrong())


class Halved(Draped):
    def wear(self, person: Picture, mask: NDArray[np.bool_], garment: Picture) -> Picture:
        return person[::2]


def test_a_try_on_of_another_size_is_seen() -> None:
    with pytest.raises(AssertionError, match="wanted is uint8 of the same shape"):
        check_try_on(Halved())
