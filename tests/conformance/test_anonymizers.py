"""Every effect that comes with passerby keeps the contract."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from drawn_inpainters import Moody

from passerby.core.frame import Frame
from passerby.core.parsing import Garment, Parsed
from passerby.core.regions import Mask
from passerby.core.stages import Anonymizer
from passerby.methods.dividing import Divided
from passerby.paint.clothes.effect import Recoloured
from passerby.paint.diffusion.effect import Inpainted
from passerby.paint.effects import Blur, Fill, Image, Mosaic, Noise, Outline
from passerby.paint.gan.effect import SUBJECTS, Generated
from passerby.paint.gan.traditional import MaskedOut
from passerby.paint.plates import Plate
from passerby.paint.several import ByLabel
from passerby.testing import check_anonymizer


def image() -> Image:
    return Image(np.random.default_rng(0).integers(0, 256, (50, 40, 3)).astype(np.uint8))


class Tailor:
    """A parser to whom the left half of everybody is a shirt; of the narrow it cannot tell."""

    def parse(self, frame: Frame, boxes: np.ndarray) -> list[Parsed | None]:
        answers: list[Parsed | None] = []
        for x0, y0, x1, y1 in np.rint(boxes).astype(int).tolist():
            shirt = Mask(x0, y0, np.tile(np.linspace(500, -245, x1 - x0).clip(0, 255).astype(np.uint8), (y1 - y0, 1)))
            answers.append(Parsed((Garment("upper", shirt),)) if x1 - x0 > 20 else None)
        return answers


EFFECTS: dict[str, Callable[[], Anonymizer]] = {
    "Mosaic": Mosaic,
    "Mosaic of one cell": lambda: Mosaic(cells=1),
    "Fill": lambda: Fill(colour=(255, 128, 0)),
    "Blur": Blur,
    "Noise": Noise,
    "Image": image,
    "Outline": Outline,
    "Plate": Plate,
    "Plate without a number": lambda: Plate(blank=True),
    "Generated": lambda: Generated(MaskedOut((32, 32)), SUBJECTS["stylegan"]),
    "Recoloured": lambda: Recoloured(Tailor(), fallback=Mosaic()),
    "Inpainted": lambda: Inpainted(Moody()),
    "Divided": lambda: Divided(Inpainted(Moody()), ("plate",), Mosaic()),
    "Divided, made up": lambda: Divided(Inpainted(Moody()), ("face",), Fill()),
    "ByLabel": lambda: ByLabel({"face": Mosaic(), "plate": Fill()}),
    "ByLabel of blind ones": lambda: ByLabel({"face": Noise(), "plate": image()}),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_keeps_the_contract(name: str) -> None:
    check_anonymizer(EFFECTS[name]())
